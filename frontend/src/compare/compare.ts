// What differs between the configurations of two clusters, and how objects of one become
// documents for the other. Secrets are compared and carried as references only: what one
// cluster sealed no other can open.
import type { Definition } from '../api/types'
import { diff, isSealed, same, unsealed, type Difference } from '../diff/diff'
import { getAt, parsePointer, setAt } from '../form/pointer'

export type Is = 'onlyA' | 'onlyB' | 'differs' | 'same'

export interface Row {
  key: string
  kind: string
  name: string
  is: Is
  a?: Definition
  b?: Definition
  /** Places that differ. */
  places: number
  /** Sealed secrets that both have; whether they are equal nobody can tell. */
  sealed: number
}

/** A spec with every sealed secret as the same word. */
export const masked = (value: unknown): unknown => unsealed(value, { ref: 'sealed:…' })

/** The difference of two specs without cipher texts. */
export const maskedDiff = (a: unknown, b: unknown): Difference[] => diff(masked(a), masked(b))

/** Pointers of the sealed secrets in a spec. */
export function sealedIn(value: unknown, at = ''): string[] {
  if (isSealed(value)) return [at]
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, one]) => sealedIn(one, `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`))
}

/** Every definition of either side, by kind and name. */
export function compareStates(a: readonly Definition[], b: readonly Definition[]): Row[] {
  const theirs = new Map(b.map((one) => [one.kind + '/' + one.name, one]))
  const rows = a.map((one): Row => {
    const key = one.kind + '/' + one.name
    const other = theirs.get(key)
    theirs.delete(key)
    const row = { key, kind: one.kind, name: one.name, a: one }
    if (!other) return { ...row, is: 'onlyA', places: 0, sealed: 0 }
    const sealed = sealedIn(one.spec).filter((pointer) => isSealed(getAt(other.spec, parsePointer(pointer)))).length
    if (same(masked(one.spec), masked(other.spec))) return { ...row, is: 'same', b: other, places: 0, sealed }
    return { ...row, is: 'differs', b: other, places: maskedDiff(one.spec, other.spec).length, sealed }
  })
  for (const [key, one] of theirs) rows.push({ key, kind: one.kind, name: one.name, is: 'onlyB', b: one, places: 0, sealed: 0 })
  const rank = { differs: 0, onlyA: 1, onlyB: 2, same: 3 }
  return rows.sort((x, y) => rank[x.is] - rank[y.is] || (x.key < y.key ? -1 : 1))
}

export interface Replacement {
  find: string
  put: string
}

/** Replaces in every text of a spec, references to secrets included; sealed ones stay. */
export function replaced(value: unknown, by: readonly Replacement[]): unknown {
  if (isSealed(value)) return value
  if (typeof value === 'string') return by.reduce((text, { find, put }) => (find === '' ? text : text.replaceAll(find, put)), value)
  if (Array.isArray(value)) return value.map((one) => replaced(one, by))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaced(one, by)]))
}

/** Addresses and references to secrets in specs: what another cluster most likely has otherwise. */
export function telling(specs: readonly unknown[]): string[] {
  const found = new Set<string>()
  const walk = (value: unknown) => {
    if (typeof value === 'string') {
      const url = /^[a-z][a-z0-9+.-]*:\/\/[^/\s]+/i.exec(value)
      if (url) found.add(url[0])
      else if (/^(env|file|cred):/.test(value) || /^[\w.-]+:\d{2,5}$/.test(value)) found.add(value)
    } else if (value !== null && typeof value === 'object' && !isSealed(value)) Object.values(value).forEach(walk)
  }
  specs.forEach(walk)
  return [...found].sort()
}

/** What a sealed secret becomes on the other cluster. */
export interface SecretChoice {
  as: 'keep' | 'ref' | 'new'
  text: string
}

export interface SecretPlace {
  id: string
  key: string
  pointer: string
  /** The other cluster has a secret at this place, which can stay. */
  kept: boolean
}

export function secretPlaces(rows: readonly Row[]): SecretPlace[] {
  return rows.flatMap((row) => sealedIn(row.a?.spec).map((pointer) => ({
    id: row.key + '#' + pointer, key: row.key, pointer, kept: getAt(row.b?.spec, parsePointer(pointer)) !== undefined,
  })))
}

export const firstChoice = (place: SecretPlace): SecretChoice => ({ as: place.kept ? 'keep' : 'ref', text: '' })

export interface Copied {
  /** kind/name, by which faults come back. */
  name: string
  kind: string
  object: string
  spec: unknown
}

/** Objects of A as they go to B, and the places whose secret is not decided yet. */
export function copies(rows: readonly Row[], by: readonly Replacement[], choices: ReadonlyMap<string, SecretChoice>): { copied: Copied[]; open: SecretPlace[] } {
  const places = secretPlaces(rows)
  const open: SecretPlace[] = []
  const copied = rows.flatMap((row) => {
    if (!row.a) return []
    let spec = replaced(row.a.spec, by)
    for (const place of places.filter((one) => one.key === row.key)) {
      const choice = choices.get(place.id) ?? firstChoice(place)
      const value = secretValue(choice, getAt(row.b?.spec, parsePointer(place.pointer)))
      if (value === undefined) open.push(place)
      else spec = setAt(spec, parsePointer(place.pointer), value)
    }
    return [{ name: row.key, kind: row.kind, object: row.name, spec }]
  })
  return { copied, open }
}

function secretValue(choice: SecretChoice, theirs: unknown): unknown {
  if (choice.as === 'keep') return theirs
  if (choice.text === '') return undefined
  if (choice.as === 'new') return choice.text
  return /^(env|file|cred):./.test(choice.text) ? { ref: choice.text } : undefined
}

/** The objects as files for a command line: what was typed in clear becomes a reference to fill in. */
export function withoutClear(copied: readonly Copied[], places: readonly SecretPlace[], choices: ReadonlyMap<string, SecretChoice>): Copied[] {
  return copied.map((one) => ({
    ...one,
    spec: places.filter((place) => place.key === one.name && choices.get(place.id)?.as === 'new')
      .reduce((spec, place, i) => setAt(spec, parsePointer(place.pointer), { ref: `env:SECRET_${i + 1}` }), one.spec),
  }))
}
