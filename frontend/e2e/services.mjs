// Services: the list, the editor, tests, deployment, calls by the form, versions and the way back.
import assert from 'node:assert/strict'

const code = (answer) => `import { service, t } from "@signalbox/sdk";

export const price = service({
  name: "e2e.price",
  doc: "Answers a price.",
  input: t.object({ sku: t.string({ minLength: 2 }), count: t.int({ minimum: 1 }) }),
  handle(ctx, input) {
    const rate = ctx.invoke("signalbox.echo", { sku: input.sku }).input;
    return { sku: input.sku, price: ${answer} * input.count, rate };
  },
});
`
const tests = (answer) => `import { call, expect, fakeCtx, test } from "@signalbox/sdk/test";
import { price } from "./price";

const ctx = () => fakeCtx({ invoke: { "signalbox.echo": (input: unknown) => ({ input }) } });

test("multiplies", () => {
  expect(call(price, { sku: "ab", count: 2 }, ctx())).toEqual({ sku: "ab", price: ${answer}, rate: { sku: "ab" } });
});
`

export default async function services(kit) {
  const { page, step, look, at, api, button, heading, field } = kit
  const editor = (path) => page.getByRole('textbox', { name: `Code of ${path}` })
  const file = (path) => page.getByRole('navigation', { name: 'Files of the package' }).getByRole('button', { name: path })
  const tab = (name) => page.getByRole('tab', { name })
  /** Replaces the whole text, as a person would. */
  const write = async (path, text) => {
    await editor(path).click()
    await page.keyboard.press('Control+a')
    await page.keyboard.insertText(text)
  }
  const deployed = async () => {
    await button('Deploy…').click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Deploy', exact: true }).click()
    await dialog.getByText(/runs on all 3 nodes/).waitFor({ timeout: 60_000 })
    return dialog
  }

  await step('a package is made from the template and deployed on every node', async () => {
    await at('/services')
    await heading('Services')
    await page.getByRole('link', { name: 'New package' }).click()
    await heading('New package')
    await look('package-new')
    await page.getByLabel('Name of the package').fill('e2e')
    await button('Start from the template').click()
    await heading('e2e')
    await page.getByText('It compiles and loads on the cluster').waitFor()
    await file('src/hello.ts').click()
    await write('src/hello.ts', code(5))
    await button('Rename').click()
    await page.getByLabel('Path').fill('src/price.ts')
    await button('OK').click()
    await file('src/hello.test.ts').click()
    await write('src/hello.test.ts', tests(10))
    await page.getByText('It compiles and loads on the cluster').waitFor()
    await look('package')
  })
  await step('unsaved changes survive a reload', async () => {
    await page.reload()
    await page.getByText('your changes are back').waitFor()
    await file('src/price.ts').click()
    await editor('src/price.ts').getByText('e2e.price').waitFor()
  })
  await step('the SDK and the cluster complete what is typed', async () => {
    await editor('src/price.ts').getByText('const rate').click()
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await page.keyboard.type('ctx.conn.ht')
    // An offer that has just appeared takes no click for a moment.
    const taken = editor('src/price.ts').getByText('ctx.conn.http')
    for (let tries = 0; tries < 20 && !(await taken.isVisible()); tries++) {
      await page.getByRole('option', { name: /^http/ }).click({ timeout: 2_000 }).catch(() => undefined)
      await taken.waitFor({ timeout: 500 }).catch(() => undefined)
    }
    await taken.waitFor()
    await page.keyboard.type('("')
    await page.getByRole('option', { name: /demo/ }).first().waitFor()
    await look('package-complete')
    await page.keyboard.press('Escape')
    await write('src/price.ts', code(5))
    await page.keyboard.press('Escape')
  })
  await step('the compiler of this machine finds faults of types, which stop nothing', async () => {
    await write('src/price.ts', code(5).replace('const rate', 'const wrong: string = input.count;\n    const rate'))
    await page.getByText(/not assignable to type 'string'/).first().waitFor({ timeout: 30_000 })
    await page.locator('.cm-lint-marker-warning').waitFor()
    await page.getByText('It compiles and loads on the cluster').waitFor()
    await look('package-types')
    await write('src/price.ts', code(5))
    await page.getByText(/not assignable to type 'string'/).first().waitFor({ state: 'detached' })
  })
  await step('the tests run from the editor', async () => {
    await tab(/^Tests/).click()
    await button('Run tests').click()
    await page.getByText('1 passed, 0 failed').waitFor()
    await file('src/hello.test.ts').click()
    await write('src/hello.test.ts', tests(11))
    await button('Run tests').click()
    await page.getByText('0 passed, 1 failed').waitFor()
    await page.getByRole('button', { name: 'src/hello.test.ts:7' }).waitFor()
    await look('package-tests')
    await write('src/hello.test.ts', tests(10))
  })
  await step('a deployment says what it changes and what each node makes of it', async () => {
    await page.getByText('Being checked').waitFor({ state: 'detached' })
    await button('Deploy…').click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('e2e.price').waitFor()
    await look('package-deploy')
    await dialog.getByLabel(/Reason/).fill('first prices')
    await dialog.getByRole('button', { name: 'Deploy', exact: true }).click()
    await dialog.getByText(/runs on all 3 nodes/).waitFor({ timeout: 60_000 })
    await look('package-deployed')
    await dialog.getByRole('button', { name: 'Close' }).last().click()
    const { body } = await api('services/e2e.price')
    assert.equal(body.package, 'e2e')
    assert.equal(body.running, true)
  })
  await step('code that is broken is marked at its line, and cannot be deployed', async () => {
    await file('src/price.ts').click()
    await write('src/price.ts', code('5 5'))
    await tab(/^Problems/).click()
    await page.getByRole('button', { name: 'src/price.ts:9:' }).waitFor()
    await page.locator('.cm-lint-marker-error').waitFor()
    await look('package-fault')
    await button('Deploy…').click()
    assert.ok(await page.getByRole('dialog').getByRole('button', { name: 'Deploy', exact: true }).isDisabled())
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await write('src/price.ts', code(7))
    await page.getByText('It compiles and loads on the cluster').waitFor()
  })
  await step('somebody else deploys in between: the difference is shown, nothing is lost', async () => {
    const { body } = await api('services/e2e.price/source')
    const theirs = { ...body.files, 'src/note.ts': { text: '// theirs\nexport const note = 1;\n' } }
    const other = await api('deploy', { method: 'POST', body: { packages: [{ name: 'e2e', files: theirs }], reason: 'a note' } })
    assert.equal(other.status, 200, JSON.stringify(other.body))
    await page.getByText('admin deployed another version').waitFor()
    await button('Deploy…').click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('What they changed').waitFor()
    await dialog.getByText('src/note.ts').waitFor()
    await look('package-conflict')
    await dialog.getByRole('button', { name: 'Go on with the merged draft' }).click()
    await file('src/note.ts').waitFor()
    await page.getByText('It compiles and loads on the cluster').waitFor()
    await (await deployed()).getByRole('button', { name: 'Close' }).last().click()
    const now = await api('services/e2e.price/source')
    assert.ok(now.body.files['src/note.ts'] && now.body.files['src/price.ts'].text.includes('7 *'))
  })
  await step('a service is called by its form; a saved call tells what changed since', async () => {
    await at('/services/e2e.price')
    await heading('e2e.price')
    await button('Call it').click()
    await page.locator('[data-pointer="/sku"] .fault').waitFor()
    await field('/sku').fill('pen')
    await field('/count').fill('3')
    await page.getByLabel('Name of this call').fill('three pens')
    await button('Save').click()
    await page.getByRole('button', { name: /three pens.*not called/ }).waitFor()
    await button('Call it').click()
    await page.getByText(/Answered in/).waitFor()
    await page.locator('pre.answer').getByText('"price": 21').waitFor()
    await page.getByText('First run of').waitFor()
    await look('service-call')
    await page.reload()
    await page.getByRole('button', { name: /three pens.*200/ }).click()
    assert.equal(await field('/sku').inputValue(), 'pen')
    await button('Call it').click()
    await page.getByText('The same result as').waitFor()
    await page.getByText('JSON', { exact: true }).click()
    await page.getByRole('textbox', { name: 'Input' }).getByText('"pen"').waitFor()
    await page.getByLabel('Do not wait for the answer').check()
    await button('Call it').click()
    await page.getByText(/Answered in/).waitFor()
    await page.locator('pre.answer').getByText('"price": 21').waitFor()
  })
  await step('its source, its callers and what it calls', async () => {
    await tab('Source').click()
    await page.getByRole('textbox', { name: 'Code of src/note.ts' }).waitFor()
    await file('src/price.ts').click()
    await page.getByRole('textbox', { name: 'Code of src/price.ts' }).getByText('e2e.price').waitFor()
    await look('service-source')
    await tab('Dependencies').click()
    await page.getByRole('link', { name: 'signalbox.echo' }).waitFor()
    await look('service-calls')
    await page.getByRole('link', { name: 'src/price.ts:8' }).click()
    await page.getByRole('textbox', { name: 'Code of src/price.ts' }).waitFor()
  })
  await step('two versions are compared, and an earlier one is put back', async () => {
    await tab('Versions').click()
    const rows = page.locator('table.plain tbody tr')
    await rows.nth(2).waitFor()
    await rows.nth(0).getByRole('checkbox').check()
    await rows.nth(2).getByRole('checkbox').check()
    await page.getByText('src/note.ts').first().waitFor()
    await look('service-versions')
    await rows.nth(2).getByRole('button', { name: 'Put into force…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('src/price.ts').waitFor()
    await look('service-back')
    await dialog.getByRole('button', { name: 'Put into force' }).click()
    await page.getByText(/Saved as revision/).waitFor()
    await dialog.waitFor({ state: 'detached' })
    await tab('Call').click()
    await page.getByRole('button', { name: /^three pens/ }).click()
    await button('Call it').click()
    await page.getByText('The result is another one than').waitFor()
    await page.locator('pre.answer').getByText('"price": 15').waitFor()
    await look('service-compared')
  })
  await step('who may only look sees the source and no action', async () => {
    const { name, urls, fingerprint } = (await kit.app('clusters')).body.items.find((one) => one.id === kit.id)
    const lock = (read_only) => kit.app(`clusters/${kit.id}`, { method: 'PUT', body: { name, urls, fingerprint, read_only } })
    assert.equal((await lock(true)).status, 200)
    await at('/services')
    await page.getByRole('link', { name: 'New package' }).waitFor({ state: 'detached' })
    await at('/services/e2e.price')
    await page.getByRole('textbox', { name: 'Code of src/price.ts' }).waitFor()
    assert.equal(await page.getByRole('link', { name: 'Edit package' }).count(), 0)
    assert.equal(await page.getByRole('tab', { name: 'Call' }).count(), 0)
    await at('/package/e2e')
    assert.equal(await page.getByRole('textbox', { name: 'Code of src/price.ts' }).getAttribute('aria-readonly'), 'true')
    assert.equal(await page.getByRole('button', { name: 'Deploy…' }).count(), 0)
    assert.equal((await lock(false)).status, 200)
  })
  await step('200 services are listed, found and sorted', async () => {
    const lines = Array.from({ length: 200 }, (_, i) => `export const s${i} = service({ name: "many.${i}", handle: () => ${i} });`)
    const made = await api('deploy', { method: 'POST', body: { packages: [{ name: 'many', files: { 'many.ts': { text: `import { service } from "@signalbox/sdk";\n${lines.join('\n')}\n` } } }] } })
    assert.equal(made.status, 200, JSON.stringify(made.body).slice(0, 300))
    await at('/services')
    await page.getByText(/2\d\d in all/).waitFor({ timeout: 20_000 })
    await look('services-full')
    assert.ok(await page.locator('.tr.body').count() < 80)
    await page.getByPlaceholder('Search').fill('many.199')
    await page.getByRole('row', { name: /many\.199/ }).waitFor()
    await page.getByPlaceholder('Search').fill('')
  })
}
