import { describe, expect, it } from 'vitest'
import { check, place, shownPointers } from './check'
import { applies, fieldsOf, prune, type Schema } from './model'
import { secretPaths } from './secrets'
import { getAt, parsePointer, pointerOf, setAt } from './pointer'

// A kind that does not exist: its form comes from the schema alone.
const beacon: Schema = {
  type: 'object',
  'x-order': ['mode', 'height', 'every', 'token', 'targets', 'rules', 'labels'],
  required: ['height'],
  properties: {
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    targets: { type: 'array', title: 'Targets', items: { type: 'string', 'x-ref': 'channel' } },
    height: { type: 'integer', title: 'Height', description: 'In metres.', minimum: 1, maximum: 90 },
    mode: { type: 'string', enum: ['lamp', 'radio'], default: 'lamp' },
    every: { type: 'string', 'x-type': 'duration', pattern: '^[0-9]+s$', default: '5s', 'x-when': { field: 'mode', in: ['lamp'] } },
    token: { 'x-secret': true, writeOnly: true, anyOf: [{ type: 'string' }], 'x-when': { field: 'mode', in: ['radio'] }, 'x-required': true },
    rules: { type: 'object', 'x-order': ['limit', 'key'], properties: { limit: { type: ['string', 'integer'], 'x-type': 'size', minimum: 0 }, key: { 'x-secret': true } } },
  },
}
const fields = fieldsOf(beacon)
const say = (key: string) => key

describe('a form from a schema', () => {
  it('shows the fields in the order of x-order with their types', () => {
    expect(fields.map((field) => [field.name, field.type])).toEqual([
      ['mode', 'string'], ['height', 'integer'], ['every', 'duration'], ['token', 'secret'], ['targets', 'list'], ['rules', 'object'], ['labels', 'map'],
    ])
    expect(fields[1]).toMatchObject({ title: 'Height', help: 'In metres.', required: true, min: 1, max: 90 })
    expect(fields[4]?.item).toMatchObject({ type: 'string', ref: 'channel' })
    expect(fields[5]?.fields?.map((field) => field.type)).toEqual(['size', 'secret'])
  })
  it('reads plain schemas of services too', () => {
    const plain = fieldsOf({ type: 'object', properties: { orderId: { type: ['string', 'null'] }, more: { anyOf: [] }, deep: { type: 'object', additionalProperties: true } } })
    expect(plain.map((field) => [field.title, field.type])).toEqual([['Order Id', 'string'], ['More', 'any'], ['Deep', 'any']])
  })
  it('applies fields by the value of their chooser or its default', () => {
    const every = fields[2]!
    expect(applies(every, fields, {})).toBe(true)
    expect(applies(every, fields, { mode: 'radio' })).toBe(false)
  })
  it('drops what does not apply before it is sent', () => {
    expect(prune(fields, { mode: 'radio', every: '1s', token: 't', height: 3 })).toEqual({ mode: 'radio', token: 't', height: 3 })
  })
  it('finds every secret', () => {
    expect(secretPaths(fields, { token: 'a', rules: { key: 'b' } }).map(pointerOf)).toEqual(['/token', '/rules/key'])
  })
})

describe('checks before the server', () => {
  it.each([
    [{}, ['/height check.required']],
    [{ height: 0 }, ['/height check.min']],
    [{ height: 91 }, ['/height check.max']],
    [{ height: 1.5 }, ['/height check.integer']],
    [{ height: 'x' }, ['/height check.integer']],
    [{ height: 1, every: 'soon' }, ['/every check.pattern']],
    [{ height: 1, mode: 'radio' }, ['/token check.required']],
    [{ height: 1, targets: ['a', ''] }, ['/targets/1 check.required']],
    [{ height: 1 }, []],
  ])('%j', (spec, faults) => {
    expect(check(fields, spec, say).map((fault) => `${fault.pointer} ${fault.message}`)).toEqual(faults)
  })
})

describe('faults at their fields', () => {
  const shown = new Set(shownPointers(fields, { targets: ['a'], labels: { 'a/b': 'c' } }))
  it('shows what applies, items and keys included', () => {
    expect([...shown]).toEqual(['/mode', '/height', '/every', '/targets', '/targets/0', '/rules', '/rules/limit', '/rules/key', '/labels', '/labels/a~1b'])
  })
  it('puts a fault to the nearest shown field and loses none', () => {
    const placed = place([
      { pointer: '/targets/0', message: 'one' }, { pointer: '/rules/odd/deep', message: 'two' }, { pointer: '/token', message: 'hidden' }, { pointer: '', message: 'whole' },
    ], shown)
    expect([...placed.at]).toEqual([['/targets/0', ['one']], ['/rules', ['two']]])
    expect(placed.rest.map((fault) => fault.message)).toEqual(['hidden', 'whole'])
  })
})

describe('pointers', () => {
  it('escape and read back', () => {
    expect(pointerOf(['a/b', 'c~d', 0])).toBe('/a~1b/c~0d/0')
    expect(parsePointer('/a~1b/c~0d/0')).toEqual(['a/b', 'c~d', '0'])
    expect(parsePointer('')).toEqual([])
  })
  it('set without touching the original, and clean up what became empty', () => {
    const before = { a: { b: 1 }, l: [1, 2] }
    expect(setAt(before, ['a', 'b'], undefined)).toEqual({ l: [1, 2] })
    expect(setAt(before, ['l', 1], 9)).toEqual({ a: { b: 1 }, l: [1, 9] })
    expect(setAt(before, ['n', 0, 'x'], 1)).toEqual({ ...before, n: [{ x: 1 }] })
    expect(before).toEqual({ a: { b: 1 }, l: [1, 2] })
  })
  it('treat names of the language as names', () => {
    expect(getAt({}, ['constructor'])).toBeUndefined()
    expect(Object.keys(setAt({}, ['__proto__'], 'x') as object)).toEqual(['__proto__'])
  })
})
