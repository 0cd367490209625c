import { expect, it } from 'vitest'
import { may, sees } from '../api/role'
import type { Cluster } from '../api/types'
import { href, parseHash } from '../shell/router'
import { worstFirst } from './worst'

const at = '2026-01-01T00:00:00Z'
const cluster = (name: string, more: Partial<Cluster> = {}): Cluster => ({ id: name, name, urls: [], addresses: [], fingerprint: '', protected: false, read_only: false, state: 'up', since: at, signed_in_as: 'ada', role: 'developer', ...more })
const known = (down: number) => ({ at, age_seconds: 0, nodes: [], status: { cluster: '', revision: 1, nodes: { up: 2, down, unknown: 0 }, level: true, odb: { kind: 'sqlite', state: 'up', since: at }, problems: 0, version: '' } })

it('puts the worst cluster first', () => {
  const list = [cluster('well'), cluster('anew', { status: known(0) }), cluster('lame', { status: known(1) }), cluster('unknown', { state: 'unknown' }), cluster('down', { state: 'down' }), cluster('prod', { state: 'down', protected: true })]
  expect(worstFirst(list).map((one) => one.name)).toEqual(['prod', 'down', 'unknown', 'lame', 'anew', 'well'])
})

it('shows what a role may do, and writes nothing in read-only mode', () => {
  expect(may(cluster('a'), 'developer')).toBe(true)
  expect(may(cluster('a'), 'admin')).toBe(false)
  expect(may(cluster('a', { read_only: true }), 'operator')).toBe(false)
  expect(sees(cluster('a', { read_only: true, role: 'admin' }), 'admin')).toBe(true)
  expect(may(cluster('a', { signed_in_as: '' }), 'viewer')).toBe(false)
})

it('keeps names with odd characters in addresses', () => {
  const to = href(['c', 'id', 'd', 'channel', 'a/b c?#%'], { tab: 'yaml', none: undefined })
  expect(parseHash(to)).toEqual({ path: ['c', 'id', 'd', 'channel', 'a/b c?#%'], query: { tab: 'yaml' } })
  expect(parseHash('#/c/%zz').path).toEqual(['c', '%zz'])
})
