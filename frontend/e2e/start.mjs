// From an empty list to a cluster that was claimed.
import { password } from './kit.mjs'

export default async function start(kit) {
  const { page, up, desktop, step, button, heading } = kit
  const look = kit.chosen('screens') ? kit.look : async () => undefined
  await step('an empty list says what to do', async () => {
    await page.goto(desktop.link)
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
    for (const i of [0, 1]) await page.locator('input[type=password]').nth(i).fill(password)
    await button('Become administrator').click()
    await heading('Test bench')
    kit.id = (await page.evaluate(() => location.hash)).split('/')[2]
    await page.getByText('Everything is in force').waitFor()
    await look('overview')
  })
  await step('home shows the cluster as up', async () => {
    await kit.home()
    await page.getByRole('row', { name: /Test bench.*up/ }).waitFor()
    await look('home')
  })
}
