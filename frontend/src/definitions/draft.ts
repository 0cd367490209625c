// Unsaved edits. They outlive a crash, a sign-out and an update, but never with a secret in them.
import * as z from 'zod/mini'
import { same } from '../diff/diff'
import { secretPaths, type Field } from '../form/model'
import { getAt, setAt } from '../form/pointer'
import { read, write } from '../ui/store'

const shape = z.nullable(z.object({ spec: z.record(z.string(), z.unknown()), base: z.record(z.string(), z.unknown()), version: z.number(), at: z.string() }))
export type Draft = z.infer<typeof shape>

const key = (cluster: string, kind: string, name: string) => `draft.${cluster}/${kind}/${name}`

export function readDraft(cluster: string, kind: string, name: string): Draft {
  return read(key(cluster, kind, name), shape, null)
}

/** Keeps a draft, or forgets it when it says what is stored. */
export function keepDraft(place: [cluster: string, kind: string, name: string], fields: Field[], draft: { spec: unknown; base: unknown; version: number }): void {
  const spec = withoutSecrets(fields, draft.spec, draft.base)
  if (same(spec, draft.base)) write(key(...place), undefined)
  else write(key(...place), { ...draft, spec, at: new Date().toISOString() })
}

export function forgetDraft(cluster: string, kind: string, name: string): void {
  write(key(cluster, kind, name), undefined)
}

/** Secrets in clear fall back to what is stored, which is only a reference. */
export function withoutSecrets(fields: Field[], spec: unknown, base: unknown): unknown {
  let out = spec
  for (const path of secretPaths(fields, spec).reverse()) {
    if (typeof getAt(spec, path) === 'string') out = setAt(out, path, getAt(base, path))
  }
  return out
}
