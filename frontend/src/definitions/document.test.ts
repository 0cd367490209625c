import { describe, expect, it } from 'vitest'
import { fieldsOf, type Schema } from '../form/model'
import { complete, helpAt, placeAt } from './complete'
import { faultsInYAML, patchYAML, readYAML, toYAML } from './document'

const schema: Schema = {
  type: 'object',
  'x-order': ['mode', 'height', 'every', 'token', 'targets', 'sectors', 'lens', 'labels', 'on'],
  required: ['height'],
  properties: {
    mode: { type: 'string', enum: ['lamp', 'radio'], default: 'lamp' },
    height: { type: 'integer', minimum: 1, maximum: 90, description: 'In metres.' },
    every: { type: 'string', 'x-type': 'duration', default: '5s', 'x-when': { field: 'mode', in: ['lamp'] } },
    token: { 'x-secret': true, 'x-when': { field: 'mode', in: ['radio'] } },
    targets: { type: 'array', items: { type: 'string', 'x-ref': 'channel' } },
    sectors: { type: 'array', items: { type: 'object', properties: { from: { type: 'integer' }, colour: { type: 'string', enum: ['red', 'green'] } } } },
    lens: { type: 'object', properties: { order: { type: 'integer' }, deep: { type: 'object', properties: { x: { type: 'boolean' } } } } },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    on: { type: 'boolean' },
  },
}
const fields = fieldsOf(schema)
const wants = { kind: 'beacon', name: 'a', fields }
const said = (text: string) => readYAML(text, wants).diagnostics.map((one) => `${one.line}:${one.column} ${one.severity}`)

describe('a document', () => {
  it.each([
    [{}], [{ height: 3 }], [{ height: 3, on: false, labels: { 'a: b': 'yes', c: '' }, targets: ['x', 'null', '1'], every: '1m' }],
    [{ height: 1, sectors: [{ from: 1, colour: 'red' }, {}], lens: { deep: { x: true } }, mode: 'radio', token: { ref: 'env:X' } }],
  ])('comes back as it was: %j', (spec) => {
    const read = readYAML(toYAML('beacon', 'a', spec), wants)
    expect(read.spec).toEqual(spec)
    expect(read.diagnostics.filter((one) => one.severity === 'error')).toEqual([])
  })
  it('says at the right place what is wrong', () => {
    expect(said('kind: beacon\nname: a\nspec:\n  height: x\n')).toEqual(['4:11 warning', '4:11 warning'])
    expect(said('kind: beacon\nname: a\nspec:\n  height: 1\n  hieght: 2\n')).toEqual(['5:11 warning'])
    expect(said('kind: beacon\nname: a\nspec:\n  height: 1\n  sectors:\n    - from: 1\n      colour: blue\n')).toEqual(['7:15 warning'])
    expect(said('kind: beacon\nname: a\nspec:\n  mode: lamp\n')).toEqual(['3:1 warning'])
    expect(said('kind: beacon\nname: a\nspec:\n  height: 1\n  token: x\n')).toEqual(['5:10 warning'])
    expect(said('kind: beacon\nname: b\nspec:\n  height: 1\n')).toEqual(['2:7 error'])
    expect(said('kind: other\nname: a\nspec: {height: 1}\nmore: 1\n')).toEqual(['4:7 error', '1:7 error'])
    expect(said('- a')).toEqual(['1:1 error'])
    expect(said('kind: beacon\nname: a\nspec:\n  a: [1\n').map((one) => one.slice(-5))).toContain('error')
    expect(said('kind: beacon\nname: a\nspec:\n  height: 1\n  height: 2\n').length).toBeGreaterThan(0)
  })
  it('keeps comments, order and style where only something else changed', () => {
    const text = '# ours\nkind: beacon\nname: a\nspec:\n  height: 3 # metres\n  "mode": lamp\n  targets: [x, y] # both\n  labels:\n    z: "1"\n'
    expect(patchYAML(text, { height: 4, mode: 'lamp', targets: ['x', 'y'], labels: { z: '1' } }, wants)).toBe(text.replace('3 #', '4 #'))
    const other = patchYAML(text, { height: 3, targets: ['x', 'z'], on: true }, wants)
    expect(other).toContain('# ours')
    expect(other).toContain('height: 3 # metres')
    expect(readYAML(other, wants).spec).toEqual({ height: 3, targets: ['x', 'z'], on: true })
  })
  it('writes anew what it cannot read', () => {
    expect(patchYAML('kind: [', { height: 1 }, wants)).toBe(toYAML('beacon', 'a', { height: 1 }))
  })
  it('puts faults of the server to their places', () => {
    const text = 'kind: beacon\nname: a\nspec:\n  sectors:\n    - from: 1\n    - from: 2\n  lens:\n    order: 9\n'
    expect(faultsInYAML(text, [{ pointer: '/sectors/1/from', message: '' }, { pointer: '/lens/order', message: '' }, { pointer: '/lens/gone', message: '' }, { pointer: '', message: '' }]).map((one) => [one.line, one.column])).toEqual([[6, 13], [8, 12], [7, 3], [3, 1]])
  })
})

describe('the place of the cursor', () => {
  const at = (text: string) => {
    const offset = text.indexOf('|')
    const place = placeAt(text.replace('|', ''), offset)
    return [place.path.join('.'), place.key, place.typed]
  }
  it.each([
    ['|', ['', undefined, '']],
    ['ki|', ['', undefined, 'ki']],
    ['kind: be|', ['', 'kind', 'be']],
    ['spec:\n  mo|', ['spec', undefined, 'mo']],
    ['spec:\n  mode: |', ['spec', 'mode', '']],
    ['spec:\n  lens:\n    order: 1\n    |', ['spec.lens', undefined, '']],
    ['spec:\n  lens:\n    order: 1\n  h|', ['spec', undefined, 'h']],
    ['spec:\n  lens:\n    deep:\n      x: t|', ['spec.lens.deep', 'x', 't']],
    ['spec:\n  targets:\n    - a\n    - b|', ['spec.targets.*', undefined, 'b']],
    ['spec:\n  targets:\n  - a\n  - b|', ['spec.targets.*', undefined, 'b']],
    ['spec:\n  sectors:\n    - from: 1\n      co|', ['spec.sectors.*', undefined, 'co']],
    ['spec:\n  sectors:\n  - from: 1\n    colour: r|', ['spec.sectors.*', 'colour', 'r']],
    ['spec:\n  sectors:\n    - from: 1\n    - |', ['spec.sectors.*', undefined, '']],
    ['spec:\n\n  # note\n  lens:\n\n    |', ['spec.lens', undefined, '']],
  ])('%j', (text, want) => {
    expect(at(text)).toEqual(want)
  })
})

describe('completion', () => {
  const offers = (text: string, spec: unknown = {}) => {
    const offset = text.indexOf('|')
    const list = complete(text.replace('|', ''), offset, { kind: 'beacon', fields, spec, names: (kind) => (kind === 'channel' ? ['orders', 'rates'] : undefined) })
    return list?.options.map((one) => one.label)
  }
  it.each([
    ['|', ['kind', 'name', 'spec']],
    ['kind: beacon\nn|\nspec:\n', ['name']],
    ['kind: |', ['beacon']],
    ['spec:\n  |', ['mode', 'height', 'every', 'targets', 'sectors', 'lens', 'labels', 'on']],
    ['spec:\n  mode: lamp\n  h|\n  on: true', ['height']],
    ['spec:\n  mode: |', ['lamp', 'radio']],
    ['spec:\n  on: |', ['true', 'false']],
    ['spec:\n  targets:\n    - |', ['orders', 'rates']],
    ['spec:\n  sectors:\n    - |', ['from', 'colour']],
    ['spec:\n  sectors:\n    - from: 1\n      |', ['colour']],
    ['spec:\n  sectors:\n    - colour: g|', ['green']],
    ['spec:\n  lens:\n    |', ['order', 'deep']],
    ['spec:\n  every: |', ['5s']],
    ['spec:\n  labels:\n    |', undefined],
    ['spec:\n  nothing: |', undefined],
  ])('%j', (text, want) => {
    expect(offers(text)).toEqual(want)
  })
  it('offers what applies to the choice that was made', () => {
    expect(offers('spec:\n  mode: radio\n  |', { mode: 'radio' })).toContain('token')
    expect(offers('spec:\n  mode: radio\n  |', { mode: 'radio' })).not.toContain('every')
  })
  it('explains what is under the pointer', () => {
    expect(helpAt('spec:\n  height: 3\n', 10, fields)).toBe('In metres.')
    expect(helpAt('spec:\n  height: 3\n', 0, fields)).toBeUndefined()
  })
})
