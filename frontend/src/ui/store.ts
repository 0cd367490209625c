// What a list or a form remembers on this machine. It is read as what strangers wrote.
import { useState } from 'react'
import type { ZodMiniType } from 'zod/mini'

export function read<T>(key: string, shape: ZodMiniType<T>, otherwise: T): T {
  try {
    const parsed = shape.safeParse(JSON.parse(localStorage.getItem('signalbox.' + key) ?? 'null'))
    return parsed.success ? parsed.data : otherwise
  } catch {
    return otherwise
  }
}

export function write(key: string, value: unknown): void {
  try {
    if (value === undefined) localStorage.removeItem('signalbox.' + key)
    else localStorage.setItem('signalbox.' + key, JSON.stringify(value))
  } catch {
    // A full or forbidden store: remembering is a convenience, the screen works without.
  }
}

export function useStored<T>(key: string, shape: ZodMiniType<T>, otherwise: T): [T, (next: T) => void] {
  const [held, setHeld] = useState({ key, value: read(key, shape, otherwise) })
  const value = held.key === key ? held.value : read(key, shape, otherwise)
  if (held.key !== key) setHeld({ key, value })
  return [
    value,
    (next) => {
      setHeld({ key, value: next })
      write(key, next)
    },
  ]
}
