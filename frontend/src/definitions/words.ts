// The words of `signalbox set` that make a spec what a draft says.
import { diff, isSecretRef, type Difference } from '../diff/diff'
import type { Field } from '../form/model'
import { getAt, parsePointer, pointerOf } from '../form/pointer'
import { clearBelow, secretPaths, veiled } from '../form/secrets'
import type { Words } from '../ui/command'

/** Parts of a field's path that the command line takes as they are. */
const plainPart = /^[\w-]+$/

/** A secret in clear is asked for by the command; it is never part of it. */
export function setWords(kind: string, name: string, spec: unknown, changes: readonly Difference[], secrets: ReadonlySet<string>, reason = ''): Words {
  const words: string[] = []
  const whole = new Set<string>()
  for (const change of changes) {
    const path = parsePointer(change.pointer)
    if (path.length === 0) continue
    if (path.every((part) => plainPart.test(part))) {
      words.push(...assigned(path, change.after, secrets))
      continue
    }
    // A key that the path cannot spell: the field around it is given as a whole.
    const top = path[0] as string
    if (!plainPart.test(top) || whole.has(top)) continue
    whole.add(top)
    words.push(...assigned([top], getAt(spec, [top]), secrets))
  }
  return ['set', kind, name, ...words, ...(reason ? ['--reason', reason] : [])]
}

/** The words that make a stored definition what is wanted of it. */
export function changeWords(fields: readonly Field[], stored: { kind: string; name: string; spec?: unknown }, spec: unknown, reason = ''): Words {
  return setWords(stored.kind, stored.name, spec, diff(stored.spec, spec), new Set(secretPaths(fields, spec).map(pointerOf)), reason)
}

/** The words that set a field; secrets in clear inside of it are asked for, one after the other. */
function assigned(path: readonly string[], value: unknown, secrets: ReadonlySet<string>): string[] {
  const pointer = pointerOf(path)
  const asked = clearBelow(pointer, value, secrets).map((one) => parsePointer(one).join('.') + '=-')
  return secrets.has(pointer) && asked.length > 0 ? asked : [assign(path.join('.'), veiled(pointer, value, secrets, null)), ...asked]
}

function assign(field: string, value: unknown): string {
  if (value === undefined) return `${field}:=null`
  if (isSecretRef(value) && /^(env|file|cred):/.test(value.ref)) return `${field}=${value.ref}`
  if (typeof value === 'number' || typeof value === 'boolean') return `${field}=${value}`
  if (typeof value === 'string' && value !== '' && !/^[@-]/.test(value)) return `${field}=${value}`
  return `${field}:=${JSON.stringify(value)}`
}
