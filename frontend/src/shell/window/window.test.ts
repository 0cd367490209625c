import { describe, expect, it } from 'vitest'
import { ofBrowser, type Opened } from '../../api/shell'
import type { Cluster } from '../../api/types'
import { kindOf } from './kind'
import { fromLink, linkTo } from './link'

const files = (root: string, ...named: [path: string, text?: string][]): Opened => ({
  root, skipped: [],
  files: named.map(([path, text = '']) => ofBrowser(new File([text], path.split('/').at(-1) ?? path), path)),
})

describe('what is dropped', () => {
  it.each([
    ['one source', files('', ['hello.ts']), 'package'],
    ['a source in Python', files('', ['hello.py']), 'package'],
    ['a folder with sources', files('hello', ['hello/hello.ts'], ['hello/README.md']), 'package'],
    ['a folder with sources in src', files('hello', ['hello/src/a.ts'], ['hello/package.json']), 'package'],
    ['a folder with settings of a package', files('hello', ['hello/signalbox.yaml'], ['hello/lib/deep/a.ts']), 'package'],
    ['definitions', files('', ['all.yaml'], ['more.YML']), 'definitions'],
    ['a folder of definitions', files('config', ['config/channels/a.yaml'], ['config/tools/x.ts']), 'definitions'],
    ['definitions as JSON', files('', ['a.json', '[{"kind":"channel"}]']), 'definitions'],
    ['JSON that is none', files('', ['a.json', '{']), 'definitions'],
    ['a list of clusters', files('', ['list.json', '{"signalbox":"clusters/1","clusters":[]}']), 'clusters'],
    ['the run file of a node', files('', ['node.json', '{"link":"signalbox://connect?url=x"}']), 'clusters'],
    ['a picture', files('', ['a.png']), undefined],
  ] as const)('%s', async (_, opened, kind) => {
    expect(await kindOf(opened)).toBe(kind)
  })
})

describe('a link to a screen', () => {
  const cluster = { id: 'here', fingerprint: 'sha256:0123456789abcdef' + '00'.repeat(24) } as Cluster
  it('is the same on another machine', () => {
    const link = linkTo(cluster, { path: ['c', 'elsewhere', 'd', 'channel', 'orders/new'], query: { tab: 'yaml' } })
    expect(link).toBe('signalbox://open/0123456789abcdef/d/channel/orders%2Fnew?tab=yaml')
    expect(fromLink(link, [cluster])).toBe('#/c/here/d/channel/orders%2Fnew?tab=yaml')
  })
  it('of a cluster alone', () => {
    const link = linkTo(cluster, { path: ['c', 'here'], query: {} })
    expect(fromLink(link, [cluster])).toBe('#/c/here')
  })
  it('of a cluster that is not in the list leads nowhere', () => {
    expect(fromLink('signalbox://open/fedcba9876543210/d', [cluster])).toBeUndefined()
  })
  it('to connect is for adding a cluster', () => {
    expect(fromLink('signalbox://connect?url=https://x', [cluster])).toBe('#/add?link=signalbox%3A%2F%2Fconnect%3Furl%3Dhttps%3A%2F%2Fx')
  })
})
