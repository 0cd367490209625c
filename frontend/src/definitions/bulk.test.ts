import { expect, it } from 'vitest'
import { ApiError } from '../api/http'
import type { Definition } from '../api/types'
import { runBulk, type Progress } from './bulk'

const rows = ['a', 'b', 'c', 'd'].map((name) => ({ name, kind: 'k', version: 1 }) as Definition)

it('goes on after a refusal and keeps a result for each', async () => {
  let last: Progress | undefined
  await runBulk(rows, async (row) => {
    if (row.name === 'b') throw new ApiError({ type: '', title: '', status: 409, code: 'referenced', detail: 'c uses it' })
    return row.name === 'c' ? undefined : { op: 'delete', kind: 'k', name: row.name, before: {} }
  }, (progress) => { last = progress }, () => false)
  expect(last?.running).toBe(false)
  expect(last?.outcomes).toEqual([{ name: 'a', fault: '' }, { name: 'b', fault: 'c uses it' }, { name: 'c', fault: '' }, { name: 'd', fault: '' }])
  expect(last?.done.map((one) => one.name)).toEqual(['a', 'd'])
})

it('leaves the rest alone when it is stopped, and says so', async () => {
  let count = 0
  let last: Progress | undefined
  await runBulk(rows, async (row) => {
    count++
    return { op: 'delete', kind: 'k', name: row.name, before: {} }
  }, (progress) => { last = progress }, () => count >= 2)
  expect(count).toBe(2)
  expect(last?.outcomes.map((one) => one.fault === '')).toEqual([true, true, false, false])
})
