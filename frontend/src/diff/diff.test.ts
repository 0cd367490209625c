import { describe, expect, it } from 'vitest'
import { decide, diff, merge, same } from './diff'

describe('diff', () => {
  it.each([
    ['nothing', { a: 1 }, { a: 1 }, []],
    ['a value', { a: 1 }, { a: 2 }, [{ pointer: '/a', before: 1, after: 2 }]],
    ['set and not set', { a: 1 }, { b: 2 }, [{ pointer: '/a', before: 1, after: undefined }, { pointer: '/b', before: undefined, after: 2 }]],
    ['a nested value', { o: { x: 1, y: 2 } }, { o: { x: 1, y: 3 } }, [{ pointer: '/o/y', before: 2, after: 3 }]],
    ['an object that is new', {}, { o: { x: 1 } }, [{ pointer: '/o/x', before: undefined, after: 1 }]],
    ['an item', { l: [1, 2] }, { l: [1, 3] }, [{ pointer: '/l/1', before: 2, after: 3 }]],
    ['a longer list as a whole', { l: [1] }, { l: [1, 2] }, [{ pointer: '/l', before: [1], after: [1, 2] }]],
    ['a secret as one value', { s: { ref: 'sealed:a' } }, { s: { ref: 'sealed:b' } }, [{ pointer: '/s', before: { ref: 'sealed:a' }, after: { ref: 'sealed:b' } }]],
  ])('%s', (_, before, after, want) => {
    expect(diff(before, after)).toEqual(want)
  })
  it('does not mind the order of keys', () => {
    expect(same({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 })).toBe(true)
    expect(same([], {})).toBe(false)
  })
})

describe('merge', () => {
  const base = { url: 'a', timeout: '1s', tls: { ca: 'x' }, list: [1, 2] }
  it('keeps what both changed in different places', () => {
    const result = merge(base, { ...base, timeout: '2s' }, { ...base, url: 'b', tls: { ca: 'y' } })
    expect(result.conflicts).toEqual([])
    expect(result.merged).toEqual({ url: 'b', timeout: '2s', tls: { ca: 'y' }, list: [1, 2] })
  })
  it('asks where both changed one place', () => {
    const result = merge(base, { ...base, url: 'theirs' }, { ...base, url: 'mine' })
    expect(result.conflicts).toEqual([{ pointer: '/url', base: 'a', theirs: 'theirs', mine: 'mine' }])
    expect(decide(result, new Map())).toMatchObject({ url: 'theirs' })
    expect(decide(result, new Map([['/url', true]]))).toMatchObject({ url: 'mine' })
  })
  it('asks for the whole when one changed inside what the other took away', () => {
    const result = merge(base, { url: 'a', timeout: '1s', list: [1, 2] }, { ...base, list: [1, 2, 3], tls: { ca: 'z' } })
    expect(result.conflicts.map((one) => one.pointer)).toEqual(['/tls/ca'])
    expect(decide(result, new Map([['/tls/ca', true]]))).toEqual({ url: 'a', timeout: '1s', list: [1, 2, 3], tls: { ca: 'z' } })
  })
  it('sees no conflict in the same change', () => {
    const result = merge(base, { ...base, url: 'b' }, { ...base, url: 'b' })
    expect(result.conflicts).toEqual([])
    expect(result.merged).toMatchObject({ url: 'b' })
  })
  it('asks about a list that one made longer and the other changed inside', () => {
    const result = merge(base, { ...base, list: [1, 2, 3] }, { ...base, list: [9, 2] })
    expect(result.conflicts.map((one) => one.pointer)).toEqual(['/list'])
  })
})
