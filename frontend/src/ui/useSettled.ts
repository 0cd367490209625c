import { useEffect, useState } from 'react'

/** A value as it was when it last rested for some milliseconds. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState<{ value: T }>({ value })
  useEffect(() => {
    const timer = setTimeout(() => setSettled((now) => (now.value === value ? now : { value })), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return settled.value
}
