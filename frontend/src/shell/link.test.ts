import { expect, it } from 'vitest'
import { appLink, openLink, resolveLink } from './link'
import { parseHash } from './router'

const mine = { id: 'abc', name: 'Test & bench', fingerprint: 'sha256:00ff' }
const theirs = { id: 'xyz', fingerprint: 'sha256:00ff' }

it.each(['', '/d/outgoing/a%2Fb', '/d/outgoing/erp?tab=history', '/history?from=3&to=4'])('a link to %j opens it in another app', (at) => {
  const link = appLink(mine, '#/c/abc' + at)
  expect(link.startsWith('signalbox://open?')).toBe(true)
  expect(openLink(link)).toBe(true)
  const route = parseHash(location.hash)
  expect(route.path).toEqual(['open'])
  expect(resolveLink([{ id: 'no', fingerprint: 'sha256:11' }, theirs], route.query)).toBe('#/c/xyz' + at)
})

it('opens nothing but places of a cluster that is known', () => {
  expect(resolveLink([], { ca: 'sha256:00ff' })).toBeUndefined()
  expect(resolveLink([theirs], { ca: 'sha256:00ff', at: 'javascript:alert(1)' })).toBe('#/c/xyz')
  expect(openLink('signalbox://connect?url=x')).toBe(false)
  expect(openLink('https://open?x')).toBe(false)
})
