// What may be written at a place of a definition's document: from its fields alone. The text
// may be unfinished there, so the place is told by indentation, not by a parser.
import type { Completion, CompletionList } from '../code/CodeEditor'
import { applies, type Field } from '../form/model'
import { isObject } from '../form/pointer'

export interface Place {
  /** Keys from the top, '*' for an entry of a list. */
  path: string[]
  /** The key before the colon when a value is being written. */
  key?: string
  typed: string
  from: number
  indent: number
  /** Keys that stand beside it already. */
  beside: Set<string>
}

interface Line {
  /** Columns of the dashes before the key. */
  dashes: number[]
  column: number
  key?: string
  rest: string
  blank: boolean
}

function readLine(line: string): Line {
  const lead = /^ *(?:- +|-$)*/.exec(line)?.[0] ?? ''
  const body = line.slice(lead.length)
  const dashes = [...lead].flatMap((sign, i) => (sign === '-' ? [i] : []))
  const key = /^("[^"]*"|'[^']*'|[^\s:#'"][^:#]*):(?:\s|$)/.exec(body)?.[1]
  return { dashes, column: lead.length, rest: body, blank: /^\s*(#.*)?$/.test(line), ...(key !== undefined && { key: key.replace(/^["']|["']$/g, '') }) }
}

/** The place of an offset in a text. */
export function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset).split('\n')
  const line = readLine(before.at(-1) ?? '')
  const value = line.key === undefined ? undefined : /^[^:]*:\s*(.*)$/s.exec(line.rest)?.[1]
  const typed = value ?? line.rest
  const place: Place = {
    path: pathOf(before.slice(0, -1).map(readLine), line), typed, from: offset - typed.length, indent: line.column,
    beside: besideOf(text, before.length - 1, line),
  }
  if (line.key !== undefined) place.key = line.key
  return place
}

function pathOf(above: Line[], line: Line): string[] {
  const path: string[] = []
  let column = line.column
  let entry = false // column is that of a dash, not of a key
  const enter = (dashes: number[]) => {
    for (const dash of dashes.toReversed()) {
      path.unshift('*')
      column = dash
      entry = true
    }
  }
  enter(line.dashes)
  for (const one of above.toReversed()) {
    if (one.blank) continue
    if (entry && one.dashes.includes(column)) enter(one.dashes.filter((dash) => dash < column)) // an entry beside it
    else if (one.key !== undefined && (one.column < column || (entry && one.column === column))) {
      path.unshift(one.key)
      column = one.column
      entry = false
      enter(one.dashes)
    } else if (!entry && one.column === column) enter(one.dashes) // the first line of the same entry
  }
  return path
}

const startOf = (line: Line) => line.dashes[0] ?? line.column

function besideOf(text: string, index: number, line: Line): Set<string> {
  const lines = text.split('\n').map(readLine)
  const keys = new Set<string>()
  const walk = (from: number, step: number) => {
    for (let i = from; i >= 0 && i < lines.length; i += step) {
      const one = lines[i] as Line
      if (one.blank) continue
      if (one.column < line.column || (step > 0 && startOf(one) < line.column)) return
      if (one.column === line.column && one.key !== undefined) keys.add(one.key)
      if (step < 0 && startOf(one) < line.column) return
    }
  }
  if (line.dashes.length === 0) walk(index - 1, -1)
  walk(index + 1, 1)
  return keys
}

/** The field at a path below spec, with its siblings. */
function fieldAt(fields: Field[], path: readonly string[]): { field?: Field; inside: Field[] } {
  let inside = fields
  let field: Field | undefined
  for (const part of path) {
    field = part === '*' ? field?.item : inside.find((one) => one.name === part)
    inside = field?.fields ?? []
  }
  return field ? { field, inside } : { inside: path.length === 0 ? fields : [] }
}

export interface Known {
  kind: string
  fields: Field[]
  spec: unknown
  /** Names of the definitions of a kind. */
  names: (kind: string) => string[] | undefined
}

export function complete(text: string, offset: number, known: Known): CompletionList | null {
  const place = placeAt(text, offset)
  const options = place.key !== undefined ? valuesOf(place, place.key, known) : keysOf(place, known)
  const typed = place.typed.toLowerCase()
  const fitting = options.filter((one) => one.label.toLowerCase().includes(typed))
  return fitting.length === 0 ? null : { from: place.from, options: fitting }
}

function keysOf(place: Place, known: Known): Completion[] {
  if (place.path.length === 0) {
    return [{ label: 'kind', apply: `kind: ${known.kind}` }, { label: 'name', apply: 'name: ' }, { label: 'spec', apply: 'spec:\n  ' }].filter((one) => !place.beside.has(one.label)).map((one): Completion => ({ ...one, type: 'property' }))
  }
  if (place.path[0] !== 'spec') return []
  const { field, inside } = fieldAt(known.fields, place.path.slice(1))
  if (place.path.at(-1) === '*' && field && !field.fields) return optionsOf(field, known)
  const object = valueAt(known.spec, place.path.slice(1))
  return inside.filter((one) => !place.beside.has(one.name) && applies(one, inside, object)).map((one) => keyOption(one, place.indent))
}

function keyOption(field: Field, indent: number): Completion {
  const deeper = '\n' + ' '.repeat(indent + 2)
  const tail = field.type === 'object' || field.type === 'map' ? ':' + deeper : field.type === 'list' ? ':' + deeper + '- ' : ': '
  const option: Completion = { label: field.name, type: 'property', detail: field.title, apply: field.name + tail }
  const info = [field.help, field.default === undefined ? '' : `= ${String(field.default)}`].filter(Boolean).join('\n')
  if (info) option.info = info
  if (field.required) option.boost = 1
  return option
}

function valuesOf(place: Place, key: string, known: Known): Completion[] {
  if (place.path.length === 0) return key === 'kind' ? [{ label: known.kind, type: 'constant' }] : []
  if (place.path[0] !== 'spec') return []
  const { field } = fieldAt(known.fields, [...place.path.slice(1), key])
  return field ? optionsOf(field, known) : []
}

function optionsOf(field: Field, known: Known): Completion[] {
  if (field.options) return field.options.map((label): Completion => ({ label, type: 'enum', ...(label === field.default && { detail: '=' }) }))
  if (field.type === 'boolean') return ['true', 'false'].map((label): Completion => ({ label, type: 'constant' }))
  if (field.ref) return (known.names(field.ref) ?? []).slice(0, 500).map((label): Completion => ({ label, type: 'variable', detail: field.ref as string }))
  const said = [field.default, field.example].filter((one) => one !== undefined && one !== '').map(String)
  return said.map((label): Completion => ({ label, type: 'text' }))
}

/** The object at a path; the first entry stands for all of a list. */
function valueAt(spec: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, part) => {
    if (part === '*') return Array.isArray(at) ? at[0] : undefined
    return isObject(at) ? at[part] : undefined
  }, spec)
}

/** Help for what stands at an offset. */
export function helpAt(text: string, offset: number, fields: Field[]): string | undefined {
  const end = text.indexOf('\n', offset)
  const place = placeAt(text, end < 0 ? text.length : end)
  if (place.path[0] !== 'spec' || place.key === undefined) return undefined
  const { field } = fieldAt(fields, [...place.path.slice(1), place.key])
  return field?.help
}
