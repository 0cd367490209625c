// The configuration as a whole: history, plan and apply, export, backup, ODB, audit, access, certificates.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

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

  const file = (name, text) => ({ name, mimeType: 'application/yaml', buffer: Buffer.from(text) })
  const pick = async (...files) => {
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), button('Pick files').click()])
    await chooser.setFiles(files)
  }
  const mill = (url, more = '') => `kind: outgoing\nname: whole.mill\nspec:\n  url: ${url}\n${more}`

  await step('a fault in a file is shown with file, document and line, and mended in place', async () => {
    await at('/apply')
    await heading('Plan and apply')
    await page.getByText('No files yet').waitFor()
    await look('whole-apply-empty')
    await pick(file('mills.yaml', `${mill('http://127.0.0.1:9/m')}---\nkind: outgoing\nname: whole.wind\nspec:\n  url: nope\n`), file('notes.txt', 'x'), file('posts.json', '[{"kind":"outgoing","name":"whole.post","spec":{"url":"http://127.0.0.1:9/p"}}]'))
    await page.getByText('1 file holds no definitions').waitFor()
    await page.getByText('There is 1 fault').waitFor()
    await page.getByText('document 2 (outgoing/whole.wind)').waitFor()
    await button('mills.yaml:9').click()
    await page.locator('.cm-content').waitFor()
    await look('whole-apply-fault')
    await page.locator('.cm-line', { hasText: 'url: nope' }).click()
    await page.keyboard.press('End')
    for (let i = 0; i < 4; i++) await page.keyboard.press('Backspace')
    await page.keyboard.type('http://127.0.0.1:9/w')
    await page.getByText('2 new').waitFor()
    await page.getByText('1 changed').waitFor()
    await button('mills.yaml').click()
    await look('whole-apply-plan')
  })
  await step('a plan that became stale is planned again, then applied and undone', async () => {
    await api('definitions/outgoing', { method: 'POST', body: { name: 'whole.other', spec: { url: 'http://127.0.0.1:9/o' } } })
    await page.getByText('Somebody changed something meanwhile').waitFor()
    await page.getByRole('textbox', { name: 'Reason' }).fill('from files')
    await button('Apply 3 changes').click()
    await page.getByText(/Applied as revision/).waitFor()
    assert.equal((await api('definitions/outgoing/whole.wind')).status, 200)
    assert.equal((await api('history?limit=1')).body.items[0].reason, 'from files')
    await look('whole-applied')
    await button('Undo').click()
    await page.getByText(/Undone; saved as revision/).waitFor()
    assert.equal((await api('definitions/outgoing/whole.wind')).status, 404)
  })
  await step('pruning names what it deletes and asks', async () => {
    await button('Take all away').click()
    await pick(file('only.yaml', mill('http://127.0.0.1:9/m')))
    await page.getByText('1 new').waitFor()
    await page.getByRole('switch', { name: 'Delete what the files leave out' }).check({ force: true })
    await page.getByText(/This deletes \d+ definitions/).first().waitFor()
    await look('whole-prune')
    await page.getByRole('button', { name: /^Apply \d+ changes$/ }).click()
    await dialog().getByText(/This deletes \d+ definitions/).waitFor()
    await dialog().getByRole('button', { name: 'Cancel' }).click()
    assert.equal((await api('definitions/outgoing/whole.post')).status, 200)
  })
  await step('files dropped on the page are planned', async () => {
    await button('Take all away').click()
    const data = await page.evaluateHandle((text) => {
      const dropped = new DataTransfer()
      dropped.items.add(new File([text], 'dropped.yaml', { type: 'application/yaml' }))
      return dropped
    }, mill('http://127.0.0.1:9/d'))
    await page.locator('.drop').dispatchEvent('drop', { dataTransfer: data })
    await button('dropped.yaml').waitFor()
    await page.getByText('1 new').waitFor()
  })
  await step('an export is what the command line gives, whole or in part', async () => {
    await at('/export')
    await heading('Export')
    await page.locator('pre.yaml').waitFor()
    const all = execFileSync(kit.node, ['export', '--dir', kit.up.dir], { encoding: 'utf8' })
    assert.equal(await page.locator('pre.yaml').textContent(), all)
    await look('whole-export')
    await page.locator('.group .row', { hasText: 'Outgoing' }).getByRole('button').click()
    await page.getByRole('checkbox', { name: 'whole.post' }).check()
    await page.getByRole('checkbox', { name: /^Security/ }).check()
    const [download] = await Promise.all([page.waitForEvent('download'), button('Save as a file').click()])
    const some = execFileSync(kit.node, ['export', 'security', 'outgoing/whole.post', '--dir', kit.up.dir], { encoding: 'utf8' })
    assert.equal(readFileSync(await download.path(), 'utf8'), some)
    assert.equal(download.suggestedFilename(), 'Test-bench.yaml')
    await look('whole-export-some')
  })

  async function definitionOf(name) {
    const { body } = await api(`definitions/outgoing/${name}`)
    return { definition: body.spec, version: body.version }
  }
}
