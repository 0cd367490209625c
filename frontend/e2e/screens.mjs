// Every other screen once, as it is on a full cluster.
import assert from 'node:assert/strict'

export default async function screens(kit) {
  const { page, step, look, at, button, heading } = kit
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
  await step('high contrast, and German, on the screens that hold most', async () => {
    const set = (key, value) => page.evaluate(([name, to]) => (to ? localStorage.setItem(name, to) : localStorage.removeItem(name)), [key, value])
    await set('signalbox.look', 'contrast')
    await set('signalbox.language', 'de')
    await page.reload()
    for (const [path, name] of [['', 'overview'], ['/d/channel', 'list'], ['/new/outgoing', 'form'], ['/history', 'history'], ['/nodes', 'nodes']]) {
      await at(path)
      await page.locator('main h1').waitFor()
      assert.equal(await page.evaluate(() => document.documentElement.lang), 'de')
      await look(`contrast-${name}`)
    }
    await set('signalbox.look')
    await set('signalbox.language')
    await page.reload()
    await heading('Nodes')
  })
}
