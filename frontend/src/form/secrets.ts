// Where secrets stand in a value, and the value without what is in clear there. A value can
// be typed as text, so it may have another shape than its fields.
import { isSecretRef } from '../diff/diff'
import type { Field } from './model'
import { getAt, isObject, parsePointer, setAt } from './pointer'

type Place = (string | number)[]

/** Places of every secret in a spec; a value of a wrong shape that may hold one counts as a whole. */
export function secretPaths(fields: readonly Field[], spec: unknown, at: Place = []): Place[] {
  if (!isObject(spec)) return []
  return fields.flatMap((field) => secretsOf(field, spec[field.name], [...at, field.name]))
}

function secretsOf(field: Field, value: unknown, at: Place): Place[] {
  if (value === undefined || !holdsSecret(field)) return []
  if (field.fields && isObject(value)) return secretPaths(field.fields, value, at)
  const { item } = field
  if (item && Array.isArray(value)) return value.flatMap((one, i) => secretsOf(item, one, [...at, i]))
  return [at]
}

const holdsSecret = (field: Field): boolean => field.type === 'secret' || (field.fields?.some(holdsSecret) ?? false) || (field.item !== undefined && holdsSecret(field.item))

const isClear = (value: unknown) => value !== undefined && !isSecretRef(value)

/** What is in clear falls back to what base has there, or goes. */
export function withoutSecrets(fields: readonly Field[], spec: unknown, base?: unknown): unknown {
  let out = spec
  for (const path of secretPaths(fields, spec).reverse()) {
    if (isClear(getAt(spec, path))) out = setAt(out, path, getAt(base, path))
  }
  return out
}

/** The secrets in clear at a pointer and below it, of those in a set. */
export function clearBelow(pointer: string, value: unknown, secrets: ReadonlySet<string>): string[] {
  return [...secrets].filter((one) => (one === pointer || one.startsWith(pointer + '/')) && isClear(getAt(value, parsePointer(one.slice(pointer.length)))))
}

/** A value from a pointer on, with something else in place of every secret in clear. */
export function veiled(pointer: string, value: unknown, secrets: ReadonlySet<string>, instead: unknown): unknown {
  return clearBelow(pointer, value, secrets).reduce((out, one) => setAt(out, parsePointer(one.slice(pointer.length)), instead), value)
}
