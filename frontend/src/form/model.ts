// From a JSON Schema to the model of a form. It understands what the server writes for its
// kinds (x-order, x-ref, x-when, x-secret, x-type, x-multiline, x-required) and plain
// schemas such as the inputs of services.
import { isObject } from './pointer'

export type Schema = Record<string, unknown>

export type FieldType =
  | 'string' | 'integer' | 'number' | 'boolean' | 'duration' | 'size' | 'secret' | 'list' | 'map' | 'object' | 'any'

export interface Field {
  name: string
  title: string
  help?: string
  type: FieldType
  default?: unknown
  example?: string
  options?: string[]
  ref?: string
  required: boolean
  multiline: boolean
  when?: { field: string; in: string[] }
  min?: number
  max?: number
  pattern?: RegExp
  item?: Field
  fields?: Field[]
}

/** The fields of an object's schema, in the order in which they are shown. */
export function fieldsOf(schema: Schema): Field[] {
  const props = isObject(schema.properties) ? schema.properties : {}
  const order = Array.isArray(schema['x-order']) ? schema['x-order'].map(String) : []
  const required = Array.isArray(schema.required) ? schema.required : []
  const names = [...order, ...Object.keys(props).filter((name) => !order.includes(name))]
  return names.flatMap((name) => {
    const one = props[name]
    return isObject(one) ? [fieldOf(name, one, required.includes(name))] : []
  })
}

function fieldOf(name: string, schema: Schema, required = false): Field {
  const type = typeOf(schema)
  const field: Field = {
    name, type,
    title: text(schema.title) ?? words(name),
    required: required || schema['x-required'] === true,
    multiline: schema['x-multiline'] === true,
  }
  const put = <K extends keyof Field>(key: K, value: Field[K] | undefined) => {
    if (value !== undefined) field[key] = value
  }
  put('help', text(schema.description))
  put('default', schema.default)
  put('example', exampleOf(schema))
  put('options', Array.isArray(schema.enum) ? schema.enum.map(String) : undefined)
  put('ref', text(schema['x-ref']))
  put('when', whenOf(schema))
  put('min', typeof schema.minimum === 'number' && type !== 'size' ? schema.minimum : undefined)
  put('max', typeof schema.maximum === 'number' ? schema.maximum : undefined)
  put('pattern', patternOf(schema))
  if (type === 'list') field.item = fieldOf('', isObject(schema.items) ? schema.items : {})
  if (type === 'object') field.fields = fieldsOf(schema)
  return field
}

function typeOf(schema: Schema): FieldType {
  if (schema['x-secret'] === true) return 'secret'
  if (schema['x-type'] === 'duration' || schema['x-type'] === 'size') return schema['x-type']
  const types = Array.isArray(schema.type) ? schema.type.filter((one) => one !== 'null') : [schema.type]
  if (types.length !== 1) return 'any'
  switch (types[0]) {
    case 'string': case 'integer': case 'number': case 'boolean': return types[0]
    case 'array': return 'list'
    case 'object': return isObject(schema.properties) ? 'object' : mapOrAny(schema)
    default: return Array.isArray(schema.enum) ? 'string' : 'any'
  }
}

/** An object of texts under free names is a map; other free objects are edited as JSON. */
function mapOrAny(schema: Schema): FieldType {
  const extra = schema.additionalProperties
  return isObject(extra) && extra.type === 'string' ? 'map' : 'any'
}

function whenOf(schema: Schema): Field['when'] {
  const when = schema['x-when']
  if (!isObject(when) || typeof when.field !== 'string' || !Array.isArray(when.in)) return undefined
  return { field: when.field, in: when.in.map(String) }
}

function exampleOf(schema: Schema): string | undefined {
  const first: unknown = Array.isArray(schema.examples) ? schema.examples[0] : undefined
  const one: unknown = Array.isArray(first) ? first[0] : first
  return one === undefined || isObject(one) ? undefined : String(one)
}

function patternOf(schema: Schema): RegExp | undefined {
  if (typeof schema.pattern !== 'string') return undefined
  try {
    return new RegExp(schema.pattern, 'u')
  } catch {
    return undefined // the server's dialect knows more; it checks itself
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** order_id → Order id */
function words(name: string): string {
  const spaced = name.replaceAll('_', ' ').replace(/([a-z])([A-Z])/g, '$1 $2')
  return spaced.charAt(0).toUpperCase() + spaced.slice(1)
}

/** Whether a field applies, given the object that it is in. */
export function applies(field: Field, siblings: Field[], object: unknown): boolean {
  if (!field.when) return true
  const { field: name, in: values } = field.when
  const chooser = siblings.find((other) => other.name === name)
  const chosen = isObject(object) ? (object[name] ?? chooser?.default) : chooser?.default
  return values.includes(String(chosen))
}

/** The spec without what does not apply: fields of a choice that was changed meanwhile. */
export function prune(fields: Field[], spec: unknown): Record<string, unknown> {
  const out: Record<string, unknown> = isObject(spec) ? { ...spec } : {}
  for (const field of fields) {
    if (!Object.hasOwn(out, field.name)) continue
    const value = out[field.name]
    if (!applies(field, fields, out)) delete out[field.name]
    else if (field.fields && isObject(value)) out[field.name] = prune(field.fields, value)
    else if (field.item?.fields && Array.isArray(value)) {
      const inner = field.item.fields
      out[field.name] = value.map((one) => prune(inner, one))
    }
  }
  return out
}
