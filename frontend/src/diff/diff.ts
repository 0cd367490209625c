// What differs between two specs, place by place, and what three of them make together.
import { getAt, isObject, parsePointer, pointerOf, setAt, type Path } from '../form/pointer'

export interface Difference {
  pointer: string
  before?: unknown // undefined: not set, the default holds
  after?: unknown
}

/** Differences in the order of their pointers. Lists of one length are compared item by item. */
export function diff(before: unknown, after: unknown, at: Path = []): Difference[] {
  if (mergeable(before, after)) {
    const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])
    return [...keys].sort().flatMap((key) => diff(getAt(before, [key]), getAt(after, [key]), [...at, key]))
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((one: unknown, i) => diff(one, after[i] as unknown, [...at, i]))
  }
  return same(before, after) ? [] : [{ pointer: pointerOf(at), before, after }]
}

/** Objects, or an object and nothing; a reference to a secret is one value. */
function mergeable(a: unknown, b: unknown): a is Record<string, unknown> | undefined {
  const fits = (value: unknown) => value === undefined || (isObject(value) && !isSecretRef(value))
  return fits(a) && fits(b) && (isObject(a) || isObject(b))
}

export function isSecretRef(value: unknown): value is { ref: string } {
  return isObject(value) && typeof value.ref === 'string' && Object.keys(value).length === 1
}

export const isSealed = (value: unknown): value is { ref: string } => isSecretRef(value) && value.ref.startsWith('sealed:')

/** A value with something else in place of every sealed secret: as dots, because cipher text says nothing to a person. */
export function unsealed(value: unknown, instead: unknown = '•••'): unknown {
  if (isSealed(value)) return instead
  if (Array.isArray(value)) return value.map((one) => unsealed(one, instead))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unsealed(one, instead)]))
}

/** Equal as JSON, whatever the order of keys. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, i) => same(one, b[i]))
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
}

interface Merge {
  /** Mine on top of theirs, where nothing conflicts; theirs where it does. */
  merged: unknown
  theirs: Difference[]
  mine: Difference[]
  conflicts: Conflict[]
}

export interface Conflict {
  pointer: string
  base: unknown
  theirs: unknown
  mine: unknown
}

/**
 * Merges a draft into what was stored meanwhile. Both began at base. A place that both
 * changed, to different values, is a conflict for a person to decide.
 */
export function merge(base: unknown, theirs: unknown, mine: unknown): Merge {
  const result: Merge = { merged: theirs, theirs: diff(base, theirs), mine: diff(base, mine), conflicts: [] }
  const edits: Difference[] = []
  for (const change of result.mine) {
    const rival = result.theirs.find((other) => touches(other.pointer, change.pointer))
    if (!rival) edits.push(change)
    else conflictOf({ base, theirs, mine }, shorter(rival.pointer, change.pointer), result)
  }
  // From the last to the first, so that taking an item out of a list moves no other edit.
  for (const edit of edits.reverse()) result.merged = setAt(result.merged, parsePointer(edit.pointer), edit.after)
  return result
}

function conflictOf(sides: { base: unknown; theirs: unknown; mine: unknown }, pointer: string, into: Merge) {
  const path = parsePointer(pointer)
  const conflict: Conflict = { pointer, base: getAt(sides.base, path), theirs: getAt(sides.theirs, path), mine: getAt(sides.mine, path) }
  if (same(conflict.theirs, conflict.mine) || into.conflicts.some((other) => other.pointer === pointer)) return
  into.conflicts.push(conflict)
}

const shorter = (a: string, b: string) => (a.length <= b.length ? a : b)

/** One place is the other or lies inside it. */
function touches(a: string, b: string): boolean {
  return a === b || a.startsWith(b + '/') || b.startsWith(a + '/')
}

/** The merged spec with a person's decisions: true takes mine, false theirs. */
export function decide(result: Merge, choices: ReadonlyMap<string, boolean>): unknown {
  let spec = result.merged
  for (const conflict of [...result.conflicts].reverse()) {
    spec = setAt(spec, parsePointer(conflict.pointer), choices.get(conflict.pointer) ? conflict.mine : conflict.theirs)
  }
  return spec
}
