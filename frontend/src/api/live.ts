// Long polls for what changed, so that screens read anew at once and nothing reads for nothing.
import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { call } from './http'
import type { Changes } from './types'

export function useLive(): void {
  const queries = useQueryClient()
  useEffect(() => {
    const ended = new AbortController()
    void listen(queries, ended.signal)
    return () => ended.abort()
  }, [queries])
}

const shellListeners = new Set<() => void>()

/** Calls back when the window has something to tell. */
export function onShell(listener: () => void): () => void {
  shellListeners.add(listener)
  return () => void shellListeners.delete(listener)
}

async function listen(queries: QueryClient, signal: AbortSignal) {
  let cursor = ''
  let wait = 500
  while (!signal.aborted) {
    try {
      const changes = await call<Changes>(`events?after=${encodeURIComponent(cursor)}`, { signal })
      // Nobody sees it now: what changed is read when somebody looks again.
      await shown(signal)
      if (cursor !== '') tell(queries, changes)
      else void queries.invalidateQueries({ queryKey: ['clusters'] })
      cursor = changes.cursor
      if (next !== undefined) void queries.invalidateQueries()
      setNext(undefined)
      wait = 500
    } catch {
      if (signal.aborted) return
      // The first miss may be one of a sleep or a restart: it is not worth a word.
      if (wait > 500) setNext(Date.now() + wait)
      await pause(wait, signal)
      wait = Math.min(wait * 2, 10_000)
    }
  }
}

/** Marks as old what the changes concern. */
export function tell(queries: QueryClient, { changes, reset }: Changes): void {
  if (reset) {
    void queries.invalidateQueries()
    return
  }
  if (changes?.some((change) => change.type === 'shell')) {
    for (const listener of shellListeners) listener()
    if (changes.length === 1) return
  }
  void queries.invalidateQueries({ queryKey: ['clusters'] })
  const own = new Set((changes ?? []).map((change) => change.type))
  if (own.has('settings')) void queries.invalidateQueries({ queryKey: ['settings'] })
  if (own.has('vault')) {
    // What was refused while it was locked is read again; so is what no longer can be.
    void queries.invalidateQueries({ queryKey: ['vault'] })
    void queries.invalidateQueries({ queryKey: ['c'] })
  }
  const touched = new Set((changes ?? []).flatMap((change) => (change.cluster && change.type !== 'status' ? [change.cluster] : [])))
  for (const cluster of touched) void queries.invalidateQueries({ queryKey: ['c', cluster] })
}

let next: number | undefined
let wake: () => void = () => undefined
const listeners = new Set<() => void>()

function setNext(at: number | undefined) {
  next = at
  for (const listener of listeners) listener()
}

/** When the program behind the page is asked again; undefined while it answers. */
export const lost = () => next

export function onLost(changed: () => void): () => void {
  listeners.add(changed)
  return () => listeners.delete(changed)
}

export const tryNow = () => wake()

/** Resolves when the page is in sight. */
function shown(signal: AbortSignal): Promise<void> {
  if (!document.hidden) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      if (document.hidden && !signal.aborted) return
      document.removeEventListener('visibilitychange', done)
      resolve()
    }
    document.addEventListener('visibilitychange', done)
    signal.addEventListener('abort', done)
  })
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    wake = () => {
      clearTimeout(timer)
      resolve()
    }
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
