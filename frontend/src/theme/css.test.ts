import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

/** The classes that rules of a file begin with, each by itself. */
const heads = (path: string) => new Set([...readFileSync(path, 'utf8').matchAll(/^\.([a-z][\w-]*)(?![\w.-])/gm)].map((found) => found[1]))

const everywhere = heads('src/theme/app.css')

// They are loaded when their screen opens first, and then hold on every screen.
it.each(['src/nodes/nodes.css', 'src/nodes/picture.css'])('%s changes no class that other screens have', (path) => {
  expect(everywhere.size).toBeGreaterThan(50)
  expect([...heads(path)].filter((name) => everywhere.has(name))).toEqual([])
})

it('colours are named in tokens.css alone', () => {
  for (const path of ['src/theme/app.css', 'src/nodes/nodes.css', 'src/nodes/picture.css']) expect(readFileSync(path, 'utf8')).not.toMatch(/#[0-9a-f]{3,8}\b|\brgba?\(/i)
})
