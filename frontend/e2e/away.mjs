// A cluster that goes away.
import assert from 'node:assert/strict'

export default async function away(kit) {
  const { page, up, desktop, step, look, at } = kit
  await step('a cluster that went away is shown with its age, and nothing is in the way', async () => {
    await up.stop()
    await kit.home()
    await page.getByRole('row', { name: /Test bench.*down/ }).waitFor({ timeout: 60_000 })
    await at('')
    await page.getByText('Not reachable').waitFor()
    await page.locator('.strip').getByText(/Asked again in \d+ s|Asking/).waitFor()
    await page.locator('.strip').getByRole('button', { name: 'Try now' }).click()
    await page.locator('.strip').getByText(/Asked again in \d+ s/).waitFor()
    assert.equal(await page.getByRole('dialog').count(), 0, 'nothing modal')
    await look('down')
  })
  await step('the program behind the page goes away: it says so and counts', async () => {
    await desktop.stop()
    await page.locator('.strip').getByText('The program behind this page does not answer').waitFor({ timeout: 30_000 })
    await page.locator('.strip').getByText(/Asked again in \d+ s|Asking/).first().waitFor()
    assert.equal(await page.getByRole('dialog').count(), 0, 'nothing modal')
  })
}
