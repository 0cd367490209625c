import { describe, expect, it } from 'vitest'
import { ofBrowser, type Opened } from '../../api/shell'
import { kindOf } from './kind'

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
