// An answer that comes line by line, a JSON value each.
import { ApiError, call } from '../api/http'
import type { Problem } from '../api/types'

/** Sends a POST and hands on each line of its answer. A refusal is thrown as by every call. */
export async function postLines<T>(path: string, body: unknown, { headers = {}, signal, each }: { headers?: Record<string, string>; signal?: AbortSignal; each: (line: T) => void }): Promise<void> {
  const answer = await fetch('/api/' + path, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers }, ...(signal && { signal }) })
  if (!answer.ok || !answer.body) {
    const problem = (await answer.json().catch(() => undefined)) as Problem | undefined
    throw new ApiError(problem ?? { type: 'about:blank', title: answer.statusText, status: answer.status, code: 'internal' })
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  const rest = await readLines(reader, each)
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
export async function postBlob(path: string, body: unknown, { headers = {}, signal, progress }: { headers?: Record<string, string>; signal?: AbortSignal; progress: (bytes: number) => void }): Promise<Blob> {
  const answer = await fetch('/api/' + path, { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers }, ...(signal && { signal }) })
  if (!answer.ok || !answer.body) {
    const problem = (await answer.json().catch(() => undefined)) as Problem | undefined
    throw new ApiError(problem ?? { type: 'about:blank', title: answer.statusText, status: answer.status, code: 'internal' })
  }
  const parts: BlobPart[] = []
  let size = 0
  const reader = answer.body.getReader()
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
