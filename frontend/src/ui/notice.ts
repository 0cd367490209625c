// Short notices of what was done, said to screen readers too. They never need an answer; one
// may offer a way back.
import { useSyncExternalStore } from 'react'
import { problemOf } from '../api/http'

export interface Act {
  label: string
  run: () => void
}

export interface Notice {
  id: number
  text: string
  bad: boolean
  act?: Act | undefined
}

let notices: Notice[] = []
let next = 1
const listeners = new Set<() => void>()

function set(list: Notice[]) {
  notices = list
  for (const listener of listeners) listener()
}

export function notify(text: string, bad = false, act?: Act): void {
  const one = { id: next++, text, bad, act }
  // Only the newest offers a way back: two of them could be mistaken for each other.
  set([...notices.filter((other) => !act || !other.act).slice(-2), one])
  setTimeout(() => dismiss(one.id), act ? 20_000 : bad ? 12_000 : 5_000)
}

/** Says what failed. */
export function notifyFailure(error: unknown): void {
  const problem = problemOf(error)
  notify(problem.detail ?? problem.title, true)
}

export function dismiss(id: number): void {
  set(notices.filter((one) => one.id !== id))
}

/** Does what the newest notice offers; false when none offers anything. */
export function actOnNotice(): boolean {
  const one = notices.findLast((notice) => notice.act)
  if (!one) return false
  dismiss(one.id)
  one.act?.run()
  return true
}

export function useNotices(): Notice[] {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
    () => notices,
  )
}
