// The one way to the server: fetch below /api, answers as JSON, refusals as ApiError.
import { isObject } from '../form/pointer'
import { t } from '../text'
import type { Problem } from './types'

export class ApiError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title)
    this.name = 'ApiError'
  }
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  body?: unknown
  /** Bytes in place of a JSON body. */
  raw?: ArrayBuffer
  /** What to make of a good answer; JSON when it is absent. */
  as?: 'blob' | 'answer'
  headers?: Record<string, string>
  signal?: AbortSignal
}

/** An answer with what its headers tell. */
export interface Answer {
  text: string
  json: unknown
  headers: Headers
}

/** Calls a path below /api. What is no answer of ours becomes an ApiError as well. */
export async function call<T>(path: string, { as, ...how }: Call = {}): Promise<T> {
  const answer = await send(path, how)
  if (as === 'blob') return (await answer.blob()) as T
  const text = await answer.text()
  const json = parse(text)
  return (as === 'answer' ? { text, json, headers: answer.headers } : json) as T
}

/** The same with the good answer as it comes, not read yet. */
export async function send(path: string, { method = 'GET', body, raw, headers, signal }: Omit<Call, 'as'> = {}): Promise<Response> {
  const init: RequestInit = { method, headers: { Accept: 'application/json', ...headers } }
  if (signal) init.signal = signal
  if (body !== undefined) {
    init.body = JSON.stringify(body)
    init.headers = { ...init.headers, 'Content-Type': 'application/json' }
  }
  if (raw) {
    init.body = raw
    init.headers = { ...init.headers, 'Content-Type': 'application/octet-stream' }
  }
  let answer: Response
  try {
    answer = await fetch('/api/' + path, init)
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new ApiError(problem(0, 'unreachable', t('error.unreachable')))
  }
  if (answer.ok) return answer
  throw new ApiError(readProblem(answer, parse(await answer.text())))
}

function parse(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

function readProblem(answer: Response, json: unknown): Problem {
  if (!isObject(json) || typeof json.code !== 'string') return problem(answer.status, 'internal', t('error.odd', { status: answer.status }))
  const faults = Array.isArray(json.errors) ? json.errors.filter((one) => isObject(one) && typeof one.pointer === 'string') : []
  return { ...problem(answer.status, json.code, t('error.odd', { status: answer.status })), ...json, status: answer.status, errors: faults }
}

function problem(status: number, code: string, detail: string): Problem {
  return { type: 'about:blank', title: detail, status, code, detail }
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem
  return problem(0, 'internal', error instanceof Error ? error.message : String(error))
}

/** What a refusal says of the place at a pointer. */
export const faultAt = (error: unknown, pointer: string): string | undefined =>
  error instanceof ApiError ? error.problem.errors?.find((one) => one.pointer === pointer)?.message : undefined
