import { beforeEach, describe, expect, it } from 'vitest'
import { compared, keepCases, maxCases, ran, readCases, saved, type Outcome } from './cases'
import { changedFiles, draftOf, firstFile, inForce, mergeFiles, nameIn, pathFault, relative, withDraft, type Files } from './files'
import { diffLines, hunks, linesOf, mergeText } from './lines'
import { template } from './template'

const signs = (a: string, b: string) => diffLines(a, b).map((line) => line.sign + line.text).join('|')

describe('lines', () => {
  it.each([
    ['a\nb\nc\n', 'a\nb\nc\n', ' a| b| c'],
    ['a\nb\nc\n', 'a\nx\nc\n', ' a|-b|+x| c'],
    ['', 'a\n', '+a'],
    ['a\n', '', '-a'],
    ['a\nb\n', 'b\nc\n', '-a| b|+c'],
    ['a\nb\nc\na\nb\nb\na\n', 'c\nb\na\nb\na\nc\n', undefined],
  ])('%j to %j', (a, b, want) => {
    if (want) expect(signs(a, b)).toBe(want)
    const lines = diffLines(a, b)
    expect(lines.filter((line) => line.sign !== '+').map((line) => line.text)).toEqual(linesOf(a))
    expect(lines.filter((line) => line.sign !== '-').map((line) => line.text)).toEqual(linesOf(b))
  })
  it('holds for texts made by chance', () => {
    let seed = 7
    const random = (n: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n
    for (let round = 0; round < 300; round++) {
      const make = () => Array.from({ length: random(12) }, () => 'abc'[random(3)]).join('\n') + '\n'
      const [a, b] = [make(), make()]
      const lines = diffLines(a, b)
      expect(lines.filter((line) => line.sign !== '+').map((line) => line.text)).toEqual(linesOf(a))
      expect(lines.filter((line) => line.sign !== '-').map((line) => line.text)).toEqual(linesOf(b))
    }
  })
  it('is quick with two large texts that share nothing', () => {
    const text = (word: string) => Array.from({ length: 20_000 }, (_, i) => word + i).join('\n')
    const began = performance.now()
    expect(diffLines(text('a'), text('b'))).toHaveLength(40_000)
    expect(performance.now() - began).toBeLessThan(3000)
  })
  it('shows a few lines around and where it leaves some out', () => {
    const text = Array.from({ length: 20 }, (_, i) => `line ${i}`)
    const shown = hunks(diffLines(text.join('\n'), text.with(10, 'new').join('\n')))
    expect(shown.map((line) => line?.sign ?? '…').join('')).toBe('…   -+   …')
    expect(shown[1]?.before).toBe(8)
  })
  it('merges what does not touch', () => {
    const base = 'a\nb\nc\nd\ne\n'
    expect(mergeText(base, 'A\nb\nc\nd\ne\n', 'a\nb\nc\nd\nE\n')).toBe('A\nb\nc\nd\nE\n')
    expect(mergeText(base, 'a\nX\nc\nd\ne\n', 'a\nY\nc\nd\ne\n')).toBeUndefined()
    expect(mergeText(base, 'a\nX\nc\nd\ne\n', 'a\nX\nc\nd\ne\n')).toBe('a\nX\nc\nd\ne\n')
    expect(mergeText(base, base, 'z\n')).toBe('z\n')
    expect(mergeText(base, 'a\nc\nd\ne\n', 'a\nb\nc\nd\n')).toBe('a\nc\nd\n')
  })
})

describe('files', () => {
  const base: Files = { 'a.ts': { text: '1\n2\n3\n4\n' }, 'b.ts': { text: 'x' }, 'c.bin': { base64: 'AAA=' } }
  it('keeps only what differs in a draft, and gives it back', () => {
    const mine: Files = { 'a.ts': { text: 'new' }, 'c.bin': { base64: 'AAA=' }, 'd.ts': { text: '' } }
    const draft = draftOf(base, mine)
    expect(draft).toEqual({ 'a.ts': { text: 'new' }, 'b.ts': null, 'd.ts': { text: '' } })
    expect(withDraft(base, draft)).toEqual(mine)
    expect(changedFiles(base, base)).toEqual([])
  })
  it('merges files', () => {
    const theirs: Files = { ...base, 'a.ts': { text: '0\n2\n3\n4\n' }, 'e.ts': { text: 'theirs' } }
    const mine: Files = { ...base, 'a.ts': { text: '1\n2\n3\n5\n' }, 'b.ts': { text: 'y' } }
    expect(mergeFiles(base, theirs, mine)).toEqual({ files: { ...theirs, 'a.ts': { text: '0\n2\n3\n5\n' }, 'b.ts': { text: 'y' } }, conflicts: [] })
    expect(mergeFiles(base, { ...base, 'b.ts': { text: 'z' } }, { ...base, 'b.ts': { text: 'y' } }).conflicts).toEqual(['b.ts'])
    const { 'b.ts': _, ...without } = base
    expect(mergeFiles(base, base, without).files).toEqual(without)
  })
  it.each([['', 'code.path.empty'], ['/a', 'code.path.bad'], ['a/../b', 'code.path.bad'], ['a//b', 'code.path.bad'], ['a\\b', 'code.path.bad'], ['a.ts', 'code.path.taken'], ['src/new.ts', undefined]])('%j as a path', (path, want) => {
    expect(pathFault(path, base)).toBe(want)
  })
  it('cuts the folder off what was picked', () => {
    expect(relative([{ path: 'orders/src/a.ts' }, { path: 'orders/signalbox.yaml' }], 'orders')).toEqual(['src/a.ts', 'signalbox.yaml'])
    expect(relative([{ path: 'a.ts' }], '')).toEqual(['a.ts'])
  })
  it('knows names, first files and what is in force', () => {
    expect(nameIn({ 'signalbox.yaml': { text: '# x\nname: "shop.orders" # y\n' } })).toBe('shop.orders')
    expect(nameIn({ 'signalbox.yaml': { text: 'name: plain   # y\n' } })).toBe('plain')
    expect(firstFile({ 'signalbox.yaml': {}, 'src/a.test.ts': {}, 'src/b.ts': {} }, undefined)).toBe('src/b.ts')
    const service = { name: 's', package: 'p', hash: 'h', engine: 'typescript', enabled: true, running: true, in_flight: 0 }
    expect(inForce([service], 'p')).toEqual({ hash: 'h', services: ['s'] })
    expect(inForce([service], 'q')).toBeUndefined()
  })
  it('starts from what the command line writes', () => {
    const files = template('orders')
    expect(Object.keys(files).sort()).toEqual(['signalbox.yaml', 'src/hello.test.ts', 'src/hello.ts'])
    expect(files['src/hello.ts']?.text).toContain('name: "orders.hello"')
  })
})

describe('cases', () => {
  beforeEach(() => localStorage.clear())
  const how = (answer: unknown, more: Partial<Outcome> = {}): Outcome => ({ ok: true, ms: 3, at: 'now', cid: 'c', note: '200', answer, ...more })
  it('are kept by cluster and service, and bounded', () => {
    const many = Array.from({ length: maxCases + 5 }, (_, i) => ({ name: `n${i}`, input: i, saved: 'now' }))
    keepCases('a', 's', many)
    expect(readCases('a', 's')).toHaveLength(maxCases)
    expect(readCases('b', 's')).toEqual([])
    keepCases('a', 's', [])
    expect(localStorage.length).toBe(0)
  })
  it('are what strangers wrote when they are read', () => {
    localStorage.setItem('signalbox.cases.a/s', '[{"name":1}]')
    expect(readCases('a', 's')).toEqual([])
  })
  it('remember how they went last, as long as the input stays', () => {
    let cases = saved([], 'one', { x: 1 }, 'now')
    cases = ran(cases, 'one', how({ y: 2 }))
    expect(cases[0]?.last?.answer).toEqual({ y: 2 })
    expect(saved(cases, 'one', { x: 1 }, 'later')[0]?.last).toBeDefined()
    expect(saved(cases, 'one', { x: 2 }, 'later')[0]?.last).toBeUndefined()
    expect(ran(cases, 'one', how('x'.repeat(30_000)))[0]?.last).toMatchObject({ cut: true, ok: true })
  })
  it('compare with the last time', () => {
    expect(compared(undefined, how(1))).toBe('first')
    expect(compared(how({ a: 1, b: 2 }), how({ b: 2, a: 1 }))).toBe('same')
    expect(compared(how(1), how(2))).toBe('other')
    expect(compared(how(1), how(1, { ok: false, note: 'timeout' }))).toBe('other')
    expect(compared(how(undefined, { cut: true }), how(1))).toBe('unknown')
  })
})
