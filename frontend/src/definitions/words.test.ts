import { expect, it } from 'vitest'
import { diff } from '../diff/diff'
import type { Field } from '../form/model'
import { changeWords, setWords } from './words'

const words = (before: unknown, after: unknown, secrets: string[] = []) => setWords('outgoing', 'erp', after, diff(before, after), new Set(secrets)).slice(3)

it.each([
  ['a text', {}, { url: 'https://x y' }, ['url=https://x y']],
  ['numbers and switches', {}, { port: 5, on: false }, ['on=false', 'port=5']],
  ['inside an object and a list', { b: { n: 1 }, l: [{ a: 1 }] }, { b: { n: 2 }, l: [{ a: 2 }] }, ['b.n=2', 'l.0.a=2']],
  ['what was taken away', { timeout: '5s' }, {}, ['timeout:=null']],
  ['a list as a whole', { l: ['a'] }, { l: ['a', 'b,c'] }, ['l:=["a","b,c"]']],
  ['texts that mean something else to the command', {}, { a: '@file', b: '-', c: '' }, ['a:="@file"', 'b:="-"', 'c:=""']],
  ['a key that no path spells', { h: { 'X.Y': '1' } }, { h: { 'X.Y': '2', z: '3' } }, ['h:={"X.Y":"2","z":"3"}', 'h.z=3']],
  ['a reference to a secret', {}, { p: { ref: 'env:PASS' } }, ['p=env:PASS']],
  ['a sealed secret', {}, { p: { ref: 'sealed:abc' } }, ['p:={"ref":"sealed:abc"}']],
])('%s', (_, before, after, want) => {
  expect(words(before, after)).toEqual(want)
})

it('asks for a secret in clear in place of showing it', () => {
  expect(words({}, { password: 'hunter2' }, ['/password'])).toEqual(['password=-'])
})

it('asks for secrets inside of what is set as a whole', () => {
  expect(words({ users: [] }, { users: [{ name: 'ann', key: 'hunter2' }] }, ['/users/0/key'])).toEqual(['users:=[{"name":"ann","key":null}]', 'users.0.key=-'])
  expect(words({}, { password: 4711 }, ['/password'])).toEqual(['password=-'])
})

it('says why', () => {
  expect(setWords('a', 'b', {}, [], new Set(), 'because')).toEqual(['set', 'a', 'b', '--reason', 'because'])
})

it('shows no secret inside of a list that is set of many', () => {
  const fields = [{ name: 'logins', type: 'list', item: { name: '', type: 'object', fields: [{ name: 'password', type: 'secret' }] } }] as unknown as Field[]
  const words = changeWords(fields, { kind: 'outgoing', name: 'a', spec: {} }, { logins: [{ password: 'hunter2' }] })
  expect(JSON.stringify(words)).not.toContain('hunter2')
  expect(words).toContain('logins.0.password=-')
})
