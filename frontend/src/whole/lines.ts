// Answers that are read while they come: line by line, a JSON value each, or as bytes that are counted.
import { call, send } from '../api/http'

interface Post {
  headers?: Record<string, string>
  signal?: AbortSignal
}

async function post(path: string, body: unknown, how: Post): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const answer = await send(path, { ...how, method: 'POST', body })
  return answer.body ?? new Blob().stream()
}

/** Sends a POST and hands on each line of its answer. A refusal is thrown as by every call. */
export async function postLines<T>(path: string, body: unknown, { each, ...how }: Post & { each: (line: T) => void }): Promise<void> {
  const stream = await post(path, body, how)
  const rest = await readLines(stream.pipeThrough(new TextDecoderStream()).getReader(), each)
  if (rest.trim() !== '') each(JSON.parse(rest) as T)
}

async function readLines<T>(reader: ReadableStreamDefaultReader<string>, each: (line: T) => void): Promise<string> {
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return rest
    const lines = (rest + value).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.trim() !== '') each(JSON.parse(line) as T)
  }
}

/** Reads an answer whole and tells how many bytes there are so far. */
export async function postBlob(path: string, body: unknown, { progress, ...how }: Post & { progress: (bytes: number) => void }): Promise<Blob> {
  const reader = (await post(path, body, how)).getReader()
  const parts: BlobPart[] = []
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return new Blob(parts, { type: 'application/octet-stream' })
    parts.push(value)
    size += value.length
    progress(size)
  }
}

/** Sends a file as it is. */
export async function postFile<T>(path: string, file: Blob, headers: Record<string, string>): Promise<T> {
  return call<T>(path, { method: 'POST', raw: await file.arrayBuffer(), headers })
}
