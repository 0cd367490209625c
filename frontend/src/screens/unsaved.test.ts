import { expect, it } from 'vitest'
import type { Node } from '../api/types'
import { unsaved } from './unsaved'

const node = (name: string, control: string, local = false) => ({ name, control, local }) as Node
const urls = (nodes: Node[], saved: string[]) => unsaved(nodes, saved).map((one) => one.url)

it.each<[string, Node[], string[], string[]]>([
  ['the other nodes', [node('a', 'https://a:8183', true), node('b', 'https://b:8183')], ['https://a:8183'], ['https://b:8183']],
  ['saved ones, however they are written', [node('b', 'https://B.example:8183')], ['https://b.example:8183/'], []],
  ['the answering node under another name', [node('a', 'https://10.0.0.1:8183', true)], ['https://a.example:8183'], []],
  ['a node that never ran', [node('b', '')], ['https://a:8183'], []],
  ['what is no address', [node('b', 'javascript:alert(1)'), node('c', 'nonsense')], ['https://a:8183'], []],
  ['the own box of another machine', [node('b', 'https://127.0.0.1:8184'), node('c', 'https://[::1]:8185')], ['https://a:8183'], []],
  ['nodes of this box', [node('b', 'https://127.0.0.1:8184')], ['https://127.0.0.1:8183'], ['https://127.0.0.1:8184']],
  ['one address of two names', [node('b', 'https://b:8183'), node('c', 'https://b:8183')], ['https://a:8183'], ['https://b:8183']],
])('%s', (_, nodes, saved, want) => {
  expect(urls(nodes, saved)).toEqual(want)
})
