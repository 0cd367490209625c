// The one catalogue of texts. English is the reference; every other language has the same keys.
import { useSyncExternalStore } from 'react'
import { de } from './de'
import { en } from './en'
import type { Text } from './text'

export type { Text } from './text'

export type Key = keyof typeof en
export type Catalogue = Record<Key, Text>
type Args = Record<string, string | number>

export const languages = { en: en as Catalogue, de: de as Catalogue }
export type Language = keyof typeof languages

const stored = 'signalbox.language'
const listeners = new Set<() => void>()
let language: Language = firstLanguage()

function firstLanguage(): Language {
  const wanted = [localStorage.getItem(stored) ?? '', ...(navigator.languages ?? [])]
  for (const one of wanted) {
    const known = (Object.keys(languages) as Language[]).find((name) => one.toLowerCase().startsWith(name))
    if (known) return known
  }
  return 'en'
}

export function setLanguage(next: Language): void {
  language = next
  localStorage.setItem(stored, next)
  for (const listener of listeners) listener()
}

export function useLanguage(): Language {
  return useSyncExternalStore(
    (changed) => {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
    () => language,
  )
}

/** The text of a key with {names} replaced. */
export function t(key: Key, args: Args = {}): string {
  return fill(languages[language][key], args, language)
}

/** The plain texts whose keys begin so, for who cannot ask for one by one. */
export function texts(prefix: string): Record<string, string> {
  const plain = Object.entries(languages[language]).filter((pair): pair is [string, string] => pair[0].startsWith(prefix) && typeof pair[1] === 'string')
  return Object.fromEntries(plain)
}

export function fill(text: Text, args: Args, locale: string): string {
  const form = typeof text === 'string' ? text : new Intl.PluralRules(locale).select(Number(args.n)) === 'one' ? text.one : text.other
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = args[name]
    return value === undefined ? whole : typeof value === 'number' ? number(value) : value
  })
}

// Making a formatter takes longer than drawing a row.
const formatters = new Map<string, unknown>()

function cached<T>(key: string, make: () => T): T {
  if (!formatters.has(key)) formatters.set(key, make())
  return formatters.get(key) as T
}

export function number(value: number, digits = 0): string {
  return cached(`${language} ${digits}`, () => new Intl.NumberFormat(language, { maximumFractionDigits: digits })).format(value)
}

/** A point in time in the reader's zone. */
export function time(at: string | Date): string {
  return cached(language, () => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' })).format(new Date(at))
}

/** A length of time in its largest fitting unit: "12 s", "4 min", "3 h", "2 d". */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds))
  if (s < 60) return t('time.seconds', { n: s })
  if (s < 3600) return t('time.minutes', { n: Math.floor(s / 60) })
  if (s < 2 * 86400) return t('time.hours', { n: Math.floor(s / 3600) })
  return t('time.days', { n: Math.floor(s / 86400) })
}
