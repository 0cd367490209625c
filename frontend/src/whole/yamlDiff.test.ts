import { describe, expect, it } from 'vitest'
import { yamlDiff } from './yamlDiff'

const text = (diff: Parameters<typeof yamlDiff>[0]) => yamlDiff(diff).map((line) => line.sign + line.text)

describe('a difference as YAML', () => {
  it.each([
    ['nothing', [], []],
    ['a value', [{ pointer: '/url', before: 'a', after: 'b' }], ['-url: a', '+url: b']],
    ['one below another, with the place around', [{ pointer: '/breaker/failures', before: 5, after: 7 }], [' breaker:', '-  failures: 5', '+  failures: 7']],
    ['two of one place under one head', [{ pointer: '/tls/ca', after: 'x' }, { pointer: '/tls/name', before: 'y' }], [' tls:', '+  ca: x', '-  name: y']],
    ['an item', [{ pointer: '/security/1', before: 'a', after: 'b' }], [' security:', '-  [1]: a', '+  [1]: b']],
    ['a list as a whole', [{ pointer: '/roles', before: ['a'], after: ['a', 'b'] }], ['-roles:', '-  - a', '+roles:', '+  - a', '+  - b']],
    ['a sealed secret as dots, another as its reference', [{ pointer: '/key', before: { ref: 'sealed:abc' }, after: { ref: 'env:KEY' } }], ['-key: •••', '+key:', '+  ref: env:KEY']],
    ['a key with a slash', [{ pointer: '/headers/a~1b', after: '1' }], [' headers:', '+  a/b: "1"']],
    ['the whole spec', [{ pointer: '', after: { url: 'x' } }], ['+url: x']],
  ])('%s', (_, diff, want) => {
    expect(text(diff)).toEqual(want)
  })
})
