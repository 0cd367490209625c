// A cluster that goes away.

export default async function away(kit) {
  const { page, up, step, look, at } = kit
  await step('a cluster that went away is shown with its age, and nothing is in the way', async () => {
    await up.stop()
    await kit.home()
    await page.getByRole('row', { name: /Test bench.*down/ }).waitFor({ timeout: 60_000 })
    await at('')
    await page.getByText('Not reachable').waitFor()
    await look('down')
  })
}
