import { expect, it } from 'vitest'
import type { Definition } from '../api/types'
import { fieldsOf } from '../form/model'
import { along, missing, referencesOf } from './references'

const channel = fieldsOf({
  properties: {
    path: { type: 'string' }, service: { type: 'string', 'x-ref': 'service' },
    security: { type: 'array', items: { type: 'string', 'x-ref': 'security' } },
    deep: { type: 'object', properties: { outgoing: { type: 'string', 'x-ref': 'outgoing' } } },
  },
})
const service = fieldsOf({ properties: { uses: { type: 'array', items: { type: 'string', 'x-ref': 'outgoing' } } } })
const fields = new Map([['channel', channel], ['service', service]])
const one = (kind: string, name: string, spec: unknown): Definition => ({ id: name, kind, name, version: 1, revision: 1, spec, updated: '' })
const orders = one('channel', 'orders', { path: '/o', service: 'orders.create', security: ['partners', 'ours'], deep: { outgoing: 'erp' } })

it('finds references in fields, lists and below', () => {
  expect(referencesOf(channel, orders.spec)).toEqual(['service/orders.create', 'security/partners', 'security/ours', 'outgoing/erp'])
  expect(referencesOf(channel, { service: '' })).toEqual([])
})

it('names what is missing, and takes along what the first cluster has, with what that needs', () => {
  const there = new Set(['security/ours', 'outgoing/erp'])
  expect(missing([orders], fields, there)).toEqual(['security/partners', 'service/orders.create'])
  const all = new Map([one('service', 'orders.create', { uses: ['db', 'erp'] }), one('outgoing', 'db', {})].map((found) => [found.kind + '/' + found.name, found]))
  expect(along([orders], all, fields, there).map((found) => found.name)).toEqual(['orders.create', 'db'])
})
