// Drives the whole user interface against a real node.
//
//   node e2e/run.mjs NODE-BINARY CONSOLE-BINARY [FOLDER-FOR-SCREENSHOTS]
//
// Every step is a promise to a user; the first one that does not hold ends the run.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { rig } from './rig.mjs'

const [node, consoleBin, shots] = process.argv.slice(2)
assert.ok(node && consoleBin, 'the binaries of the node and of the console are needed')
if (shots) mkdirSync(shots, { recursive: true })
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const { up, app, browser, stop } = await rig({ node, console: consoleBin, ui: join(import.meta.dirname, '../dist') })

const context = await browser.newContext({ viewport: { width: 1024, height: 768 }, locale: 'en-US' })
const page = await context.newPage()
page.setDefaultTimeout(10_000)
const broken = []
page.on('pageerror', (error) => broken.push(error.stack ?? error.message))
page.on('console', (message) => {
  // A refusal that the page shows is not a fault of the page.
  if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) broken.push(message.text())
})
let id = ''
const at = (path) => page.evaluate((to) => { location.hash = to }, `#/c/${id}${path}`)
const heading = (name) => page.getByRole('heading', { name, level: 1 }).waitFor()
const button = (name) => page.getByRole('button', { name, exact: true })
const field = (pointer) => page.locator(`[id="f${pointer}"]`)
const api = (path, init = {}) => page.evaluate(async ([to, options]) => {
  const answer = await fetch(to, { ...options, headers: { 'Content-Type': 'application/json', ...options.headers } })
  return { status: answer.status, body: await answer.json().catch(() => undefined) }
}, [`/api/clusters/${id}/v1/${path}`, init])

async function step(what, act) {
  try {
    await act()
    assert.deepEqual(broken, [], 'the page has no errors')
    process.stdout.write(`ok   ${what}\n`)
  } catch (error) {
    if (shots) await page.screenshot({ path: join(shots, 'failed.png') })
    throw new Error(`${what}: ${error.message}`, { cause: error })
  }
}

/** Holds a screen to the accessibility rules and takes its picture in both sizes and looks. */
async function look(name) {
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme })
    const { violations } = await audit()
    const serious = violations.filter((one) => one.impact === 'serious' || one.impact === 'critical')
    assert.deepEqual(serious.map((one) => `${one.id}: ${one.nodes.map((element) => element.html.slice(0, 160)).join(' | ')}`), [], `${name} in ${scheme} is accessible`)
    if (!shots) continue
    for (const [width, height] of [[1024, 768], [1440, 900]]) {
      await page.setViewportSize({ width, height })
      await page.screenshot({ path: join(shots, `${name}-${scheme}-${width}.png`) })
    }
    await page.setViewportSize({ width: 1024, height: 768 })
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

/** Runs axe in a world of its own, which the page's content security policy leaves alone. */
async function audit() {
  const client = await context.newCDPSession(page)
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

try {
  await step('an empty list says what to do', async () => {
    await page.goto(app.link)
    await page.getByText('No clusters yet').waitFor()
    await look('home-empty')
  })
  await step('a cluster is added by its link and claimed', async () => {
    await page.getByRole('link', { name: 'Add a cluster' }).click()
    await page.getByLabel('Connection link').fill(up.link)
    await button('Look at it').click()
    await page.getByText('it is the one that the link means').waitFor()
    await look('add')
    await page.getByRole('textbox', { name: 'Name' }).fill('Test bench')
    await button('Add cluster').click()
    await heading('Sign in to Test bench')
    await look('sign-in')
    for (const i of [0, 1]) await page.locator('input[type=password]').nth(i).fill('correct horse battery')
    await button('Become administrator').click()
    await heading('Test bench')
    id = (await page.evaluate(() => location.hash)).split('/')[2]
    await page.getByText('Everything is in force').waitFor()
    await look('overview')
  })
  await step('home shows the cluster as up', async () => {
    await page.evaluate(() => { location.hash = '#/' })
    await page.getByRole('row', { name: /Test bench.*up/ }).waitFor()
    await look('home')
  })
  await step('every kind has its list and its empty form', async () => {
    const kinds = (await api('kinds')).body.items
    assert.ok(kinds.length >= 5)
    for (const kind of kinds) {
      await at(`/d/${kind.name}`)
      await heading(kind.title)
      await at(`/new/${kind.name}`)
      await page.getByText('Review and save').waitFor()
    }
    await at('/d/channel')
    await page.getByRole('link', { name: 'demo.orders.create' }).waitFor()
    await look('list')
  })
  await step('a fault of the server stands at its field', async () => {
    await at('/new/outgoing')
    await page.getByLabel('Name', { exact: true }).first().fill('e2e.partner')
    await field('/url').fill('nope')
    await field('/breaker/failures').fill('7')
    await button('Review and save').click()
    await page.getByText('The server found 1 fault').waitFor()
    await look('review-fault')
    await button('Show them in the form').click()
    await page.locator('[data-pointer="/url"] .fault').getByText('an address such as').waitFor()
    await look('form-fault')
  })
  await step('a definition is made, and the server has it', async () => {
    await field('/url').fill('http://127.0.0.1:9/x')
    await button('Review and save').click()
    await page.getByText('it can be saved').waitFor()
    await button('Save').click()
    await heading('e2e.partner')
    const { body } = await api('definitions/outgoing/e2e.partner')
    assert.deepEqual(body.spec, { url: 'http://127.0.0.1:9/x', breaker: { failures: 7 } })
    await look('form')
  })
  await step('an unsaved edit survives a reload', async () => {
    await field('/timeout').fill('7s')
    await page.reload()
    await page.getByText('Your unsaved changes are back').waitFor()
    assert.equal(await field('/timeout').inputValue(), '7s')
  })
  await step('somebody else was faster: both changes are kept', async () => {
    const theirs = await api('definitions/outgoing/e2e.partner', { method: 'PUT', headers: { 'If-Match': '"1"' }, body: JSON.stringify({ spec: { url: 'http://127.0.0.1:9/y', breaker: { failures: 7 } } }) })
    assert.equal(theirs.status, 200)
    await button('Show the difference').click()
    await page.getByText('What they changed').waitFor()
    await look('conflict')
    await button('Go on with the merged draft').click()
    await button('Review and save').click()
    await page.getByText('it can be saved').waitFor()
    await button('Save').click()
    await page.getByText('version 3').waitFor()
    assert.deepEqual((await api('definitions/outgoing/e2e.partner')).body.spec, { url: 'http://127.0.0.1:9/y', timeout: '7s', breaker: { failures: 7 } })
  })
  await step('an older state comes back from the history', async () => {
    await page.getByRole('tab', { name: 'History' }).click()
    await page.locator('.entry').nth(2).locator('summary').click()
    await look('definition-history')
    await page.locator('.entry').nth(2).getByRole('button', { name: 'Bring this state back' }).click()
    await page.getByText('it can be saved').waitFor()
    await button('Save').click()
    await page.getByText('version 4').waitFor()
    assert.equal((await api('definitions/outgoing/e2e.partner')).body.spec.url, 'http://127.0.0.1:9/x')
  })
  await step('YAML, where used and ping', async () => {
    await page.getByRole('tab', { name: 'YAML' }).click()
    await page.getByText('url: http://127.0.0.1:9/x').waitFor()
    await look('yaml')
    await page.getByRole('tab', { name: 'Where used' }).click()
    await page.getByText('Nothing refers to it').waitFor()
    await button('Ping now').click()
    await page.getByText(/No good answer after/).waitFor()
  })
  await step('the palette finds it, and the keys go places', async () => {
    await page.keyboard.press('Control+k')
    await page.keyboard.type('e2epartner')
    await page.getByRole('option', { name: /e2e.partner/ }).first().waitFor()
    await look('palette')
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByText('Switch cluster').waitFor()
    await look('keys')
    await page.keyboard.press('Escape')
    await page.getByText('Switch cluster').waitFor({ state: 'detached' })
    await page.keyboard.press('g')
    await page.keyboard.press('n')
    await heading('Nodes')
    await page.goBack()
    await heading('e2e.partner')
  })
  for (const [path, name, text] of [['/services', 'Services', 'rates.convert'], ['/nodes', 'Nodes', 'online'], ['/history', 'History', 'install the demo'], ['/audit', 'Audit log', 'claim'], ['/accounts', 'Accounts', 'admin']]) {
    await step(`${name} shows what is there`, async () => {
      await at(path)
      await heading(name)
      await page.locator('main').getByText(text).first().waitFor()
      await look(name.toLowerCase().replace(' ', '-'))
    })
  }
  await step('a service is called by its form', async () => {
    await at('/services/signalbox.echo')
    await heading('signalbox.echo')
    await page.getByRole('textbox', { name: 'Input' }).fill('{"hello":"world"}')
    await button('Call it').click()
    await page.getByText(/Answered in/).waitFor()
    await page.locator('pre').getByText('world').waitFor()
    await look('service')
  })
  await step('a protected cluster wants its name before it deletes, with a result for each', async () => {
    await at('/settings')
    await page.getByRole('switch', { name: 'Protected' }).check({ force: true })
    await button('Save').click()
    await page.getByText('Protected: Test bench').waitFor()
    await at('/d/security')
    for (const name of ['demo.basic', 'demo.key']) await page.getByLabel(`Select ${name}`).click()
    await button('Delete').click()
    const dialog = page.getByRole('dialog')
    assert.ok(await dialog.getByRole('button', { name: 'Delete' }).isDisabled())
    await dialog.getByLabel(/Type the cluster's name/).fill('Test bench')
    await look('delete')
    await dialog.getByRole('button', { name: 'Delete' }).click()
    await dialog.getByText('Deleted: 0, not deleted: 2').waitFor()
    await dialog.getByRole('button', { name: 'Close' }).last().click()
  })
  await step('a roll-back of everything says first what it deletes', async () => {
    await at('/history')
    await page.locator('.entry', { hasText: 'Revision 3' }).last().locator('> summary').click()
    await button('Roll everything back to revision 3').click()
    await page.getByText('This deletes 1 definition').waitFor()
    await look('roll-back')
    await page.getByLabel(/Type the cluster's name/).fill('Test bench')
    await button('Roll back').click()
    await page.getByText(/Saved as revision/).waitFor()
    assert.equal((await api('definitions/outgoing/e2e.partner')).status, 404)
  })
  await step('5,000 definitions: found at once, scrolled smoothly', async () => {
    const documents = [{ name: 'many.json', text: JSON.stringify(Array.from({ length: 5000 }, (_, i) => ({ kind: 'outgoing', name: `many.${i}`, spec: { url: `http://127.0.0.1:9/${i}`, enabled: false } }))) }]
    const made = await api('apply', { method: 'POST', headers: { 'X-Confirm': 'Test%20bench' }, body: JSON.stringify({ documents }) })
    assert.equal(made.status, 200, JSON.stringify(made.body).slice(0, 300))
    await at('/d/outgoing')
    await page.getByText(/5,00\d in all/).waitFor({ timeout: 20_000 })
    await look('list-full')
    const rows = await page.locator('.tr.body').count()
    assert.ok(rows < 80, `${rows} rows are in the page`)
    const frame = await page.locator('.scroll').evaluate(async (box) => {
      const times = []
      let before = performance.now()
      for (let i = 0; i < 60; i++) {
        box.scrollTop += 640
        await new Promise(requestAnimationFrame)
        times.push(performance.now() - before)
        before = performance.now()
      }
      return times.sort((a, b) => a - b)[30]
    })
    process.stdout.write(`     ${frame.toFixed(1)} ms a frame (median)\n`)
    await page.getByPlaceholder('Search').fill('many.4999')
    await page.getByText('1 of 5,00').waitFor()
  })
  await step('a cluster that went away is shown with its age, and nothing is in the way', async () => {
    up.child.kill('SIGTERM')
    await page.evaluate(() => { location.hash = '#/' })
    await page.getByRole('row', { name: /Test bench.*down/ }).waitFor({ timeout: 60_000 })
    await at('')
    await page.getByText('Not reachable').waitFor()
    await look('down')
  })
  process.stdout.write('all steps hold\n')
} catch (error) {
  process.stderr.write(`FAILED ${error.message}\n`)
  process.exitCode = 1
} finally {
  await stop()
}
