// A definition as the YAML document that apply takes and export gives: written, read with a
// place for every fault, and changed without touching what a person wrote around it.
import { isMap, isNode, isPair, isSeq, LineCounter, parseDocument, stringify, type Document } from 'yaml'
import type { Diagnostic } from '../code/CodeEditor'
import { diff } from '../diff/diff'
import { check, type Fault } from '../form/check'
import { applies, type Field } from '../form/model'
import { isObject, parsePointer, pointerOf, type Path } from '../form/pointer'
import { t } from '../text'

export function toYAML(kind: string, name: string, spec: unknown): string {
  return stringify({ kind, name, spec }, { lineWidth: 0, sortMapEntries: false })
}

interface Wants {
  kind: string
  /** Of what is stored, which is renamed by an act of its own; undefined for a new one. */
  name?: string | undefined
  fields: Field[]
}

export interface Read {
  /** Undefined while the text is no document of this kind. */
  spec?: Record<string, unknown>
  name?: string
  diagnostics: Diagnostic[]
}

/** Reads a text. Faults of the schema are warnings: the server has the last word. */
export function readYAML(text: string, wants: Wants): Read {
  const lines = new LineCounter()
  const doc = parseDocument(text, { lineCounter: lines })
  const at = (start: number, end: number, message: string, severity: Diagnostic['severity'] = 'error'): Diagnostic => {
    const a = lines.linePos(start)
    const b = lines.linePos(Math.max(end, start + 1))
    return { line: a.line, column: a.col, endLine: b.line, endColumn: b.col, message, severity }
  }
  if (doc.errors.length > 0) return { diagnostics: doc.errors.map((error) => at(error.pos[0], error.pos[1], error.message.replace(/ at line \d+[\s\S]*$/, ''))) }
  const root: unknown = doc.toJS({ maxAliasCount: 50 })
  const say = (pointer: string, message: string, severity?: Diagnostic['severity']) => {
    const [start, end] = rangeOf(doc, pointer)
    return at(start, end, message, severity)
  }
  if (!isObject(root)) return { diagnostics: [say('', t('yaml.shape'))] }
  const diagnostics = headFaults(root, wants).map((fault) => say(fault.pointer, fault.message))
  const spec = root.spec ?? {}
  if (!isObject(spec)) diagnostics.push(say('/spec', t('yaml.shape')))
  if (diagnostics.length > 0 || !isObject(spec)) return { diagnostics }
  const faults = [...shapeFaults(wants.fields, spec), ...check(wants.fields, spec, t)]
  return { spec, name: typeof root.name === 'string' ? root.name : '', diagnostics: faults.map((fault) => say('/spec' + fault.pointer, fault.message, 'warning')) }
}

function headFaults(root: Record<string, unknown>, { kind, name }: Wants): Fault[] {
  const faults: Fault[] = []
  for (const key of Object.keys(root)) if (!['kind', 'name', 'spec'].includes(key)) faults.push({ pointer: pointerOf([key]), message: t('yaml.head', { key }) })
  if (root.kind !== kind) faults.push({ pointer: '/kind', message: t('yaml.kind', { kind }) })
  if (name !== undefined && root.name !== name) faults.push({ pointer: '/name', message: t('yaml.name', { name }) })
  if (name === undefined && root.name !== null && root.name !== undefined && typeof root.name !== 'string') faults.push({ pointer: '/name', message: t('yaml.type', { type: 'string' }) })
  return faults
}

/** What the forms cannot produce but a text can: unknown fields and values of a wrong type. */
function shapeFaults(fields: Field[], spec: unknown, at: Path = []): Fault[] {
  if (!isObject(spec)) return [{ pointer: pointerOf(at), message: t('yaml.type', { type: 'object' }) }]
  return Object.entries(spec).flatMap(([name, value]): Fault[] => {
    const field = fields.find((one) => one.name === name)
    const here = [...at, name]
    if (!field) return [{ pointer: pointerOf(here), message: t('yaml.unknown', { name, names: fields.filter((one) => applies(one, fields, spec)).map((one) => one.name).join(', ') }) }]
    if (!applies(field, fields, spec)) return [{ pointer: pointerOf(here), message: t('yaml.notNow', { name, field: field.when?.field ?? '', values: field.when?.in.join(', ') ?? '' }) }]
    return valueFaults(field, value, here)
  })
}

function valueFaults(field: Field, value: unknown, at: Path): Fault[] {
  const wrong = (): Fault[] => [{ pointer: pointerOf(at), message: t('yaml.type', { type: field.type }) }]
  switch (field.type) {
    case 'object': return shapeFaults(field.fields ?? [], value, at)
    case 'list': return Array.isArray(value) ? value.flatMap((one, i) => (field.item ? valueFaults(field.item, one, [...at, i]) : [])) : wrong()
    case 'map': return isObject(value) && Object.values(value).every((one) => typeof one === 'string') ? [] : wrong()
    case 'boolean': return typeof value === 'boolean' ? [] : wrong()
    case 'integer': case 'number': return typeof value === 'number' ? [] : wrong()
    case 'secret': return typeof value === 'string' || (isObject(value) && typeof value.ref === 'string') ? [] : wrong()
    case 'size': return typeof value === 'string' || typeof value === 'number' ? [] : wrong()
    case 'any': return []
    default:
      if (typeof value !== 'string') return wrong()
      return field.options && !field.options.includes(value) ? [{ pointer: pointerOf(at), message: t('yaml.option', { options: field.options.join(', ') }) }] : []
  }
}

/** Where a pointer stands in the text: its value, else its key, else what is around it. */
function rangeOf(doc: Document, pointer: string): [number, number] {
  const path = parsePointer(pointer)
  let node: unknown = doc.contents
  let range: [number, number] = isNode(node) && node.range ? [node.range[0], Math.min(node.range[1], node.range[0] + 1)] : [0, 1]
  for (const part of path) {
    const pair: unknown = isMap(node) ? node.items.find((item) => isPair(item) && String((item.key as { value?: unknown }).value ?? item.key) === part) : undefined
    const next: unknown = isPair(pair) ? pair.value : isSeq(node) ? node.items[Number(part)] : undefined
    if (pair === undefined && next === undefined) return range
    const key = isPair(pair) && isNode(pair.key) ? pair.key.range : undefined
    const value = isNode(next) ? next.range : undefined
    const scalar = value && !isMap(next) && !isSeq(next) && value[1] > value[0]
    const best = scalar ? value : (key ?? value)
    if (best) range = [best[0], best[1]]
    node = next
  }
  return range
}

/** Faults that the server found, at their places in the text. */
export function faultsInYAML(text: string, faults: readonly Fault[]): Diagnostic[] {
  const lines = new LineCounter()
  const doc = parseDocument(text, { lineCounter: lines })
  return faults.map((fault) => {
    const [start, end] = rangeOf(doc, '/spec' + fault.pointer)
    const a = lines.linePos(start)
    const b = lines.linePos(Math.max(end, start + 1))
    return { line: a.line, column: a.col, endLine: b.line, endColumn: b.col, message: fault.message, severity: 'error' }
  })
}

/** The text with another spec in it; comments, order and style of what did not change stay. */
export function patchYAML(text: string, spec: unknown, otherwise: { kind: string; name: string }): string {
  const doc = parseDocument(text)
  const root: unknown = doc.errors.length > 0 ? undefined : doc.toJS()
  if (!isObject(root) || !isObject(root.spec)) return toYAML(otherwise.kind, otherwise.name, spec)
  for (const change of diff(root.spec, spec)) {
    const path = ['spec', ...parsePointer(change.pointer).map((part, i, all) => (Array.isArray(atPath(root.spec, all.slice(0, i))) ? Number(part) : part))]
    if (change.after === undefined) {
      doc.deleteIn(path)
      // Objects that became empty by it go, too, unless they are meant to be there.
      for (let up = path.slice(0, -1); up.length > 1 && atPath(spec, up.slice(1).map(String)) === undefined; up = up.slice(0, -1)) doc.deleteIn(up)
    }
    else doc.setIn(path, typeof change.after === 'object' ? doc.createNode(change.after) : change.after)
  }
  return doc.toString({ lineWidth: 0, flowCollectionPadding: /[[{] /.test(text) })
}

function atPath(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, part) => (at !== null && typeof at === 'object' ? (at as Record<string, unknown>)[part] : undefined), value)
}
