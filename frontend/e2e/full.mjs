// A cluster with thousands of definitions.
import assert from 'node:assert/strict'

export default async function full(kit) {
  const { page, step, look, at, api, button } = kit
  await step('5,000 definitions: found at once, scrolled smoothly', async () => {
    const documents = [{ name: 'many.json', text: JSON.stringify(Array.from({ length: 5000 }, (_, i) => ({ kind: 'outgoing', name: `many.${i}`, spec: { url: `http://127.0.0.1:9/${i}`, enabled: false } }))) }]
    const made = await api('apply', { method: 'POST', body: JSON.stringify({ documents }) })
    assert.equal(made.status, 200, JSON.stringify(made.body).slice(0, 300))
    await at('/d/outgoing')
    await page.getByText(/5,00\d in all/).waitFor({ timeout: 20_000 })
    await look('list-full')
    const rows = await page.locator('.tr.body').count()
    assert.ok(rows < 80, `${rows} rows are in the page`)
    const frame = await page.locator('.scroll').evaluate(async (box) => {
      const times = []
      let before = performance.now()
      for (let i = 0; i < 60; i++) {
        box.scrollTop += 640
        await new Promise(requestAnimationFrame)
        times.push(performance.now() - before)
        before = performance.now()
      }
      return times.sort((a, b) => a - b)[30]
    })
    process.stdout.write(`     ${frame.toFixed(1)} ms a frame (median)\n`)
    await page.getByPlaceholder('Search').fill('many.4999')
    await page.getByText('1 of 5,00').waitFor()
  })
}
