// Nodes: the picture, the table, drain with progress, a node that hangs and comes back, a
// rolling restart that is aborted and one to its end, joining. On a cluster of its own.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { request } from 'node:http'
import { join } from 'node:path'

/** Begins a request that runs on a node until it is ended. */
function slowRequest(traffic) {
  const url = new URL('/demo/orders', traffic)
  const one = request(url, { method: 'POST', headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' } })
  one.on('error', () => undefined)
  const answered = new Promise((resolve) => one.on('response', (answer) => {
    answer.resume()
    answer.on('end', () => resolve(answer.statusCode))
  }))
  one.write('{"customer":')
  return { end: () => { one.end('"Ada","items":[]}'); return answered } }
}

async function until(what, ok, seconds = 60) {
  const deadline = Date.now() + seconds * 1000
  for (;;) {
    const got = await ok()
    if (got) return got
    assert.ok(Date.now() < deadline, `never: ${what}`)
    await new Promise((done) => setTimeout(done, 200))
  }
}

export default async function nodes(kit) {
  const { page, step, look, at, button, heading, api } = kit
  const up = await kit.cluster({ nodes: 3 })
  const id = await kit.add(up, 'Three nodes')
  await kit.on(id, () => run(kit, up, { page, step, look, at, button, heading, api }))
  await up.stop()
}

/** Changes what is saved of the cluster. */
async function save(kit, change) {
  const { name, urls, fingerprint } = (await kit.app('clusters')).body.items.find((one) => one.id === kit.id)
  const { status, body } = await kit.app(`clusters/${kit.id}`, { method: 'PUT', body: { name, urls, fingerprint, ...change } })
  assert.equal(status, 200, JSON.stringify(body))
}

async function run(kit, up, { page, step, look, at, button, heading, api }) {
  const names = up.nodes.map((node) => node.name)
  const card = (name) => page.locator(`.node-card[data-node="${name}"]`)
  await save(kit, { urls: up.nodes.map((node) => node.control) }) // the app fails over when the node that answers restarts
  const nodeOf = async (name) => (await api('nodes')).body.items.find((one) => one.name === name)
  await step('the picture shows three nodes, their links and that the cluster is whole', async () => {
    await at('/nodes')
    await heading('Nodes')
    for (const name of names) await card(name).waitFor()
    await page.getByText('The cluster is whole: 3 nodes').waitFor()
    await page.locator('.way-label', { hasText: 'ms' }).nth(2).waitFor()
    for (const name of names) await page.locator(`.node-card[data-node="${name}"][data-state="up"]`).waitFor()
    await look('nodes-picture')
  })
  await step('the table has the same, with more columns to choose', async () => {
    await page.getByRole('tab', { name: 'Table' }).click()
    for (const name of names) await page.getByRole('row', { name: new RegExp(`${name}.*up.*online`) }).waitFor()
    await look('nodes-table')
  })
  const answering = (await api('nodes')).body.items.find((one) => one.local).name
  const others = names.filter((name) => name !== answering)
  const [first, second] = others
  await step('a node drains: what stops is said, what runs falls, and it comes back', async () => {
    const slow = slowRequest(up.nodes.find((node) => node.name === first).traffic)
    await until('the request runs', async () => (await nodeOf(first)).in_flight > 0)
    await page.getByRole('button', { name: `Actions on ${first}` }).click()
    await page.getByRole('menuitem', { name: 'Drain' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('1 request is running now').waitFor()
    await dialog.getByText(`signalbox nodes drain ${first}`).waitFor()
    await look('nodes-drain')
    await dialog.getByRole('button', { name: 'Drain' }).click()
    const progress = page.locator('.drain', { hasText: first })
    await progress.getByText('1 request still runs').waitFor()
    await page.getByRole('tab', { name: 'Picture' }).click()
    await page.locator(`.node-card[data-node="${first}"][data-rotation="draining"]`).waitFor()
    await look('nodes-draining')
    await page.reload()
    await progress.getByText('1 request still runs').waitFor()
    await slow.end()
    await progress.getByText('Nothing runs on it any more').waitFor()
    await progress.getByRole('button', { name: /Put online/ }).click()
    await progress.waitFor({ state: 'detached' })
    await until('it takes requests', async () => (await nodeOf(first)).ready)
  })
  await step('several nodes at once, and the warning that nobody is left', async () => {
    await page.getByRole('tab', { name: 'Table' }).click()
    for (const name of names) await page.getByLabel(`Select ${name}`).click()
    await page.locator('.tools').getByRole('button', { name: 'Maintenance' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('No other node is ready and online').waitFor()
    await look('nodes-last')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await dialog.waitFor({ state: 'detached' })
  })
  await step('a node has its own page', async () => {
    await at(`/nodes/node/${first}`)
    await heading(new RegExp(`^${first}`))
    await page.getByText('Certificate ends').waitFor()
    await page.getByRole('heading', { name: 'Links' }).waitFor()
    await page.getByRole('cell', { name: second }).waitFor()
    await look('node')
  })
  await step('a node that hangs is unknown, with since when; killed, it is started again and returns', async () => {
    await at('/nodes')
    const before = await nodeOf(second)
    process.kill(before.pid, 'SIGSTOP')
    try {
      await page.locator(`.node-card[data-node="${second}"][data-state="unknown"]`).waitFor({ timeout: 60_000 })
      await page.getByText('does not answer and did not say that it stops').waitFor({ timeout: 30_000 })
      assert.match(await card(second).innerText(), /unknown\s+for \d+ s/)
      await look('nodes-unknown')
      await page.getByRole('tab', { name: 'Table' }).click()
      await page.getByRole('row', { name: new RegExp(`${second}.*unknown for`) }).waitFor()
      await at(`/nodes/node/${second}`)
      await page.getByText('It tells nothing of itself').waitFor()
      await look('node-unknown')
    } finally {
      process.kill(before.pid, 'SIGKILL')
    }
    await at('/nodes')
    await page.locator(`.node-card[data-node="${second}"][data-state="up"]:not([data-stale])`).waitFor({ timeout: 60_000 })
    await until('all are ready again', async () => (await api('nodes')).body.items.every((one) => one.ready))
    assert.notEqual((await nodeOf(second)).pid, before.pid)
  })
  const restartIs = (state, seconds = 120) => page.locator(`[data-restart="${state}"]`).waitFor({ timeout: seconds * 1000 })
  await step('a rolling restart: the checks, the order, and its end by abort', async () => {
    const slow = slowRequest(up.nodes.find((node) => node.name === first).traffic)
    await until('the request runs', async () => (await nodeOf(first)).in_flight > 0)
    await at('/nodes')
    await page.getByRole('link', { name: 'Rolling restart' }).click()
    await heading('Rolling restart')
    await page.getByText('The cluster is whole').waitFor()
    assert.deepEqual(await page.locator('.steps li').evaluateAll((list) => list.map((one) => one.dataset.step)), [...others, answering])
    await look('restart-plan')
    await button('Restart 3 nodes').click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('signalbox restart --rolling --wait').waitFor()
    await dialog.getByRole('button', { name: 'Restart 3 nodes' }).click()
    await restartIs('running')
    await page.locator(`[data-step="${first}"][data-state="draining"]`).getByText('1 request still runs').waitFor()
    await look('restart-running')
    await button('Abort').click()
    await restartIs('aborted')
    await page.getByText('Every node is in the rotation that it had before').waitFor()
    await look('restart-aborted')
    await slow.end()
    const all = (await api('nodes')).body.items
    assert.ok(all.every((one) => one.rotation === 'online'), JSON.stringify(all.map((one) => one.rotation)))
  })
  await step('a rolling restart to its end, over a reload of the page and the restart of the node that answers', async () => {
    const before = new Map((await api('nodes')).body.items.map((one) => [one.name, one.started]))
    await button('Prepare another restart').click()
    await button('Restart 3 nodes').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Restart 3 nodes' }).click()
    await page.locator(`[data-step="${first}"][data-now]`).waitFor()
    await page.reload()
    await page.locator(`[data-step="${second}"][data-now]`).waitFor({ timeout: 60_000 })
    await restartIs('done')
    await page.getByText('all 3 nodes restarted').waitFor()
    await look('restart-done')
    const after = await until('all answer again', async () => {
      const { status, body } = await api('nodes')
      return status === 200 && body.items.every((one) => one.ready) && body.items
    })
    for (const one of after) assert.notEqual(one.started, before.get(one.name), `${one.name} was restarted`)
  })
  await joins(kit, up, { page, step, look, at, button, heading, api })
  await step('in read-only mode nothing can be done to nodes', async () => {
    await save(kit, { read_only: true })
    await at('/nodes?tab=table')
    await page.getByRole('row', { name: new RegExp(first) }).waitFor()
    await page.getByText('Read-only', { exact: true }).waitFor()
    await page.getByRole('button', { name: `Actions on ${first}` }).waitFor({ state: 'detached' })
    assert.equal(await page.getByRole('button', { name: /Actions on/ }).count(), 0)
    assert.equal(await page.getByLabel(`Select ${first}`).count(), 0)
    assert.equal(await page.getByRole('link', { name: 'Add a node' }).count(), 0)
  })
}

async function joins(kit, up, { page, step, look, at, button, heading, api }) {
  await step('a join token is shown once, with the command for the box', async () => {
    await at('/nodes')
    await page.getByRole('link', { name: 'Add a node' }).click()
    await heading('Add a node')
    await look('join')
    await page.getByRole('textbox', { name: 'Note' }).fill('depot 4')
    await page.getByRole('switch', { name: /An administrator approves/ }).check({ force: true })
    await button('Make token').click()
    const line = await page.getByRole('dialog').locator('pre').innerText()
    assert.match(line, /^signalbox join \S+ --dir \/var\/lib\/signalbox$/)
    await look('join-token')
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
    await page.getByRole('row', { name: /good.*with approval.*1 of 1.*depot 4/ }).waitFor()
    const dir = join(up.dir, 'extra')
    const box = spawn(kit.node, ['join', line.split(' ')[2], '--dir', dir, '--node', 'extra', '--traffic', '127.0.0.1:0', '--control', '127.0.0.1:0', '--gossip', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    box.stdout.on('data', (text) => { said += text })
    box.stderr.on('data', (text) => { said += text })
    const joined = new Promise((resolve) => box.once('exit', resolve))
    const waiting = page.locator('[data-box="extra"]')
    await waiting.waitFor()
    const code = (await waiting.locator('.join-code').innerText()).trim()
    await until('the box shows its code', async () => said.includes(code))
    await look('join-waiting')
    await waiting.getByRole('button', { name: /Let it in/ }).click()
    await page.getByRole('dialog').getByText('Does the screen of the box show this code?').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Let it in' }).click()
    assert.equal(await joined, 0, said)
    const node = spawn(kit.node, ['run', '--dir', dir], { stdio: 'ignore' })
    try {
      await page.locator('[data-came="extra"] li[data-done]').nth(3).waitFor({ timeout: 60_000 })
      await look('join-came')
      await at('/nodes')
      await page.locator('.node-card').nth(3).waitFor()
      await look('nodes-four')
      await at('/nodes/node/extra')
      await button('Remove').click()
      await page.getByRole('dialog').getByText('shut out for ever').waitFor()
      await look('node-remove')
      const ended = new Promise((resolve) => node.once('exit', resolve))
      await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
      assert.equal(await ended, 5)
      await heading('Nodes')
      await page.locator('.node-card[data-node="extra"]').waitFor({ state: 'detached' })
    } finally {
      node.kill('SIGKILL')
    }
    assert.equal((await api('nodes')).body.items.length, 3)
  })
  await step('a join token is revoked', async () => {
    const { body } = await api('join-tokens', { method: 'POST', body: { uses: 2 } })
    await at('/nodes/join')
    await page.getByRole('button', { name: `Revoke token ${body.id}` }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('cell', { name: body.id, exact: true }).waitFor({ state: 'detached' })
  })
}
