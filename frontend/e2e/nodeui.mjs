// The user interface as every node serves it on its control port: one cluster, a session of
// the browser's own, and nobody else's page gets in.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { password, watch } from './kit.mjs'

export default async function nodeui(kit) {
  const { step, look } = kit
  const up = await kit.cluster()
  const browser = await kit.browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1024, height: 768 }, locale: 'en-US' })
  const page = await browser.newPage()
  page.setDefaultTimeout(15_000)
  watch(page, kit.broken)
  const before = kit.page
  kit.page = page
  const heading = (name) => page.getByRole('heading', { name, level: 1 }).waitFor()
  const button = (name) => page.getByRole('button', { name, exact: true })
  const go = (path) => page.evaluate((to) => { location.hash = to }, path)
  const ask = (path, init = {}, on = page) => on.evaluate(async ([to, options]) => {
    const answer = await fetch(to, { ...options, headers: { 'Content-Type': 'application/json', ...options.headers } })
    return { status: answer.status, body: await answer.json().catch(() => undefined) }
  }, ['/api/' + path, init])
  let id = ''
  const one = () => ask('clusters').then(({ body }) => body.items[0])
  try {
    await step('a node prints a link that claims its cluster in a browser', async () => {
      assert.match(up.browser, /^https:\/\/127\.0\.0\.1:\d+\/#\/claim\/[0-9A-Z]{4}-/)
      const loaded = await page.goto(up.browser)
      const headers = loaded.headers()
      assert.match(headers['content-security-policy'], /default-src 'self'; script-src 'self';.*frame-ancestors 'none'/)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['referrer-policy'], 'no-referrer')
      assert.equal(headers['cache-control'], 'no-cache')
      await heading(/^Sign in to /)
      assert.match(await page.getByLabel('One-time code').inputValue(), /^[0-9A-Z]{4}-/)
      await look('node-claim')
      for (const i of [0, 1]) await page.locator('input[type=password]').nth(i).fill(password)
      await button('Become administrator').click()
      await page.getByText('Everything is in force').waitFor()
      id = (await page.evaluate(() => location.hash)).split('/')[2]
    })
    await step('its overview has the figures of the whole cluster, and nothing that a list of clusters has', async () => {
      for (let i = 0; i < 5; i++) await fetch(up.traffic + '/demo/convert?from=USD&to=PLN&amount=10')
      await page.getByText(/^5 in the last minute/).waitFor()
      await page.getByText('never made').waitFor()
      await page.getByText(/install the demo|by .*, revision \d+/).first().waitFor()
      await look('node-overview')
      assert.equal(await page.getByRole('link', { name: 'Connection settings' }).count(), 0)
      await button('Menu').click()
      assert.equal(await page.getByRole('menuitem', { name: 'Add a cluster' }).count(), 0)
      await page.keyboard.press('Escape')
      await go('#/')
      await heading((await one()).name)
      await go('#/add')
      await page.getByText('This does not exist').waitFor()
    })
    await step('a definition is made and changed by whoever signed in, from a browser', async () => {
      await go(`#/c/${id}/new/outgoing`)
      await page.getByLabel('Name', { exact: true }).first().fill('node.partner')
      await page.locator('[id="f/url"]').fill('http://127.0.0.1:9/x')
      await button('Review and save').click()
      await page.getByText('it can be saved').waitFor()
      await button('Save').click()
      await heading('node.partner')
      const { body } = await ask(`clusters/${id}/v1/history?limit=1`)
      assert.equal(body.items[0].actor, 'admin')
      assert.equal(body.items[0].source, 'browser')
    })
    await step('a page of another origin gets nothing done, whatever the cookie', async () => {
      const evil = createServer((_, answer) => answer.setHeader('Content-Type', 'text/html').end('<!doctype html><title>evil</title><p>hello')).listen(0, '127.0.0.1')
      await new Promise((done) => evil.once('listening', done))
      const other = await browser.newPage()
      try {
        await other.goto(`http://127.0.0.1:${evil.address().port}/`)
        const base = new URL(up.browser).origin
        const tried = await other.evaluate(async ([to, cluster]) => {
          const outcomes = []
          for (const [path, body] of [['sign-out', '{}'], ['v1/definitions/outgoing', '{"name":"evil","spec":{"url":"http://127.0.0.1:9/"}}']]) {
            for (const mode of ['cors', 'no-cors']) {
              outcomes.push(await fetch(`${to}/api/clusters/${cluster}/${path}`, { method: 'POST', mode, credentials: 'include', body, ...(mode === 'cors' && { headers: { 'Content-Type': 'application/json' } }) }).then((answer) => answer.status, () => 'refused'))
            }
          }
          outcomes.push(await fetch(`${to}/api/clusters`, { credentials: 'include' }).then((answer) => answer.status, () => 'refused'))
          return outcomes
        }, [base, id])
        assert.ok(tried.every((outcome) => outcome === 'refused' || outcome === 0), String(tried))
        await other.setContent(`<iframe src="${base}/"></iframe>`)
        await other.waitForTimeout(300)
        const framed = other.frames()[1]
        assert.equal(await framed?.locator('#root').count().catch(() => 0), 0, 'the page is in nobody else\'s frame')
      } finally {
        await other.close()
        evil.close()
      }
      assert.equal((await one()).signed_in_as, 'admin')
      assert.equal((await ask(`clusters/${id}/v1/definitions/outgoing/evil`)).status, 404)
    })
    await step('what gets into the page runs nothing', async () => {
      const victim = await browser.newPage()
      try {
        await victim.goto(new URL(up.browser).origin + '/')
        const ran = await victim.evaluate(async () => {
          const box = document.createElement('div')
          box.innerHTML = '<img src="x" onerror="window.ran = 1"><svg onload="window.ran = 1"></svg>'
          document.body.append(box)
          const script = document.createElement('script')
          script.textContent = 'window.ran = 1'
          document.body.append(script)
          await new Promise((done) => setTimeout(done, 300))
          return window.ran
        })
        assert.equal(ran, undefined)
        assert.deepEqual(await victim.evaluate(() => document.cookie), '', 'no script sees the session')
      } finally {
        await victim.close()
      }
    })
    await step('a session that ended asks for the password, and the draft is still there', async () => {
      await go(`#/c/${id}/d/outgoing/node.partner`)
      await page.locator('[id="f/timeout"]').fill('7s')
      // Somebody changes the password elsewhere: that ends the other sessions of the account.
      const elsewhere = await kit.browser.newContext({ ignoreHTTPSErrors: true })
      try {
        const there = await elsewhere.newPage()
        await there.goto(new URL(up.browser).origin + '/')
        assert.equal((await ask(`clusters/${id}/sign-in`, { method: 'POST', body: JSON.stringify({ account: 'admin', password }) }, there)).status, 200)
        const changed = await ask(`clusters/${id}/v1/me/password`, { method: 'POST', body: JSON.stringify({ current: password, password: password + ' 2' }) }, there)
        assert.ok(changed.status < 300, JSON.stringify(changed))
      } finally {
        await elsewhere.close()
      }
      await heading(/^Sign in to /)
      await page.getByText('the session has ended').waitFor()
      await look('node-session-ended')
      await page.getByRole('textbox', { name: 'Account' }).fill('admin')
      await page.locator('input[type=password]').first().fill(password + ' 2')
      await button('Sign in').click()
      await heading('node.partner')
      await page.getByText('Your unsaved changes are back').waitFor()
      assert.equal(await page.locator('[id="f/timeout"]').inputValue(), '7s')
      await button('Review and save').click()
      await page.getByText('it can be saved').waitFor()
      await button('Save').click()
      await page.getByText('version 2').waitFor()
    })
    await step('signing out ends it', async () => {
      await go(`#/c/${id}/sign-in`)
      await button('Sign out').click()
      await page.getByText('You are signed out.').first().waitFor()
      assert.equal((await one()).signed_in_as, undefined)
      assert.equal((await browser.cookies()).length, 0)
      assert.equal((await ask(`clusters/${id}/v1/status`)).status, 401)
    })
    await step('a node that went away is said to be, and nothing is in the way', async () => {
      await up.stop()
      await page.getByText('does not answer').or(page.locator('.strip[data-state=down]')).first().waitFor({ timeout: 40_000 })
      await look('node-away')
    })
  } finally {
    kit.page = before
    await browser.close()
    await up.stop()
  }
}
