// Many clusters in one app: found on the network, taken from a file, locked away, dead,
// changed, taken off the list and back, and compared.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { password } from './kit.mjs'

const go = (page, hash) => page.evaluate((to) => { location.hash = to }, hash)

/** Takes connections and says nothing. */
async function blackHole() {
  const held = new Set()
  const server = createServer((socket) => {
    held.add(socket)
    socket.on('error', () => undefined)
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return { url: `https://127.0.0.1:${server.address().port}`, close: () => { for (const one of held) one.destroy(); server.close() } }
}

export default async function clusters(kit) {
  const { page, step, look, button, heading, app, rig } = kit
  const main = kit.id
  const second = await rig.cluster({ nodes: 1, demo: false })
  const field = (label) => page.getByLabel(label, { exact: true })

  await step('a cluster that announces itself is found, compared and added', async () => {
    await go(page, '#/add?by=network')
    const fingerprint = new URL(second.link).searchParams.get('ca')
    const card = page.getByRole('article').filter({ hasText: fingerprint })
    for (let i = 0; i < 5 && !(await card.count()); i++) {
      await button('Look again').click({ timeout: 20_000 })
      await page.getByText('Listening for two seconds').waitFor({ state: 'detached' })
    }
    await card.waitFor()
    await look('add-network')
    await card.getByRole('button', { name: 'Choose' }).click()
    await button('Look at it').click()
    await page.getByText('what announced itself proves nothing').waitFor()
    assert.ok(await button('Add cluster').isDisabled(), 'nothing is added before the fingerprint was compared')
    await look('add-found')
    await page.getByRole('textbox', { name: 'Name' }).fill('Second bench')
    await page.getByLabel('I have compared the fingerprint').check()
    await button('Add cluster').click()
    await heading('Sign in to Second bench')
  })
  const other = (await page.evaluate(() => location.hash)).split('/')[2]
  await step('it is claimed by its one-time code', async () => {
    const claimed = await app(`clusters/${other}/claim`, { method: 'POST', body: { code: second.claim ?? new URL(second.link).searchParams.get('code'), name: 'admin', password } })
    assert.equal(claimed.status, 200, JSON.stringify(claimed.body))
    await go(page, `#/c/${other}`)
    await heading('Second bench')
  })

  await step('the list goes out as a file, without a secret', async () => {
    await go(page, '#/')
    await page.getByLabel('Select Second bench').or(page.getByLabel(`Select ${other}`)).click()
    const [download] = await Promise.all([page.waitForEvent('download'), button('Export').click()])
    const file = join(rig.dir, 'list.json')
    await download.saveAs(file)
    const text = await (await import('node:fs/promises')).readFile(file, 'utf8')
    const parsed = JSON.parse(text)
    assert.deepEqual(parsed.clusters.map((one) => one.name), ['Second bench'])
    assert.ok(!text.includes(password) && !text.includes('admin'))
  })
  await step('a file is shown before it is taken: new, same, different', async () => {
    const { body: all } = await app('clusters/export')
    const changed = { ...all.clusters.find((one) => one.name === 'Second bench'), environment: 'test', tag: 'west' }
    const fresh = { name: 'From a file', urls: ['https://127.0.0.1:9'], fingerprint: 'sha256:' + 'ab'.repeat(32), environment: 'production' }
    const file = join(rig.dir, 'import.json')
    writeFileSync(file, JSON.stringify({ signalbox: 'clusters/1', clusters: [all.clusters.find((one) => one.name !== 'Second bench'), changed, fresh, { name: 'broken', urls: ['ftp://x'] }] }))
    await go(page, '#/add?by=file')
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), button('Choose a file').click()])
    await chooser.setFiles(file)
    await page.getByText('cannot be read').waitFor()
    for (const word of ['same', 'differs', 'new']) await page.getByRole('cell', { name: word, exact: true }).waitFor()
    await look('import')
    await page.getByLabel('Take Second bench').check()
    await button('Take 2 clusters').click()
    await page.getByText('2 clusters taken').waitFor()
    const { body } = await app('clusters')
    assert.equal(body.items.find((one) => one.id === other).environment, 'test')
    assert.ok(body.items.some((one) => one.name === 'From a file'))
  })

  await step('each address says what came of it, and a foreign authority is shown plainly', async () => {
    const { body: list } = await app('clusters')
    const mine = list.items.find((one) => one.id === other)
    const theirs = list.items.find((one) => one.id === main)
    const saved = ({ name, fingerprint, environment, tag }, urls) => ({ name, fingerprint, environment, tag, urls })
    await app(`clusters/${other}`, { method: 'PUT', body: saved(mine, ['https://127.0.0.1:9', theirs.urls[0], ...mine.urls]) })
    await go(page, `#/c/${other}/settings`)
    await page.getByText('in use').waitFor()
    await page.getByText('connection refused').first().waitFor()
    await button('Check all addresses').click()
    await page.getByText('shows another authority').waitFor()
    await page.getByText('answers, and shows the right authority').waitFor()
    await look('addresses')
    await app(`clusters/${other}`, { method: 'PUT', body: saved(mine, [theirs.urls[0]]) })
    await page.getByText('The authority has changed').first().waitFor({ timeout: 30_000 })
    assert.ok(await button('Trust the new authority').isDisabled())
    await look('foreign-authority')
    await app(`clusters/${other}`, { method: 'PUT', body: saved(mine, mine.urls) })
    await page.getByText('The authority has changed').first().waitFor({ state: 'detached', timeout: 30_000 })
  })

  await step('nodes that are not saved are offered, and one is added by a click', async () => {
    const { body: list } = await app('clusters')
    const { name, fingerprint, urls } = list.items.find((one) => one.id === main)
    assert.ok(urls.length >= 3, `the link of three nodes gave ${urls}`)
    await app(`clusters/${main}`, { method: 'PUT', body: { name, fingerprint, urls: urls.slice(0, 1) } })
    await go(page, `#/c/${main}/settings`)
    const more = page.getByRole('region', { name: 'Other nodes of the cluster' })
    await button(`Add ${urls[1]}`).waitFor()
    await look('more-addresses')
    await button(`Add ${urls[1]}`).click()
    await page.getByText(`${urls[1]} is saved.`).waitFor()
    const saved = async () => (await app('clusters')).body.items.find((one) => one.id === main).urls
    assert.deepEqual(await saved(), urls.slice(0, 2))
    for (const url of urls.slice(2)) await button(`Add ${url}`).click()
    await more.waitFor({ state: 'detached' })
    assert.deepEqual(await saved(), urls)
  })

  await step('a connection is taken off the list and comes back, signed in', async () => {
    await go(page, `#/c/${other}/settings`)
    await button('Take off the list').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Take off the list' }).click()
    await page.getByText('Second bench is off the list').waitFor()
    assert.equal((await app(`clusters/${other}`)).status, 404)
    await button('Undo').click()
    await page.getByText('Second bench is back').waitFor()
    assert.equal((await app(`clusters/${other}`)).body.signed_in_as, 'admin')
  })

  await step('credentials get a passphrase, are locked and unlocked without a dialog', async () => {
    await go(page, '#/preferences')
    await heading('Settings')
    await look('preferences')
    await page.getByLabel('New passphrase', { exact: true }).fill(password)
    await page.getByLabel('New passphrase once more').fill(password)
    await button('Set a passphrase').click()
    await page.getByText('Credentials are kept there now').waitFor()
    await button('Lock now').click()
    await page.getByText('Your credentials are locked').waitFor()
    await go(page, `#/c/${main}`)
    await heading('Test bench')
    await look('locked')
    await field('Passphrase').fill('wrong passphrase')
    await button('Unlock').click()
    await page.getByText('the passphrase is wrong').waitFor()
    await field('Passphrase').fill(password)
    await button('Unlock').click()
    await page.getByText('Your credentials are locked').waitFor({ state: 'detached' })
    await page.getByText('Everything is in force').waitFor()
    const status = await app(`clusters/${main}/v1/status`)
    assert.equal(status.status, 200)
  })
  await step('the app tells of itself', async () => {
    await go(page, '#/about')
    await heading('About')
    await page.getByText('MiB').first().waitFor()
    await look('about')
  })

  await step('a sign-in that ended is asked for in place, and an unsaved edit is still there', async () => {
    await go(page, `#/c/${main}/d/channel`)
    await page.getByRole('link', { name: 'demo.orders.create' }).click()
    await heading('demo.orders.create')
    await kit.field('/path').fill('/orders-edited')
    await page.getByText('Not saved yet').or(page.getByText('unsaved', { exact: false })).first().waitFor()
    // Somebody revokes the token elsewhere.
    const tokens = (await app(`clusters/${main}/v1/access-tokens`)).body.items
    for (const one of tokens.filter((token) => token.account === 'admin')) await app(`clusters/${main}/v1/access-tokens/${one.id}`, { method: 'DELETE' })
    await app(`clusters/${main}/v1/status`)
    await heading('Sign in to Test bench')
    await look('sign-in-ended')
    await page.getByRole('textbox', { name: 'Account' }).fill('admin')
    await page.locator('input[type=password]').first().fill(password)
    await page.locator('main').getByRole('button', { name: 'Sign in', exact: true }).click()
    await heading('demo.orders.create')
    assert.equal(await kit.field('/path').inputValue(), '/orders-edited')
    await button('Discard changes').first().click()
  })

  await compare(kit, main, other)
  await step('inside a cluster that is away stands what was last known, also after a reload', async () => {
    await go(page, `#/c/${other}`)
    await heading('Second bench')
    await second.stop()
    await page.getByText('Not reachable').waitFor({ timeout: 30_000 })
    await page.reload()
    await page.getByText('Not reachable').waitFor()
    await page.getByRole('link', { name: /1 up, 0 down, 0 unknown/ }).waitFor()
    await look('away-overview')
    await go(page, `#/c/${other}/nodes`)
    await page.locator('main').getByText('online').first().waitFor()
    await look('away-nodes')
  })
  await dead(kit)
}

/** Two real clusters side by side; an object goes from one to the other with its address and its secret mapped. */
async function compare(kit, main, other) {
  const { page, step, look, button, heading, app } = kit
  const write = async (id, kind, name, spec) => {
    const made = await app(`clusters/${id}/v1/definitions/${kind}`, { method: 'POST', body: { name, spec } })
    assert.equal(made.status, 201, JSON.stringify(made.body))
  }
  const read = async (id, kind, name) => (await app(`clusters/${id}/v1/definitions/${kind}/${name}`)).body
  await step('two clusters are compared: only here, only there, different, the same', async () => {
    const url = (host) => ({ url: `http://${host}.example:8080/x` })
    await write(main, 'security', 'drift.login', { type: 'basic', username: 'ada', password: 'a secret of the first cluster' })
    await write(main, 'outgoing', 'drift.partner', { ...url('test-erp'), timeout: '3s', enabled: false })
    await write(other, 'outgoing', 'drift.partner', { ...url('prod-erp'), timeout: '4s', enabled: false })
    await write(main, 'outgoing', 'drift.same', { ...url('same'), enabled: false })
    await write(other, 'outgoing', 'drift.same', { ...url('same'), enabled: false })
    await write(other, 'outgoing', 'drift.theirs', { ...url('theirs'), enabled: false })
    await go(page, `#/compare?a=${main}&b=${other}`)
    await heading('Compare clusters')
    await page.getByPlaceholder('Search').fill('drift.')
    await page.getByRole('row', { name: /drift\.partner.*differs/ }).waitFor()
    await page.getByRole('row', { name: /drift\.theirs.*only in Second bench/ }).waitFor()
    await page.getByRole('row', { name: /drift\.login.*only in Test bench/ }).waitFor()
    assert.equal(await page.getByRole('row', { name: /drift\.same/ }).count(), 0)
    await page.getByRole('button', { name: /the same$/ }).click()
    await page.getByRole('row', { name: /drift\.same.*same/ }).waitFor()
    await page.getByRole('button', { name: /the same$/ }).click()
    await page.getByRole('link', { name: 'drift.partner' }).click()
    await page.getByRole('region', { name: 'outgoing/drift.partner' }).getByText('prod-erp').waitFor()
    await look('compare')
    await page.getByRole('button', { name: /CLI|command/ }).first().click()
    await page.getByText(/signalbox export .*\| signalbox plan -f -/).waitFor()
    await page.keyboard.press('Escape')
  })
  await step('chosen objects are copied: a dry run first, addresses replaced, secrets given anew', async () => {
    for (const name of ['security/drift.login', 'outgoing/drift.partner']) await page.getByLabel(`Select ${name}`).click()
    await button('Copy 2 objects to Second bench').click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('1 secret still needs a value').waitFor()
    await dialog.getByLabel('Find').fill('test-erp')
    await dialog.getByLabel('Replace by').fill('prod-erp')
    await dialog.getByRole('textbox', { name: 'reference' }).fill('env:DRIFT_PASSWORD')
    await dialog.getByText('1 created').or(dialog.getByText('1 new')).first().waitFor()
    await look('copy-to')
    await dialog.getByLabel('Reason').or(dialog.getByLabel(/why/i)).first().fill('promote the partner')
    await dialog.getByRole('button', { name: 'Copy 2 objects to Second bench' }).click()
    await dialog.getByText(/Copied as one change/).waitFor()
    await look('copied')
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    assert.equal((await read(other, 'outgoing', 'drift.partner')).spec.url, 'http://prod-erp.example:8080/x')
    assert.equal((await read(other, 'outgoing', 'drift.partner')).spec.timeout, '3s')
    assert.deepEqual((await read(other, 'security', 'drift.login')).spec.password, { ref: 'env:DRIFT_PASSWORD' })
    const history = (await app(`clusters/${other}/v1/history?limit=1`)).body.items[0]
    assert.equal(history.reason, 'promote the partner')
    assert.equal(history.changes.length, 2)
    await page.getByRole('row', { name: /drift\.partner.*differs/ }).waitFor()
  })
  await step('what an object needs is named and can come along, the code of services too', async () => {
    await write(main, 'channel', 'drift.orders', { method: 'POST', path: '/drift', service: 'orders.create' })
    await page.getByLabel('Select channel/drift.orders').click()
    await page.locator('.tools').getByRole('button', { name: 'Copy 1 object to Second bench' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('service/orders.create').waitFor()
    assert.ok(await dialog.getByRole('button', { name: 'Copy 1 object to Second bench' }).isDisabled(), 'half of a thing is not copied')
    await look('copy-missing')
    await dialog.getByRole('button', { name: 'Take along' }).click()
    await dialog.getByRole('region', { name: 'Code that goes along' }).getByText(/^orders, version [0-9a-f]{12}$/).waitFor()
    await look('copy-code')
    await dialog.getByRole('button', { name: 'Copy 2 objects to Second bench' }).click()
    await dialog.getByText(/^orders is deployed, version/).waitFor()
    await dialog.getByText(/Copied as one change/).waitFor()
    await look('copied-code')
    assert.equal((await read(other, 'service', 'orders.create')).spec.hash, (await read(main, 'service', 'orders.create')).spec.hash)
    await dialog.getByRole('button', { name: 'Close' }).last().click()
  })
  await step('what the other cluster refuses is said object by object, and nothing is changed', async () => {
    const before = (await app(`clusters/${other}/v1/status`)).body.revision
    await page.getByLabel('Select outgoing/drift.partner').click()
    await page.locator('.tools').getByRole('button', { name: 'Copy 1 object to Second bench' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Find').fill('http://test-erp.example:8080')
    await dialog.getByLabel('Replace by').fill('nowhere')
    await dialog.getByText('1 object is refused').waitFor()
    await dialog.getByRole('alert').getByText('outgoing/drift.partner /url').waitFor()
    assert.ok(await dialog.getByRole('button', { name: 'Copy 1 object to Second bench' }).isDisabled())
    await look('copy-refused')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    assert.equal((await app(`clusters/${other}/v1/status`)).body.revision, before)
  })
  await step('where one may not write, nothing can be copied', async () => {
    const mine = (await app('clusters')).body.items.find((one) => one.id === other)
    const saved = { name: mine.name, urls: mine.urls, fingerprint: mine.fingerprint, environment: 'test' }
    await app(`clusters/${other}`, { method: 'PUT', body: { ...saved, read_only: true } })
    await page.getByText('You may not change Second bench').waitFor()
    assert.equal(await page.getByRole('checkbox').count(), 0)
    await app(`clusters/${other}`, { method: 'PUT', body: saved })
  })
  for (const [kind, name] of [['channel', 'drift.orders'], ['security', 'drift.login'], ['outgoing', 'drift.partner'], ['outgoing', 'drift.same']]) {
    const one = await read(main, kind, name)
    await app(`clusters/${main}/v1/definitions/${kind}/${name}`, { method: 'DELETE', headers: { 'If-Match': `"${one.version}"` } })
  }
}

/** Twenty clusters, nineteen of which hang: home is there at once, and again after a start with all dead. */
async function dead(kit) {
  const { page, step, look, app } = kit
  const holes = await Promise.all(Array.from({ length: 17 }, blackHole))
  const made = []
  try {
    await step('twenty clusters, most of them black holes: home shows all of them at once', async () => {
      for (const [i, hole] of holes.entries()) {
        const saved = await app('clusters', { method: 'POST', body: { name: `hole ${i}`, urls: [hole.url], fingerprint: 'sha256:' + i.toString(16).padStart(2, '0').repeat(32), protected: i < 2, environment: i < 2 ? 'production' : 'test' } })
        assert.equal(saved.status, 200, JSON.stringify(saved.body))
        made.push(saved.body.id)
      }
      await go(page, '#/')
      const began = Date.now()
      await page.reload()
      await page.getByRole('row', { name: /hole 16/ }).waitFor()
      const took = Date.now() - began
      process.stdout.write(`     home of 20 clusters, 17 black holes: ${took} ms after a reload\n`)
      assert.ok(took < 2000, `home took ${took} ms`)
      await page.getByRole('row', { name: /hole 16.*down/ }).waitFor({ timeout: 30_000 })
      await look('home-dead')
      await page.getByRole('button', { name: /down$/ }).click()
      await page.getByRole('row', { name: /Test bench/ }).waitFor({ state: 'detached' })
      await page.getByRole('button', { name: /down$/ }).click()
      await page.keyboard.press('c')
      await page.keyboard.type('second')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Second bench', level: 1 }).waitFor()
    })
  } finally {
    for (const one of holes) one.close()
    for (const id of made) await app(`clusters/${id}`, { method: 'DELETE' })
  }
}
