// Points in time and ages. Ages count on while the page is shown, once in a few seconds.
import { useEffect, useState, useSyncExternalStore } from 'react'
import { span, t, time } from '../text'

const listeners = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(changed: () => void): () => void {
  listeners.add(changed)
  timer ??= setInterval(() => {
    if (document.hidden) return
    now = Date.now()
    for (const listener of listeners) listener()
  }, 5_000)
  return () => {
    listeners.delete(changed)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** Seconds since a point in time, counted on. */
function useAge(at: string | undefined): number {
  const current = useSyncExternalStore(subscribe, () => now)
  return (Math.max(current, Date.now() - 5_000) - Date.parse(at ?? '')) / 1000
}

/** "12 s ago", with the full time and UTC on hover. */
export function Ago({ at }: { at: string | undefined }) {
  const seconds = useAge(at)
  if (!at || at.startsWith('0001')) return <span className="quiet">{t('time.never')}</span>
  return <time dateTime={at} title={`${time(at)} · ${new Date(at).toISOString()}`}>{t('time.ago', { span: span(seconds) })}</time>
}

/** "for 12 min": how long something lasts already. */
export function For({ at }: { at: string }) {
  const seconds = useAge(at)
  return <time dateTime={at} title={`${time(at)} · ${new Date(at).toISOString()}`}>{t('time.for', { span: span(seconds) })}</time>
}

export function At({ at }: { at: string }) {
  return <time dateTime={at} title={new Date(at).toISOString()}>{time(at)}</time>
}

/** Seconds until a point in time, counted down; 0 when it has come. */
export function useCountdown(at: string | number | undefined): number {
  const left = () => (at === undefined ? 0 : Math.max(0, Math.ceil((new Date(at).getTime() - Date.now()) / 1000)))
  const [, again] = useState(0)
  useEffect(() => {
    if (at === undefined) return
    const timer = setInterval(() => { if (!document.hidden) again((n) => n + 1) }, 1000)
    return () => clearInterval(timer)
  }, [at])
  return left()
}
