import { describe, expect, it } from 'vitest'
import { sdkFiles } from './files'
import { readSdk, sdkModule, testModule } from './sdk'
import { completeService, helpAt, type Names } from './source'

const sdk = readSdk(sdkFiles)
const names: Names = {
  services: [{ name: 'fx.rate', doc: 'A rate.' }, { name: 'orders.create' }],
  outgoings: [{ name: 'partner', type: 'http' }, { name: 'prices', type: 'sql' }], settings: ['currency'], files: ['src/place.ts'],
}
const head = 'import { service, t, decimal } from "@signalbox/sdk";\n'
const body = (line: string) => `${head}export const a = service({ name: "a", input: t.object({ id: t.string(), count: t.int() }), handle(ctx, input) {\n  const answer = ctx.conn.http("partner").get("/x");\n  ${line}\n} });\n`

/** Labels at the bar. */
function labels(text: string): string[] {
  const offset = text.indexOf('|')
  const got = completeService(sdk, names, { text: text.replace('|', ''), offset, explicit: true })
  return got?.options.map((one) => one.label) ?? []
}

describe('the SDK', () => {
  it('is read from its sources', () => {
    expect(sdk.exports.get(sdkModule)).toEqual(expect.arrayContaining(['service', 't', 'Ctx', 'decimal', 'xml']))
    expect(sdk.exports.get(testModule)).toEqual(expect.arrayContaining(['test', 'expect', 'fakeCtx']))
    const names = (type: string) => sdk.types.get(type)?.map((one) => one.name)
    expect(names('Ctx')).toEqual(expect.arrayContaining(['cid', 'conn', 'invoke', 'parallel', 'log', 'settings', 'respond']))
    expect(names('typeof t')).toEqual(expect.arrayContaining(['string', 'object', 'int', 'array']))
    expect(names('typeof decimal')).toEqual(expect.arrayContaining(['add', 'round']))
    expect(names('HttpConnection')).toEqual(expect.arrayContaining(['get', 'post', 'ping']))
    expect(sdk.types.get('Ctx')?.find((one) => one.name === 'cid')?.doc).toMatch(/Correlation id/)
  })
})

describe('completion', () => {
  it.each([
    ['members of the context', body('ctx.|'), ['conn', 'invoke', 'log', 'settings']],
    ['a part of a word', body('ctx.inv|'), ['invoke']],
    ['connections', body('ctx.conn.|'), ['http', 'sql']],
    ['the log', body('ctx.log.|'), ['info', 'error']],
    ['what a call answers', body('ctx.conn.http("partner").|'), ['get', 'post', 'request']],
    ['a variable', body('answer.|'), ['status', 'json', 'ok']],
    ['the input as it is declared', body('input.|'), ['id', 'count']],
    ['settings of the package', body('ctx.settings.|'), ['currency']],
    ['names of services', body('ctx.invoke("|")'), ['fx.rate', 'orders.create']],
    ['names of services in parallel', body('ctx.parallel([{ service: "f|" }])'), ['fx.rate', 'orders.create']],
    ['names of HTTP connections', body('ctx.conn.http("|")'), ['partner']],
    ['names of SQL connections', body("ctx.conn.sql('p|')"), ['prices']],
    ['schemas', `${head}const s = t.|`, ['string', 'object']],
    ['options of schemas', `${head}const s = t.string({ | })`, ['pattern', 'minLength']],
    ['keys of a service', `${head}export const b = service({ name: "b", | })`, ['doc', 'input', 'output', 'timeout', 'handle']],
    ['keys of an answer', body('ctx.respond({ | })'), ['status', 'headers']],
    ['exports', 'import { service, | } from "@signalbox/sdk";', ['t', 'decimal', 'Ctx']],
    ['exports of the test kit', 'import { | } from "@signalbox/sdk/test";', ['test', 'expect']],
    ['modules', 'import { x } from "|";', [sdkModule, './src/place']],
    ['the library', body('decimal.|'), ['add', 'round']],
    ['a helper with a type', `${head}import type { Ctx } from "@signalbox/sdk";\nconst f = (c: Ctx) => c.|`, ['conn', 'invoke']],
    ['imported names', body('dec|'), ['decimal']],
  ])('%s', (_, text, want) => {
    expect(labels(text)).toEqual(expect.arrayContaining(want))
  })
  it('leaves out what is taken, and is quiet where it knows nothing', () => {
    expect(labels(`${head}export const b = service({ name: "b", | })`)).not.toContain('name')
    expect(labels(body('// ctx.|'))).toEqual([])
    expect(labels(body('const s = "ctx.|"'))).toEqual([])
    expect(labels(body('unknown.|'))).toEqual([])
    expect(labels(body('ctx.conn.http("|")'))).not.toContain('prices')
  })
  it('survives any cut of a text', () => {
    const text = body('const x = ctx.conn.http(`a${ctx.settings.currency}`).get("/", { query: { a: 1 } }); return t')
    for (let i = 0; i <= text.length; i += 3) {
      completeService(sdk, names, { text: text.slice(0, i), offset: i, explicit: true })
      completeService(sdk, names, { text, offset: i, explicit: false })
    }
  })
  it('helps about what stands there', () => {
    const text = body('ctx.invoke("fx.rate")')
    expect(helpAt(sdk, text, text.indexOf('invoke(') + 2)).toMatch(/invoke.*Calls another service/s)
    expect(helpAt(sdk, text, text.indexOf('decimal') + 2)).toMatch(/Exact decimal/)
    expect(helpAt(sdk, text, 2)).toBeUndefined()
  })
})
