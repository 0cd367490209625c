// Every other screen once, as it is on a full cluster.

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
}
