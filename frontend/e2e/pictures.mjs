// Takes the pictures of docs/: a cluster of three nodes with its demo under traffic, a second
// one beside it, and one that is away.
//
//   node e2e/pictures.mjs NODE CONSOLE FOLDER
import { join } from 'node:path'
import { mkdirSync } from 'node:fs'
import { rig as makeRig } from './rig.mjs'

const [node, consoleProgram, folder] = process.argv.slice(2)
mkdirSync(folder, { recursive: true })
const rig = await makeRig({ node, console: consoleProgram, ui: join(import.meta.dirname, '../dist') })
try {
  const [orders, warehouse, desktop] = await Promise.all([rig.cluster({ nodes: 3 }), rig.cluster(), rig.desktop()])
  const context = await rig.browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-US', timezoneId: 'UTC' })
  const page = await context.newPage()
  await page.goto(desktop.link)
  const api = (path, method = 'GET', body) => page.evaluate(async ([to, options]) => {
    const answer = await fetch(to, options)
    if (!answer.ok) throw new Error(`${to}: ${answer.status} ${await answer.text()}`)
    return answer.json().catch(() => undefined)
  }, ['/api/' + path, { method, headers: { 'Content-Type': 'application/json' }, ...(body && { body: JSON.stringify(body) }) }])
  const add = async (up, more) => {
    const { cluster, code } = await api('clusters/parse', 'POST', { link: up.link })
    const { id } = await api('clusters', 'POST', { ...cluster, ...more })
    await api(`clusters/${id}/claim`, 'POST', { code, name: 'ada', password: 'correct horse battery' })
    return id
  }
  const main = await add(orders, { name: 'Orders', environment: 'production', colour: '#0b7285' })
  const other = await add(warehouse, { name: 'Warehouse', environment: 'test', colour: '#9c36b5' })
  const fingerprint = 'sha256:' + '5e'.repeat(32)
  await api('clusters', 'POST', { name: 'Harbour', urls: ['https://127.0.0.1:1'], fingerprint, environment: 'production' })
  const define = (id, kind, name, spec) => api(`clusters/${id}/v1/definitions/${kind}`, 'POST', { name, spec })
  const carrier = (host, timeout) => ({ url: `https://${host}.example/v2`, timeout, enabled: false })
  await define(main, 'outgoing', 'carrier', carrier('carrier', '5s'))
  await define(other, 'outgoing', 'carrier', carrier('test.carrier', '9s'))
  await define(main, 'outgoing', 'customs', carrier('customs', '20s'))
  await define(other, 'outgoing', 'labels', carrier('labels', '3s'))
  const traffic = new AbortController()
  const calls = orders.nodes.map(async ({ traffic: url }) => {
    for (let i = 0; !traffic.signal.aborted; i++) {
      await fetch(url + (i % 9 ? '/demo/orders' : '/demo/orders/none')).then((answer) => answer.text()).catch(() => undefined)
      await new Promise((done) => setTimeout(done, 25))
    }
  })
  const shot = async (name) => {
    await page.waitForTimeout(1500)
    await page.screenshot({ path: join(folder, name + '.png') })
  }
  const at = (to) => page.evaluate((hash) => { location.hash = hash }, to)
  const button = (name) => page.getByRole('button', { name, exact: true })
  await page.waitForTimeout(20_000) // the figures of home are of the last minute, and read every ten seconds

  await at('#/')
  await shot('home')
  await at(`#/c/${main}`)
  await shot('overview')
  await at(`#/c/${main}/d/channel`)
  await shot('list')
  await at(`#/c/${main}/nodes`)
  await shot('nodes')

  await at(`#/c/${main}/d/outgoing/carrier`)
  await page.locator('[id="f/timeout"]').fill('7s')
  const { version } = await api(`clusters/${main}/v1/definitions/outgoing/carrier`)
  await page.evaluate(([to, match, body]) => fetch(to, { method: 'PUT', headers: { 'Content-Type': 'application/json', 'If-Match': `"${match}"` }, body }), [
    `/api/clusters/${main}/v1/definitions/outgoing/carrier`, version, JSON.stringify({ spec: carrier('api.carrier', '5s'), reason: 'the carrier moves' }),
  ])
  await button('Show the difference').click()
  await page.getByText('What they changed').waitFor()
  await shot('conflict')
  await page.keyboard.press('Escape')
  await button('Discard changes').first().click()

  await at(`#/c/${main}/d/channel/demo.orders.create?tab=yaml`)
  await page.locator('.cm-content').waitFor()
  await page.locator('.cm-line').last().click()
  await page.keyboard.press('Control+End')
  await page.keyboard.type('\n  ')
  await page.keyboard.press('Control+Space')
  await shot('yaml')
  await page.keyboard.press('Escape')

  const service = await api(`clusters/${main}/v1/services/orders.create`)
  await at(`#/c/${main}/package/${encodeURIComponent(service.package)}`)
  await page.locator('.cm-content').first().waitFor()
  await shot('editor')

  const { items } = await api(`clusters/${main}/v1/history?limit=1`)
  await at(`#/c/${main}/history/compare?from=${items[0].revision - 3}&to=${items[0].revision}`)
  await shot('history')
  await at(`#/compare?a=${main}&b=${other}`)
  await page.getByText('carrier').first().waitFor()
  await shot('compare')
  await at(`#/c/${main}/services`)
  await page.keyboard.press('Control+K')
  await page.keyboard.type('carr')
  await shot('palette')
  traffic.abort()
  await Promise.all(calls)
} finally {
  await rig.stop()
}
