// Saved calls of a service, kept on this machine: an input with a name, and how it went last.
import * as z from 'zod/mini'
import { same } from '../diff/diff'
import { read, write } from '../ui/store'

export const maxCases = 50
/** Longer answers are remembered as cut. */
const maxKept = 20_000

const outcome = z.object({
  ok: z.boolean(),
  ms: z.number(),
  at: z.string(),
  cid: z.string(),
  /** Status, or the code of what went wrong. */
  note: z.string(),
  answer: z.optional(z.unknown()),
  cut: z.optional(z.boolean()),
})
export type Outcome = z.infer<typeof outcome>

const one = z.object({ name: z.string(), input: z.unknown(), saved: z.string(), last: z.optional(outcome) })
export type Case = z.infer<typeof one>
const shape = z.array(one)

const key = (cluster: string, service: string) => `cases.${cluster}/${service}`

export const readCases = (cluster: string, service: string): Case[] => read(key(cluster, service), shape, [])

export function keepCases(cluster: string, service: string, cases: readonly Case[]): void {
  write(key(cluster, service), cases.length === 0 ? undefined : cases.slice(0, maxCases))
}

/** Saves an input under a name; a case of that name is replaced, and what is known of its last run goes with another input. */
export function saved(cases: readonly Case[], name: string, input: unknown, at: string): Case[] {
  const old = cases.find((other) => other.name === name)
  const kept: Case = { name, input, saved: at, ...(old?.last && same(old.input, input) ? { last: old.last } : {}) }
  return [...cases.filter((other) => other.name !== name), kept].sort((a, b) => a.name.localeCompare(b.name))
}

/** Notes how a case went. A very long answer is not kept. */
export function ran(cases: readonly Case[], name: string, how: Outcome): Case[] {
  const cut = (JSON.stringify(how.answer) ?? '').length > maxKept
  const { answer: _, ...rest } = how
  return cases.map((other) => (other.name === name ? { ...other, last: cut ? { ...rest, cut: true } : how } : other))
}

/** How a run compares with the one before it. */
export function compared(before: Outcome | undefined, now: Outcome): 'first' | 'same' | 'other' | 'unknown' {
  if (!before) return 'first'
  if (before.ok !== now.ok || before.note !== now.note) return 'other'
  if (before.cut) return 'unknown'
  return same(before.answer, now.answer) ? 'same' : 'other'
}
