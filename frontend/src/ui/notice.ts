// Short notices of what was done, said to screen readers too. They never need an answer.
import { useSyncExternalStore } from 'react'

export interface Notice {
  id: number
  text: string
  bad: boolean
  /** What can be done about it, such as undo. */
  act?: { label: string; run: () => void } | undefined
}

let notices: Notice[] = []
let next = 1
const listeners = new Set<() => void>()

function set(list: Notice[]) {
  notices = list
  for (const listener of listeners) listener()
}

export function notify(text: string, bad = false, act?: Notice['act']): void {
  const one = { id: next++, text, bad, act }
  set([...notices.slice(-2), one])
  setTimeout(() => dismiss(one.id), act ? 20_000 : bad ? 12_000 : 5_000)
}

export function dismiss(id: number): void {
  set(notices.filter((one) => one.id !== id))
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
