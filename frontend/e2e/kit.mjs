// What every area of the end-to-end run works with.
//
//   step(what, act)   a promise to a user; the first one that does not hold ends the run
//   look(name)        holds the screen to WCAG A and AA in light and dark; takes its pictures when a folder is given
//   at(path)          goes to a screen of the cluster: at('/services')
//   api(path, init)   calls the cluster's admin API as the page does: {status, body}
//   app(path, init)   calls the desktop's own API below /api
//   heading(text), button(text), field(pointer), row(text)
//   id                the cluster that at and api mean: three nodes with the demo, claimed by admin
//   up                that cluster: {link, control, traffic, dir, nodes:[{name, pid, dir, …}], stop()}
//   cluster({nodes, demo, program}), add(up, name)
//                     one more cluster of real nodes for what would hurt the shared one; add saves
//                     and claims it and answers with its id; on(id, act) has at and api mean it
//   page, context, browser, rig, shots
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { rig as makeRig } from './rig.mjs'

export const password = 'correct horse battery'
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const sizes = [[1024, 768], [1440, 900]]

export async function makeKit({ node, console: bin, ui, shots, short = false, only }) {
  if (shots) mkdirSync(shots, { recursive: true })
  const rig = await makeRig({ node, console: bin, ui })
  const [up, desktop] = await Promise.all([rig.cluster({ nodes: 3 }), rig.desktop()])
  const context = await rig.browser.newContext({ viewport: { width: 1024, height: 768 }, locale: 'en-US', permissions: ['clipboard-read', 'clipboard-write'] })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const broken = []
  watch(page, broken)

  const kit = {
    node, rig, up, desktop, context, page, browser: rig.browser, shots, short, looks: 0, broken, id: '', cluster: rig.cluster, stop: rig.stop,
    heading: (name) => page.getByRole('heading', { name, level: 1 }).waitFor(),
    button: (name) => page.getByRole('button', { name, exact: true }),
    field: (pointer) => page.locator(`[id="f${pointer}"]`),
    row: (name) => page.getByRole('row', { name }),
    at: (path) => page.evaluate((to) => { location.hash = to }, `#/c/${kit.id}${path}`),
    home: () => page.evaluate(() => { location.hash = '#/' }),
    app: (path, init) => fetchJSON(page, '/api/' + path, init),
    api: (path, init) => fetchJSON(page, `/api/clusters/${kit.id}/v1/${path}`, init),
    step: (what, act) => step(kit, what, act),
    look: (name) => look(kit, name),
    audit: (on = page) => audit(on),
    add: (one, name) => add(kit, one, name),
    async on(id, act) {
      const before = kit.id
      kit.id = id
      try {
        return await act()
      } finally {
        kit.id = before
      }
    },
    /** Waits until a condition holds, for what no text on the screen tells for sure. */
    async until(holds, what = 'the condition') {
      for (let i = 0; i < 200; i++) {
        if (await holds()) return
        await new Promise((done) => setTimeout(done, 50))
      }
      throw new Error(`${what} does not hold within 10 s`)
    },
    /** Whether the area was chosen, so that what every area needs is only looked at once. */
    chosen: (area) => only.length === 0 || only.includes(area),
  }
  return kit
}

/** Keeps what a page has to say of its own faults. */
export function watch(page, broken) {
  page.on('pageerror', (error) => broken.push(error.stack ?? error.message))
  page.on('console', (message) => {
    // A refusal that the page shows is not a fault of the page.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) broken.push(message.text())
  })
}

function fetchJSON(page, path, init = {}) {
  const { body, ...rest } = init
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  return page.evaluate(async ([to, options]) => {
    const answer = await fetch(to, { ...options, headers: { 'Content-Type': 'application/json', ...options.headers } })
    return { status: answer.status, body: await answer.json().catch(() => undefined) }
  }, [path, text === undefined ? rest : { ...rest, body: text }])
}

async function step({ page, shots, broken }, what, act) {
  const began = performance.now()
  try {
    await act()
    assert.deepEqual(broken, [], 'the page has no errors')
    process.stdout.write(`ok   ${what} (${((performance.now() - began) / 1000).toFixed(1)} s)\n`)
  } catch (error) {
    if (shots) await page.screenshot({ path: join(shots, 'failed.png') }).catch(() => undefined)
    throw new Error(`${what}: ${error.message}\n     at ${page.url()}`, { cause: error })
  }
}

/** Saves a cluster, claims it or signs in, and answers with its id. */
async function add(kit, one, name) {
  const parsed = await kit.app('clusters/parse', { method: 'POST', body: { link: one.link } })
  assert.equal(parsed.status, 200, JSON.stringify(parsed.body))
  const saved = await kit.app('clusters', { method: 'POST', body: { ...parsed.body.cluster, name } })
  assert.equal(saved.status, 200, JSON.stringify(saved.body))
  const claimed = await kit.app(`clusters/${saved.body.id}/claim`, { method: 'POST', body: { code: parsed.body.code ?? one.claim, name: 'admin', password } })
  assert.equal(claimed.status, 200, JSON.stringify(claimed.body))
  return saved.body.id
}

async function look(kit, name) {
  const { page, shots, short } = kit
  const schemes = ['light', 'dark']
  for (const scheme of short ? [schemes[kit.looks++ % 2]] : schemes) {
    await page.emulateMedia({ colorScheme: scheme })
    const bar = await page.locator('.bar').evaluate((one) => Math.min(one.getBoundingClientRect().top, 0) + document.documentElement.scrollTop)
    assert.equal(bar, 0, `${name}: the bar is in sight`)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.ok(wide <= 0, `${name}: the page is ${wide} pixels wider than the window`)
    const { violations } = await audit(page)
    const serious = violations.filter((one) => one.impact === 'serious' || one.impact === 'critical')
    assert.deepEqual(serious.map((one) => `${one.id}: ${one.nodes.map((element) => element.html.slice(0, 160)).join(' | ')}`), [], `${name} in ${scheme} is accessible`)
    if (!shots) continue
    for (const [width, height] of sizes) {
      await page.setViewportSize({ width, height })
      await page.screenshot({ path: join(shots, `${name}-${scheme}-${width}.png`) })
    }
    await page.setViewportSize({ width: 1024, height: 768 })
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

/** Runs axe in a world of its own, which the page's content security policy leaves alone. */
async function audit(page) {
  const client = await page.context().newCDPSession(page)
  try {
    const { frameTree } = await client.send('Page.getFrameTree')
    const { executionContextId } = await client.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id })
    await client.send('Runtime.evaluate', { expression: axe, contextId: executionContextId })
    const answer = await client.send('Runtime.evaluate', {
      contextId: executionContextId, awaitPromise: true, returnByValue: true,
      expression: "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa'] }).then(({ violations }) => ({ violations: violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => ({ html })) })) }))",
    })
    if (answer.exceptionDetails) throw new Error(answer.exceptionDetails.text)
    return answer.result.value
  } finally {
    await client.detach()
  }
}
