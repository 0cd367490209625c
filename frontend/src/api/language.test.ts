import { describe, expect, it } from 'vitest'
import { completionsOf, faultsOf, lspPlace } from './language'

describe('the language server', () => {
  it('counts as people do', () => {
    const files = { 'a.ts': { text: 'x\nconst s = "😀" + y\n' } }
    const [fault] = faultsOf([{ path: 'a.ts', line: 1, character: 17, end_line: 1, end_character: 18, severity: 'error', message: 'no y' }], files)
    expect(fault).toMatchObject({ file: 'a.ts', line: 2, column: 17, endLine: 2, endColumn: 18, severity: 'warning' })
    expect(faultsOf([{ path: 'gone.ts', line: 3, character: 9, end_line: 3, end_character: 9, severity: 'error', message: 'x' }], files)[0]).toMatchObject({ line: 4, column: 1 })
  })
  it('is asked by line and UTF-16 unit', () => {
    expect(lspPlace('ab\n😀c', 6)).toEqual({ line: 1, character: 3 })
    expect(lspPlace('ab', 1)).toEqual({ line: 0, character: 1 })
  })
  it('keeps the order of what it lists', () => {
    const list = completionsOf([{ label: 'b', kind: 2 }, { label: 'a', kind: 5, detail: 'x' }])
    expect(list.map((one) => one.label)).toEqual(['b', 'a'])
    expect((list[0]?.boost ?? 0) > (list[1]?.boost ?? 0)).toBe(true)
    expect(list[1]).toMatchObject({ type: 'property', detail: 'x' })
  })
})
