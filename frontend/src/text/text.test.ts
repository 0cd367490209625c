import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { de } from './de'
import { en } from './en'
import { fill, type Catalogue, type Text } from './index'

const source = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !name.includes('.test.') && !/text.(en|de)(\.ts|.*)$/.test(name))
  .map((name) => readFileSync(join('src', name), 'utf8'))
  .join('\n')

const areas = ['en', 'de'].flatMap((language) => readdirSync(join('src/text', language)).map((name) => `${language}/${name}`))

const holes = (text: Text) => [...JSON.stringify(text).matchAll(/\{(\w+)\}/g)].map((hole) => hole[1]).filter((name, i, all) => all.indexOf(name) === i).sort()

describe('the catalogue', () => {
  it('has the same keys in every language', () => {
    expect(Object.keys(de)).toEqual(Object.keys(en))
  })
  it.each(areas)('%s is in the order of its keys', (area) => {
    const keys = [...readFileSync(join('src/text', area), 'utf8').matchAll(/^ {2}'([^']+)':/gm)].map((found) => found[1])
    expect(keys).toEqual([...keys].sort())
  })
  it('has each key in one area', () => {
    const all = areas.filter((area) => area.startsWith('en/')).flatMap((area) => [...readFileSync(join('src/text', area), 'utf8').matchAll(/^ {2}'([^']+)':/gm)].map((found) => found[1]))
    expect(all.length).toBe(Object.keys(en).length)
  })
  it.each(Object.keys(en) as (keyof Catalogue)[])('%s has the same places to fill', (key) => {
    expect(holes((de as Catalogue)[key])).toEqual(holes((en as Catalogue)[key]))
  })
  it('has no text that nothing shows', () => {
    const templates = [...source.matchAll(/`([a-z.A-Z]+\.)\$\{/g)].concat([...source.matchAll(/texts\('([a-z.]+)'\)/g)]).map((found) => found[1] ?? '')
    const unused = Object.keys(en).filter((key) => !source.includes(`'${key}'`) && !templates.some((start) => key.startsWith(start)))
    expect(unused).toEqual([])
  })
  it('fills places and chooses plurals', () => {
    expect(fill({ one: '{n} thing', other: '{n} things' }, { n: 1 }, 'en')).toBe('1 thing')
    expect(fill({ one: '{n} thing', other: '{n} things' }, { n: 2 }, 'en')).toBe('2 things')
    expect(fill('{a} {b}', { a: 'x' }, 'en')).toBe('x {b}')
  })
})
