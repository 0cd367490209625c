import { describe, expect, it, vi } from 'vitest'
import type { Problem } from '../api/types'
import { countOf, fits, lineOf, places, read, withFiles } from './documents'

const text = `kind: outgoing
name: a
spec:
  url: nope
  tls:
    ca: x
---
# the second
kind: outgoing
name: b
spec: {}
`
const problem = (...errors: [string, string][]): Problem => ({ type: 'about:blank', title: 'x', status: 422, code: 'invalid', detail: 'two faults', errors: errors.map(([pointer, message]) => ({ pointer, message })) })
const held = [{ path: 'b.yaml', text }, { path: 'sub/b.yaml', text }]

describe('faults of files', () => {
  it('come with file, document, definition and line', () => {
    expect(places(problem(['/url', 'sub/b.yaml, document 1 (outgoing/a): is "nope"; an address is needed']), held)).toEqual([
      { path: 'sub/b.yaml', document: 1, key: 'outgoing/a', pointer: '/url', line: 4, column: 3, message: 'is "nope"; an address is needed' },
    ])
  })
  it('of form have the line that the server found', () => {
    expect(places(problem(['/documents/0/text', 'read b.yaml: line 3, column 7: could not find the end']), held)).toEqual([
      { path: 'b.yaml', pointer: '', line: 3, column: 7, message: 'could not find the end' },
    ])
  })
  it('of a document as a whole stand where it begins', () => {
    expect(places(problem(['/documents/0/text', 'read b.yaml, document 2: there is no field "extra"']), held)[0]).toMatchObject({ document: 2, line: 11, message: 'there is no field "extra"' })
    expect(places(problem(['', 'b.yaml, document 2 (outgoin/b): there is no kind']), held)[0]).toMatchObject({ key: 'outgoin/b' })
  })
  it('of nobody knows where are shown as they are', () => {
    expect(places(problem(['/x', 'of something else']), held)).toEqual([{ pointer: '/x', message: 'of something else' }])
    expect(places({ ...problem(), detail: 'too large' }, held)).toEqual([{ pointer: '', message: 'too large' }])
  })
})

describe('the line of a place', () => {
  it.each([
    ['a field', 1, '/tls/ca', 6],
    ['one that is not there stands at what it would be in', 1, '/tls/name', 5],
    ['the second document', 2, '/url', 11],
    ['the whole spec', 1, '', 3],
  ])('%s', (_, document, pointer, line) => {
    expect(lineOf(text, document, pointer)?.line).toBe(line)
  })
  it('is found in JSON lists', () => {
    expect(lineOf('[\n {"kind":"a","name":"x","spec":{}},\n {"kind":"a","name":"y",\n  "spec":{"l":[1,\n 2]}}]', 2, '/l/1')?.line).toBe(5)
  })
  it('is nowhere in what has no such document', () => {
    expect(lineOf(text, 3, '')).toBeUndefined()
  })
})

describe('files', () => {
  it('fit by their names', () => {
    expect(['a.yaml', 'a.YML', 'x/a.json', 'a.ts', 'signalbox.yaml', 'x/signalbox.yaml', 'a.yaml.bak'].map(fits)).toEqual([true, true, true, false, false, false, false])
  })
  it('of one path replace each other', () => {
    expect(withFiles([{ path: 'a', text: '1' }, { path: 'b', text: '1' }], [{ path: 'c', text: '2' }, { path: 'a', text: '2' }])).toEqual([{ path: 'a', text: '2' }, { path: 'b', text: '1' }, { path: 'c', text: '2' }])
  })
  it('tell how many definitions they hold', () => {
    expect(countOf(text)).toBe(2)
    expect(countOf('[{"kind":"a"},{"kind":"b"}]')).toBe(2)
    expect(countOf('a: [')).toBeUndefined()
  })
})

describe('files that are read', () => {
  const file = (path: string, size: number) => {
    const text = vi.fn(() => Promise.resolve('kind: outgoing'))
    return { name: path, path, size, text, content: () => Promise.resolve(new Blob()) }
  }
  it('are those that there is room for; the others are named with the reason, and not read', async () => {
    const files = [file('a.yaml', 20 << 20), file('b.yaml', 20 << 20), file('notes.txt', 1), file('c.json', 12 << 20)]
    const { more, left } = await read(files, [])
    expect(more.map((one) => one.path)).toEqual(['a.yaml', 'c.json'])
    expect(left).toEqual(['b.yaml: with it there would be more than 32 MiB', 'notes.txt: no definitions'])
    expect(files.map((one) => one.text.mock.calls.length)).toEqual([1, 0, 0, 1])
  })
  it('share the room with what is held, but for what they replace', async () => {
    const held = [{ path: 'a.yaml', text: 'x'.repeat(20 << 20) }]
    expect((await read([file('b.yaml', 20 << 20)], held)).left).toHaveLength(1)
    expect((await read([file('a.yaml', 20 << 20)], held)).left).toEqual([])
  })
})
