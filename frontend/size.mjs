// Fails when what the page loads at its start is more than 700 kB, compressed.
//
//   node size.mjs [FOLDER]    (dist)
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

const most = 700_000
const dir = process.argv[2] ?? join(import.meta.dirname, 'dist')
const page = readFileSync(join(dir, 'index.html'), 'utf8')
const files = new Set([...page.matchAll(/(?:src|href)="\.\/([^"]+\.(?:js|css))"/g)].map((found) => found[1]))
if (files.size === 0) throw new Error('the page loads nothing: has it been built?')
// What a file imports at once is loaded at once, too; import() is not.
for (const file of files) {
  if (!file.endsWith('.js')) continue
  const text = readFileSync(join(dir, file), 'utf8')
  for (const found of text.matchAll(/(?:^|[;}\n])import\s*(?:[\w*{][^"'();]*from\s*)?["']\.\/([^"']+\.js)["']/g)) files.add(join(dirname(file), found[1]))
}
let sum = gzipSync(page).length
for (const file of files) sum += gzipSync(readFileSync(join(dir, file))).length
process.stdout.write(`==> start of the page: ${Math.round(sum / 1000)} kB compressed in ${files.size + 1} files (at most ${most / 1000} kB)\n`)
if (sum > most) process.exitCode = 1
