import { describe, expect, it } from 'vitest'
import type { Change } from '../api/types'
import { grouped, services, stopping } from './groups'

const change = (op: Change['op'], kind: string, name: string): Change => ({ op, kind, name, diff: [] })
const all = [change('create', 'outgoing', 'a'), change('delete', 'channel', 'b'), change('update', 'service', 'c'), change('delete', 'security', 'd'), { ...change('rename', 'service', 'e'), new_name: 'f' }]

describe('the changes of a plan', () => {
  it('come by what they do, deletes first', () => {
    expect(grouped(all).map((group) => [group.op, group.changes.length])).toEqual([['delete', 2], ['rename', 1], ['update', 1], ['create', 1]])
    expect(grouped([])).toEqual([])
  })
  it('tell which services change and what stops', () => {
    expect(services(all)).toEqual(['c', 'f'])
    expect(stopping(all).map((one) => one.name)).toEqual(['b'])
  })
})
