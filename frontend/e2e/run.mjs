// Drives the user interface in a real browser against a real cluster of three nodes.
//
//   node e2e/run.mjs NODE-BINARY CONSOLE-BINARY [--short] [--shots FOLDER] [AREA…]
//
// Every area is a file here that exports one function, which takes the kit (kit.mjs). The
// start adds and claims the cluster; then come the areas that were named, or all of them.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { makeKit } from './kit.mjs'
import start from './start.mjs'

/** In this order: what kills nodes and clusters comes last. */
const areas = ['screens', 'definitions', 'kinds', 'safety', 'services', 'whole', 'clusters', 'nodeui', 'nodes', 'full', 'away']

const [node, console, ...rest] = process.argv.slice(2)
assert.ok(node && console, 'the binaries of the node and of the console are needed')
const short = rest[0] === '--short' && rest.shift() !== undefined
const shots = rest[0] === '--shots' ? rest.splice(0, 2)[1] : undefined
for (const one of rest) assert.ok(areas.includes(one), `there is no area ${one}; there are ${areas.join(', ')}`)

const kit = await makeKit({ node, console, ui: join(import.meta.dirname, '../dist'), shots, short, only: rest })
const began = performance.now()
try {
  await start(kit)
  for (const area of areas.filter(kit.chosen)) {
    const file = join(import.meta.dirname, `${area}.mjs`)
    if (!existsSync(file)) continue
    process.stdout.write(`==> ${area}\n`)
    await kit.home()
    await kit.page.reload() // what the area before has told is no answer to this one
    await (await import(file)).default(kit)
  }
  process.stdout.write(`all steps hold, in ${((performance.now() - began) / 1000).toFixed(0)} s\n`)
} catch (error) {
  process.stderr.write(`FAILED ${error.message}\n`)
  process.exitCode = 1
} finally {
  await kit.stop()
}
