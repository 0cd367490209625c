import { beforeEach, expect, it } from 'vitest'
import { fieldsOf } from '../form/model'
import { keepDraft, readDraft } from './draft'
import { specFaults } from './save'

const fields = fieldsOf({ properties: { url: { type: 'string' }, key: { 'x-secret': true } } })
beforeEach(() => localStorage.clear())

it('keeps an unsaved edit, but never a secret', () => {
  keepDraft(['c', 'k', 'n'], fields, { spec: { url: 'b', key: 'hunter2' }, base: { url: 'a', key: { ref: 'sealed:x' } }, version: 3 })
  expect(readDraft('c', 'k', 'n')).toMatchObject({ spec: { url: 'b', key: { ref: 'sealed:x' } }, version: 3 })
  expect(JSON.stringify({ ...localStorage })).not.toContain('hunter2')
})

it.each([
  ['a number in place of a text', { url: 'b', key: 4711 }],
  ['an object that is no reference', { url: 'b', key: { value: 4711 } }],
  ['another shape of what is around it', { url: 'b', users: { key: '4711' } }],
  ['an entry of a list', { url: 'b', users: [{ name: 'ann', key: '4711' }] }],
  ['a mistyped name', { url: 'b', kye: '4711' }],
])('keeps no secret that was typed as %s', (_, spec) => {
  const kind = fieldsOf({ properties: { url: { type: 'string' }, key: { 'x-secret': true }, users: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' }, key: { 'x-secret': true } } } } } })
  keepDraft(['c', 'k', 'n'], kind, { spec, base: { url: 'a' }, version: 3 })
  expect(readDraft('c', 'k', 'n')).toMatchObject({ spec: { url: 'b' } })
  expect(JSON.stringify({ ...localStorage })).not.toContain('4711')
})

it('forgets an edit that was taken back', () => {
  keepDraft(['c', 'k', 'n'], fields, { spec: { url: 'b' }, base: { url: 'a' }, version: 3 })
  keepDraft(['c', 'k', 'n'], fields, { spec: { url: 'a' }, base: { url: 'a' }, version: 3 })
  expect(readDraft('c', 'k', 'n')).toBeNull()
})

it('does not trust what stands in the store', () => {
  localStorage.setItem('signalbox.draft.c/k/n', '{"spec":"oops"')
  expect(readDraft('c', 'k', 'n')).toBeNull()
  localStorage.setItem('signalbox.draft.c/k/n', '{"spec":[],"version":"1"}')
  expect(readDraft('c', 'k', 'n')).toBeNull()
})

it('reads the faults of a write and of a dry run alike', () => {
  const problem = { type: '', title: '', status: 422, code: 'invalid' }
  expect(specFaults({ ...problem, errors: [{ pointer: '/spec/url', message: 'm' }, { pointer: '/name', message: 'n' }, { pointer: '/spec', message: 'w' }] }, false))
    .toEqual([{ pointer: '/url', message: 'm' }, { pointer: '#name', message: 'n' }, { pointer: '', message: 'w' }])
  expect(specFaults({ ...problem, errors: [{ pointer: '/url', message: 'draft.json, document 1 (outgoing/b): is bad' }] }, true)).toEqual([{ pointer: '/url', message: 'is bad' }])
})
