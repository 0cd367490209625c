import { expect, it } from 'vitest'
import { fieldsOf } from './model'
import { veiled, withoutSecrets } from './secrets'

const fields = fieldsOf({ properties: { id: { type: 'string' }, pin: { 'x-secret': true }, keys: { type: 'array', items: { 'x-secret': true } } } })

it('leaves what is in clear out of what is kept, and references in', () => {
  expect(withoutSecrets(fields, { id: 'a', pin: 'hunter2', keys: ['x', { ref: 'env:KEY' }] })).toEqual({ id: 'a', keys: [{ ref: 'env:KEY' }] })
  const none = { id: 'a', pin: { ref: 'env:PIN' } }
  expect(withoutSecrets(fields, none)).toBe(none)
  expect(withoutSecrets(fields, [1])).toEqual([1])
})

it('hides the secrets in what is shown as a whole', () => {
  const secrets = new Set(['/keys/0', '/keys/1', '/pin'])
  expect(veiled('/keys', ['x', { ref: 'env:KEY' }], secrets, '•••')).toEqual(['•••', { ref: 'env:KEY' }])
  expect(veiled('/pin', 4711, secrets, '•••')).toBe('•••')
  expect(veiled('/id', 'a', secrets, '•••')).toBe('a')
})
