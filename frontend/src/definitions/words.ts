// The words of `signalbox set` that make a spec what a draft says.
import type { Difference } from '../diff/diff'
import { isSecretRef, same } from '../diff/diff'
import type { Field } from '../form/model'
import { getAt, isObject, parsePointer, pointerOf } from '../form/pointer'
import { clearBelow, secretPaths, veiled } from '../form/secrets'
import type { Each, Words } from '../ui/command'

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

export interface Changed {
  name: string
  before: unknown
  after: unknown
}

/** The commands that change many definitions of a kind, those with the same words as one. */
export function setEach(kind: string, fields: readonly Field[], rows: readonly Changed[], reason = ''): Each[] {
  const groups = new Map<string, { names: string[]; after: Words }>()
  for (const { name, before, after } of rows) {
    const secrets = new Set(secretPaths(fields, after).map(pointerOf))
    const words = [...topLevel(before, after, secrets), ...(reason ? ['--reason', reason] : [])]
    const key = JSON.stringify(words)
    const group = groups.get(key) ?? { names: [], after: words }
    group.names.push(name)
    groups.set(key, group)
  }
  return [...groups.values()].map((group) => ({ before: ['set', kind], ...group }))
}

/** The words for the fields that differ, each as a whole. */
function topLevel(before: unknown, after: unknown, secrets: ReadonlySet<string>): string[] {
  const was = isObject(before) ? before : {}
  const will = isObject(after) ? after : {}
  const keys = [...new Set([...Object.keys(was), ...Object.keys(will)])].sort()
  return keys.filter((key) => !same(was[key], will[key])).flatMap((key) => assigned([key], will[key], secrets))
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
