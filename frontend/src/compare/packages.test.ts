import { describe, expect, it } from 'vitest'
import { compareStates } from './compare'
import { codeOf } from './packages'

const service = (name: string, hash: string) => ({ id: name, kind: 'service', name, version: 1, spec: { engine: 'typescript', package: 'p', hash } }) as never
const copy = (kind: string, object: string, spec: unknown) => ({ name: `${kind}/${object}`, kind, object, spec })

describe('code that goes along', () => {
  const all = compareStates([service('a', 'new'), service('b', 'new'), service('c', 'known')], [service('a', 'old'), service('x', 'known')])
  it('is that of each hash once that the other cluster has not', () => {
    expect(codeOf([copy('service', 'a', { hash: 'new' }), copy('service', 'b', { hash: 'new' }), copy('service', 'c', { hash: 'known' })], all)).toEqual([{ service: 'a', hash: 'new' }])
  })
  it('is none of what has no code', () => {
    expect(codeOf([copy('channel', 'a', { hash: 'new' }), copy('service', 'go', { engine: 'go' }), copy('service', 'odd', 'text')], all)).toEqual([])
  })
})
