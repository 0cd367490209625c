import { expect, it } from 'vitest'
import type { Cluster } from '../api/types'
import { chips } from './homeChips'
import { columnsOfHome } from './homeColumns'
import { connectLink } from './link'

const at = '2026-01-01T00:00:00Z'
const cluster = (name: string, more: Partial<Cluster> = {}): Cluster => ({ id: name, name, urls: [], addresses: [], fingerprint: '', protected: false, read_only: false, state: 'up', since: at, signed_in_as: 'ada', ...more })
const status = (problems: number, level: boolean): NonNullable<Cluster['status']> => ({
  at, age_seconds: 0, nodes: [],
  status: {
    cluster: '', revision: 7, nodes: { up: 2, down: 1, unknown: 0 }, level, odb: { kind: 'sqlite', state: 'up', since: at }, problems, version: '1',
    requests: { coverage: { nodes: 2, of: 3, missing: ['c'] }, recent: { seconds: 60, count: 600, errors: 6, refused: 0, per_second: 10, errors_per_second: 0.1, mean_ms: 1, p50_ms: 1, p95_ms: 2, p99_ms: 12.5 } },
    last_change: { revision: 7, at, by: 'ada' },
  },
})

it('counts what is wrong, with the clusters behind it', () => {
  const all = [cluster('a', { status: status(2, true) }), cluster('b', { state: 'down', status: status(3, false) }), cluster('c', { state: 'unknown', signed_in_as: '' })]
  const found = Object.fromEntries(chips(all).map((one) => [one.name, [one.n, one.rows.map((row) => row.id).join()]]))
  expect(found).toEqual({ down: [1, 'b'], unknown: [1, 'c'], problems: [5, 'a,b'], level: [1, 'b'], signedOut: [1, 'c'], up: [1, 'a'] })
})

it('has a column for each figure, and none for what was never read', () => {
  const columns = new Map(columnsOfHome().map((column) => [column.id, column.value]))
  const read = cluster('a', { status: status(2, true) })
  const values = (row: Cluster) => ['nodes', 'problems', 'rate', 'errors', 'p99', 'revision', 'change', 'backup'].map((id) => columns.get(id)?.(row))
  expect(values(read)).toEqual([2, 2, 10, 0.1, 12.5, 7, at, undefined])
  expect(values(cluster('b'))).toEqual(Array(8).fill(undefined))
})

it('makes a link of what announced itself', () => {
  const link = connectLink({ name: 'a & b', urls: ['https://10.0.0.1:8183', 'https://[::1]:1'], fingerprint: 'sha256:ab' })
  const url = new URL(link)
  expect([url.searchParams.getAll('url'), url.searchParams.get('ca'), url.searchParams.get('cluster')]).toEqual([['https://10.0.0.1:8183', 'https://[::1]:1'], 'sha256:ab', 'a & b'])
})
