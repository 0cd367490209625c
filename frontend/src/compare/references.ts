// What objects refer to, so that a copy does not leave half of what it needs behind.
import type { Definition, Kind } from '../api/types'
import { fieldsOf, type Field, type Schema } from '../form/model'
import { isObject } from '../form/pointer'

/** kind/name of everything that a spec refers to. */
export function referencesOf(fields: readonly Field[], spec: unknown): string[] {
  if (!isObject(spec)) return []
  return fields.flatMap((field) => {
    const value = spec[field.name]
    const values = Array.isArray(value) ? value : [value]
    const ref = field.ref ?? field.item?.ref
    if (ref) return values.flatMap((one) => (typeof one === 'string' && one !== '' ? [ref + '/' + one] : []))
    const inside = field.fields ?? field.item?.fields
    return inside ? values.flatMap((one) => referencesOf(inside, one)) : []
  })
}

export const fieldsByKind = (kinds: readonly Kind[]): Map<string, Field[]> => new Map(kinds.map((kind) => [kind.name, fieldsOf(kind.schema as Schema)]))

interface Object {
  kind: string
  name: string
  spec: unknown
}

/** What objects need that is neither among them nor there already. */
export function missing(objects: readonly Object[], fields: ReadonlyMap<string, Field[]>, there: ReadonlySet<string>): string[] {
  const taken = new Set(objects.map((one) => one.kind + '/' + one.name))
  const out = new Set(objects.flatMap((one) => referencesOf(fields.get(one.kind) ?? [], one.spec)).filter((key) => !taken.has(key) && !there.has(key)))
  return [...out].sort()
}

/** What has to come along so that nothing is missing, as far as the first cluster has it. */
export function along(objects: readonly Definition[], all: ReadonlyMap<string, Definition>, fields: ReadonlyMap<string, Field[]>, there: ReadonlySet<string>): Definition[] {
  const taken = [...objects]
  for (;;) {
    const more = missing(taken, fields, there).flatMap((key) => all.get(key) ?? [])
    if (more.length === 0) return taken.slice(objects.length)
    taken.push(...more)
  }
}
