import { afterEach, expect, it, vi } from 'vitest'
import { ApiError } from '../api/http'
import { postBlob, postLines } from './lines'

afterEach(() => vi.unstubAllGlobals())

const answers = (status: number, ...pieces: string[]) => {
  const fetch = vi.fn(async () => new Response(new ReadableStream({
    start(stream) {
      for (const one of pieces) stream.enqueue(new TextEncoder().encode(one))
      stream.close()
    },
  }), { status }))
  vi.stubGlobal('fetch', fetch)
  return fetch
}

it('hands on each line, wherever the answer is cut', async () => {
  const fetch = answers(200, '{"n":1}\n{"n', '":2}\n\n{"n":3}')
  const lines: unknown[] = []
  await postLines('x', { to: 'y' }, { headers: { 'X-Confirm': 'c' }, each: (line) => lines.push(line) })
  expect(lines).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  expect(fetch).toHaveBeenCalledWith('/api/x', expect.objectContaining({ method: 'POST', body: '{"to":"y"}', headers: expect.objectContaining({ 'X-Confirm': 'c', 'Content-Type': 'application/json' }) }))
})

it('counts the bytes of an answer that is read whole', async () => {
  answers(200, 'abc', 'de')
  const counts: number[] = []
  const blob = await postBlob('x', {}, { progress: (bytes) => counts.push(bytes) })
  expect([await blob.text(), counts]).toEqual(['abcde', [3, 5]])
})

it.each([
  ['a refusal of ours', '{"code":"invalid","detail":"no","title":"t"}', 'invalid'],
  ['what somebody between says', '<html>', 'internal'],
])('throws %s as every call does', async (_, body, code) => {
  answers(422, body)
  const error = await postLines('x', {}, { each: () => undefined }).catch((one: unknown) => one)
  expect(error).toBeInstanceOf(ApiError)
  expect((error as ApiError).problem).toMatchObject({ status: 422, code })
})
