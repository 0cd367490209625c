import { describe, expect, it } from 'vitest'
import type { Definition } from '../api/types'
import { compareStates, copies, masked, maskedDiff, replaced, sealedIn, secretPlaces, telling, withoutClear, type SecretChoice } from './compare'

const at = '2026-01-01T00:00:00Z'
const one = (name: string, spec: unknown, kind = 'outgoing'): Definition => ({ id: kind + name, kind, name, version: 1, revision: 1, spec, updated: at })
const sealed = (text: string) => ({ ref: 'sealed:o1.' + text })

describe('two clusters', () => {
  it('are compared object by object, what differs first', () => {
    const a = [one('same', { url: 'x' }), one('changed', { url: 'a', timeout: '1s' }), one('mine', {}), one('secret', { password: sealed('a') })]
    const b = [one('same', { url: 'x' }), one('changed', { url: 'b' }), one('theirs', {}), one('secret', { password: sealed('b') })]
    expect(compareStates(a, b).map((row) => [row.name, row.is, row.places, row.sealed])).toEqual([
      ['changed', 'differs', 2, 0], ['mine', 'onlyA', 0, 0], ['theirs', 'onlyB', 0, 0], ['same', 'same', 0, 0], ['secret', 'same', 0, 1],
    ])
  })
  it('tell a sealed secret from a reference, and never show a cipher text', () => {
    const [row] = compareStates([one('s', { p: sealed('abc') })], [one('s', { p: { ref: 'env:P' } })])
    expect(row?.is).toBe('differs')
    expect(JSON.stringify(maskedDiff({ p: sealed('abc') }, { p: { ref: 'env:P' } }))).not.toContain('abc')
    expect(masked({ l: [sealed('abc')] })).toEqual({ l: [{ ref: 'sealed:…' }] })
    expect(sealedIn({ a: { 'b/c': sealed('x') }, l: [1, sealed('y')] })).toEqual(['/a/b~1c', '/l/1'])
  })
  it('of 5,000 definitions each are compared without a wait', () => {
    const many = (x: string) => Array.from({ length: 5000 }, (_, i) => one(`n${i}`, { url: `http://${x}/${i}`, password: sealed(x) }))
    const begin = performance.now()
    expect(compareStates(many('a'), many('b')).length).toBe(5000)
    expect(performance.now() - begin).toBeLessThan(5000)
  })
})

describe('a copy', () => {
  const a = one('db', { dsn: 'postgres://test-db:5432/x', user: { ref: 'env:TEST_USER' }, password: sealed('a'), key: sealed('k'), list: ['test-db:5432'] })
  const b = one('db', { dsn: 'postgres://prod-db:5432/x', password: sealed('b') })
  const rows = compareStates([a], [b])
  it('offers what the other cluster likely has otherwise', () => {
    expect(telling([a.spec])).toEqual(['env:TEST_USER', 'postgres://test-db:5432', 'test-db:5432'])
  })
  it('replaces in every text, and leaves sealed secrets alone', () => {
    expect(replaced({ a: 'test-db', l: ['x test-db'], p: sealed('test-db'), n: 3 }, [{ find: 'test-db', put: 'prod' }, { find: '', put: 'never' }])).toEqual({ a: 'prod', l: ['x prod'], p: sealed('test-db'), n: 3 })
  })
  it('keeps the secret of the other cluster, and asks where it has none', () => {
    const { copied, open } = copies(rows, [{ find: 'TEST_', put: 'PROD_' }], new Map())
    expect(copied[0]?.spec).toMatchObject({ password: sealed('b'), user: { ref: 'env:PROD_USER' } })
    expect(open.map((place) => place.pointer)).toEqual(['/key'])
    expect(secretPlaces(rows).map((place) => place.kept)).toEqual([true, false])
  })
  it('takes a reference or a new value, and the command has no secret in clear', () => {
    const choices = new Map<string, SecretChoice>([['outgoing/db#/key', { as: 'new', text: 'hunter2hunter2' }], ['outgoing/db#/password', { as: 'ref', text: 'env:DB_PASSWORD' }]])
    const { copied, open } = copies(rows, [], choices)
    expect(open).toEqual([])
    expect(copied[0]?.spec).toMatchObject({ key: 'hunter2hunter2', password: { ref: 'env:DB_PASSWORD' } })
    const line = withoutClear(copied, secretPlaces(rows), choices)
    expect(JSON.stringify(line)).not.toContain('hunter2')
    expect(line[0]?.spec).toMatchObject({ key: { ref: 'env:SECRET_1' } })
  })
  it('refuses a reference that is none', () => {
    expect(copies(rows, [], new Map([['outgoing/db#/key', { as: 'ref', text: 'hunter2' }]])).open.length).toBe(1)
  })
  it('never carries what one cluster sealed to another', () => {
    expect(JSON.stringify(copies(rows, [], new Map([['outgoing/db#/key', { as: 'new', text: 'x' }]])).copied)).not.toContain('o1.a')
  })
})
