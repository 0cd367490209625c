// What a form can say before the server is asked. The server checks everything again, and
// its faults come to the same places.
import { applies, type Field } from './model'
import { isObject, pointerOf, type Path } from './pointer'

export interface Fault {
  pointer: string
  message: string
}

type Say = (key: 'check.required' | 'check.pattern' | 'check.min' | 'check.max' | 'check.integer', args?: Record<string, string | number>) => string

/** Every fault that can be seen without the server. */
export function check(fields: Field[], spec: unknown, say: Say, at: Path = []): Fault[] {
  const object = isObject(spec) ? spec : {}
  return fields.flatMap((field) => {
    if (!applies(field, fields, object)) return []
    return checkValue(field, object[field.name], say, [...at, field.name])
  })
}

function checkValue(field: Field, value: unknown, say: Say, at: Path): Fault[] {
  const fault = (message: string): Fault[] => [{ pointer: pointerOf(at), message }]
  if (value === undefined || value === '') return field.required && field.default === undefined ? fault(say('check.required')) : []
  if (field.fields) return check(field.fields, value, say, at)
  if (field.item && Array.isArray(value)) {
    const item = field.item
    return value.flatMap((one, i) => checkValue({ ...item, required: true }, one, say, [...at, i]))
  }
  if (typeof value === 'string' && field.pattern && !field.pattern.test(value)) return fault(say('check.pattern', { example: exampleFor(field) }))
  if (field.type !== 'integer' && field.type !== 'number') return []
  const number = Number(value)
  if (Number.isNaN(number) || (field.type === 'integer' && !Number.isInteger(number))) return fault(say('check.integer'))
  if (field.min !== undefined && number < field.min) return fault(say('check.min', { min: field.min }))
  if (field.max !== undefined && number > field.max) return fault(say('check.max', { max: field.max }))
  return []
}

function exampleFor(field: Field): string {
  if (field.example) return field.example
  if (field.default !== undefined) return String(field.default)
  return field.type === 'duration' ? '250ms, 2s, 1h30m' : field.type === 'size' ? '4096, 64KiB, 1MiB' : String(field.pattern)
}

/** Where each fault is shown. */
interface PlacedFaults {
  at: Map<string, string[]>
  /** Those that no shown field has: of the whole, or of a field that does not apply. */
  rest: Fault[]
}

/**
 * Gives every fault to the field it names, or to the nearest shown field around it. So a
 * fault at /tls/nowhere is said at tls, and none is lost.
 */
export function place(faults: readonly Fault[], shown: ReadonlySet<string>): PlacedFaults {
  const at = new Map<string, string[]>()
  const rest: Fault[] = []
  for (const fault of faults) {
    let pointer = fault.pointer
    while (pointer !== '' && !shown.has(pointer)) pointer = pointer.slice(0, pointer.lastIndexOf('/'))
    if (pointer === '') rest.push(fault)
    else at.set(pointer, [...(at.get(pointer) ?? []), fault.message])
  }
  return { at, rest }
}

/** Pointers of every field that a form shows for a spec. */
export function shownPointers(fields: Field[], spec: unknown, at: Path = []): string[] {
  const object = isObject(spec) ? spec : {}
  return fields.flatMap((field) => {
    if (!applies(field, fields, object)) return []
    return shownOf(field, object[field.name], [...at, field.name])
  })
}

function shownOf(field: Field, value: unknown, at: Path): string[] {
  const here = pointerOf(at)
  if (field.fields) return [here, ...shownPointers(field.fields, value, at)]
  if (field.item && Array.isArray(value)) {
    const item = field.item
    return [here, ...value.flatMap((one, i) => shownOf(item, one, [...at, i]))]
  }
  if (field.type === 'map' && isObject(value)) return [here, ...Object.keys(value).map((key) => pointerOf([...at, key]))]
  return [here]
}
