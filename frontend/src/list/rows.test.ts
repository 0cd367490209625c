import { describe, expect, it } from 'vitest'
import { best, fuzzy } from '../shell/fuzzy'
import { between, csv, filterOf, nextSort, plainView, visibleRows, type Column } from './rows'

interface Row { name: string; port?: number; on: string }
const rows: Row[] = [{ name: 'b10', port: 2, on: 'yes' }, { name: 'b9', on: 'no' }, { name: 'A', port: 11, on: 'yes' }]
const columns: Column<Row>[] = [
  { id: 'name', title: 'Name', value: (row) => row.name },
  { id: 'port', title: 'Port', value: (row) => row.port },
  { id: 'on', title: 'On', value: (row) => row.on, options: ['yes', 'no'] },
]
const names = (view: Partial<typeof plainView>) => visibleRows(rows, columns, { ...plainView, ...view }, (row) => JSON.stringify(row)).map((row) => row.name)

describe('a list', () => {
  it.each([
    ['own order', {}, ['b10', 'b9', 'A']],
    ['by name, as people count', { sort: 'name' }, ['A', 'b9', 'b10']],
    ['by number, unset last', { sort: 'port' }, ['b10', 'A', 'b9']],
    ['down, unset still last', { sort: 'port', down: true }, ['A', 'b10', 'b9']],
    ['filter', { filters: { on: 'no' } }, ['b9']],
    ['every word', { search: 'B yes' }, ['b10']],
    ['a filter of a column that is gone', { filters: { gone: 'x' } }, ['b10', 'b9', 'A']],
  ])('%s', (_, view, want) => {
    expect(names(view)).toEqual(want)
  })
  it('turns a column up, down and off', () => {
    const up = nextSort(plainView, 'a')
    const down = nextSort(up, 'a')
    expect([up, down, nextSort(down, 'a')].map((view) => [view.sort, view.down])).toEqual([['a', false], ['a', true], ['', false]])
  })
  it('selects a range both ways', () => {
    expect(between(['a', 'b', 'c', 'd'], 'c', 'b')).toEqual(['b', 'c'])
    expect(between(['a'], 'gone', 'a')).toEqual(['a'])
  })
  it('searches and sorts 5,000 rows in well under a second', () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({ name: `n${(i * 7919) % 5000}`, on: 'yes' }))
    const start = performance.now()
    visibleRows(many, columns, { ...plainView, sort: 'name', search: 'n' }, (row) => row.name)
    expect(performance.now() - start).toBeLessThan(500)
  })
})

describe('fuzzy search', () => {
  it('finds letters in order and prefers whole words', () => {
    expect(fuzzy('xyz', 'orders.create')).toBeUndefined()
    expect(best('orc', ['forest', 'orders.create', 'orc cave'], (one) => one, 5)).toEqual(['orc cave', 'orders.create'])
  })
})

describe('filters of columns', () => {
  it.each([
    ['orders', 'demo.Orders.create', true], ['orders', 'x', false], ['=x', 'X', true], ['=x', 'xy', false], ['=', undefined, true], ['=', 'a', false],
    ['!a', 'b', true], ['!a', 'ab', false], ['!a', undefined, true], ['>5', 6, true], ['>5', 5, false], ['>=5', 5, true], ['<5', 4, true], ['<=5', 6, false],
    ['> 5', '7', true], ['<5', undefined, false], ['>', 'a>b', true], ['>x', 'a>x', true], ['', 'anything', true],
  ])('%s on %j: %j', (filter, value, fits) => {
    expect(filterOf(filter)(value)).toBe(fits)
  })
})

describe('CSV', () => {
  const columns = [{ id: 'a', title: 'A', value: (row: unknown[]) => row[0] as string }, { id: 'b', title: 'B, C', value: (row: unknown[]) => row[1] as number }]
  it('quotes what needs it, leaves unset empty, and lets no spreadsheet run a value', () => {
    const rows = [['x', 1], ['say "hi"', -2], ['two\nlines', undefined], ['=1+1', 0], ['+x', 0], ['-x,y', 0]]
    expect(csv(rows, columns).split('\r\n')).toEqual(['A,"B, C"', 'x,1', '"say ""hi""",-2', '"two\nlines",', "'=1+1,0", "'+x,0", '"\'-x,y",0', ''])
  })
})
