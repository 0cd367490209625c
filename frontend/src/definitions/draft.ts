// Unsaved edits. They outlive a crash, a sign-out and an update, but never with a secret in them.
import * as z from 'zod/mini'
import { same } from '../diff/diff'
import type { Field } from '../form/model'
import { getAt, isObject, parsePointer, setAt } from '../form/pointer'
import { withoutSecrets } from '../form/secrets'
import { href } from '../shell/router'
import { read, write } from '../ui/store'

const shape = z.nullable(z.object({ name: z.optional(z.string()), spec: z.record(z.string(), z.unknown()), base: z.record(z.string(), z.unknown()), version: z.number(), at: z.string() }))
export type Draft = z.infer<typeof shape>

const key = (cluster: string, kind: string, name: string) => `draft.${cluster}/${kind}/${name}`

export function readDraft(cluster: string, kind: string, name: string): Draft {
  return read(key(cluster, kind, name), shape, null)
}

/** Keeps a draft, or forgets it when it says what is stored. */
export function keepDraft(place: [cluster: string, kind: string, name: string], fields: Field[], draft: { name?: string; spec: unknown; base: unknown; version: number }): void {
  const spec = withoutSecrets(fields, known(fields, draft.spec), draft.base)
  if (same(spec, draft.base)) write(key(...place), undefined)
  else write(key(...place), { ...draft, spec, at: new Date().toISOString() })
}

export function forgetDraft(cluster: string, kind: string, name: string): void {
  write(key(cluster, kind, name), undefined)
}

/** A spec without what no field knows: it may be a secret under a mistyped name. */
function known(fields: Field[], spec: unknown): unknown {
  if (!isObject(spec)) return spec
  return Object.fromEntries(Object.entries(spec).flatMap(([name, value]) => {
    const field = fields.find((one) => one.name === name)
    return field ? [[name, field.fields ? known(field.fields, value) : value]] : []
  }))
}

/** Names of the definitions of a kind that have a draft; an empty one is a new definition. */
export function draftsOf(cluster: string, kind: string): string[] {
  const start = 'signalbox.' + key(cluster, kind, '')
  const names: string[] = []
  for (let i = 0; i < localStorage.length; i++) {
    const one = localStorage.key(i) ?? ''
    if (one.startsWith(start)) names.push(one.slice(start.length))
  }
  return names.sort()
}

/** A form that waits until something new is made, to refer to it. */
export interface Errand {
  back: string
  choose: (made: string) => void
}

/** The errand that an address tells: for (kind), name and at (a pointer). */
export function errandOf(cluster: string, query: Record<string, string>): Errand | undefined {
  const { for: kind, name = '', at } = query
  if (!kind || !at) return undefined
  return {
    back: name === '' ? href(['c', cluster, 'new', kind]) : href(['c', cluster, 'd', kind, name]),
    choose: (made) => {
      const draft = readDraft(cluster, kind, name) ?? { spec: {}, base: {}, version: 0 }
      const path = parsePointer(at).map((part, i, all) => (Array.isArray(getAt(draft.spec, all.slice(0, i))) ? Number(part) : part))
      write(key(cluster, kind, name), { ...draft, spec: setAt(draft.spec, path, made), at: new Date().toISOString() })
    },
  }
}
