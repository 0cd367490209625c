// The configuration as a whole: history, plan and apply, export, backup, ODB, audit, access, certificates.
import assert from 'node:assert/strict'

export default async function whole(kit) {
  const { page, step, look, at, api, button, heading } = kit
  const dialog = () => page.getByRole('dialog')

  await step('the history is found by who, what and why, over all of it', async () => {
    for (const [name, reason] of [['whole.bank', 'open the bank'], ['whole.post', 'open the post office']]) {
      const made = await api('definitions/outgoing', { method: 'POST', body: { name, spec: { url: 'http://127.0.0.1:9/a' }, reason } })
      assert.equal(made.status, 201, JSON.stringify(made.body))
    }
    await at('/history')
    await heading('History')
    await page.locator('.entry', { hasText: 'open the post office' }).waitFor()
    await page.getByLabel('Search', { exact: true }).fill('open the BANK')
    await button('Filter').click()
    await page.locator('.entry', { hasText: 'open the bank' }).waitFor()
    assert.equal(await page.locator('.entry').count(), 1)
    await page.locator('.entry > summary').click()
    await page.getByText('url: http://127.0.0.1:9/a').waitFor()
    await look('whole-history-filter')
    await button('Take the filters away').click()
    await page.locator('.entry', { hasText: 'install the demo' }).first().waitFor()
    await look('whole-history')
  })
  await step('any two revisions are compared, object by object', async () => {
    const { definition, version } = await definitionOf('whole.bank')
    await api('definitions/outgoing/whole.bank', { method: 'PUT', headers: { 'If-Match': `"${version}"` }, body: { spec: { ...definition, url: 'http://127.0.0.1:9/b', breaker: { failures: 7 } }, reason: 'move the bank' } })
    await page.locator('.entry', { hasText: 'move the bank' }).waitFor()
    await page.locator('.revision').nth(0).getByRole('checkbox').check()
    await page.locator('.revision').nth(2).getByRole('checkbox').check()
    await page.getByRole('link', { name: 'Compare', exact: true }).click()
    await heading('Compare revisions')
    await page.getByText('1 changed').waitFor()
    await page.locator('[data-sign="+"]', { hasText: 'url: http://127.0.0.1:9/b' }).waitFor()
    await page.locator('[data-sign="-"]', { hasText: 'url: http://127.0.0.1:9/a' }).waitFor()
    await look('whole-compare')
  })
  await step('the configuration is shown as it was', async () => {
    const made = (await api('definitions/outgoing/whole.bank/history')).body.items.at(-1).revision
    await at(`/history/${made}`)
    await heading(`The configuration at revision ${made}`)
    await page.getByPlaceholder('Search').fill('whole.')
    await button('whole.bank').click()
    await dialog().getByText('url: http://127.0.0.1:9/a').waitFor()
    await look('whole-state')
    await page.keyboard.press('Escape')
  })
  await step('a roll-back says what it deletes, is done, and is undone from its notice', async () => {
    const made = (await api('definitions/outgoing/whole.bank/history')).body.items.at(-1).revision
    await at(`/history?back=${made}`)
    await dialog().getByText('This deletes 1 definition').waitFor()
    await dialog().getByText('outgoing/whole.post').first().waitFor()
    await look('whole-roll-back')
    await dialog().getByLabel('Reason').fill('try it')
    await dialog().getByRole('button', { name: 'Roll back' }).click()
    await page.getByText(/Saved as revision/).waitFor()
    assert.equal((await api('definitions/outgoing/whole.post')).status, 404)
    await button('Undo').click()
    await page.getByText(/Undone; saved as revision/).waitFor()
    assert.equal((await api('definitions/outgoing/whole.post')).status, 200)
    assert.equal((await api('definitions/outgoing/whole.bank')).body.spec.url, 'http://127.0.0.1:9/b')
  })

  async function definitionOf(name) {
    const { body } = await api(`definitions/outgoing/${name}`)
    return { definition: body.spec, version: body.version }
  }
}
