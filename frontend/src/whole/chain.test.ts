import { describe, expect, it } from 'vitest'
import type { AuditEntry, ChainedRevision } from '../api/types'
import { auditHash, micros, readReceipts, revisionHash, verifyAudit, verifyRevisions } from './chain'

// Written by the Go side.
const entries: AuditEntry[] = JSON.parse(`[{"seq":1,"at":"2026-11-23T18:35:28.726768Z","node":"node-1","actor":"ann","source":"cli","addr":"10.0.0.1","action":"signIn","subject":"account/ann","outcome":"done","detail":"201: grüße €","cid":"x","hash":"95f4495a7a05e1ed6150418041d56e6527f3173781b61b0b1c7b58249ae33d3a"},{"seq":2,"at":"2026-11-23T18:35:29.726768Z","action":"apply","outcome":"done","revision":7,"hash":"46155465b61a23d9db93002f06555947601fb3c69acb417ec68216486a8ab09f"}]`)
const revisions: ChainedRevision[] = JSON.parse(String.raw`[{"revision":1,"at":"2026-11-23T18:35:28.726768Z","actor":{"name":"node node-1","source":"node start","addr":""},"reason":"first","hash":"27a87b71b1e653ae3247eb355f960300490b107e2fe56c001328a93d296d97a7","changes":[{"op":"create","id":"i1","kind":"outgoing","name":"ä","version":1,"after":"{\"url\":\"http://x\"}"}]},{"revision":2,"at":"2026-11-23T18:35:30.226768Z","actor":{"name":"ann","source":"api","addr":"::1"},"hash":"af04f421fe565493919a87fba6158646a91f89eaa317734f78836ea78a9f4fc8","changes":[{"op":"rename","id":"i1","kind":"outgoing","name":"b","old_name":"ä","version":2,"before":"{\"url\":\"http://x\"}","after":"{\"url\":\"http://x\"}"},{"op":"delete","id":"i2","kind":"channel","name":"c","version":4,"before":"{\"path\":\"/c\"}"}]}]`)

const [first, second] = entries as [AuditEntry, AuditEntry]
const [one, two] = revisions as [ChainedRevision, ChainedRevision]
const receipts = [{ seq: 1, hash: first.hash }, { seq: 2, hash: two.hash ?? '' }, { seq: 2, hash: '0'.repeat(64) }]
const reading = { receipts, progress: () => undefined }

const audit = (list: AuditEntry[], head = { seq: 2, hash: second.hash }) =>
  verifyAudit((after) => Promise.resolve({ entries: list.filter((entry) => entry.seq > after), head }), reading)
const changes = (list: ChainedRevision[], newest = 2) =>
  verifyRevisions((after) => Promise.resolve({ revisions: list.filter((revision) => revision.revision > after), newest }), reading)

describe('hashes', () => {
  it('are those that the nodes compute', () => {
    expect(auditHash('', first)).toBe(first.hash)
    expect(auditHash(first.hash, second)).toBe(second.hash)
    expect(revisionHash('', one)).toBe(one.hash)
    expect(revisionHash(one.hash ?? '', two)).toBe(two.hash)
  })
  it('take times to the microsecond', () => {
    expect(micros('2026-11-23T18:35:28.726768Z')).toBe(1_795_458_928_726_768)
    expect(micros('2026-11-23T18:35:28Z')).toBe(1_795_458_928_000_000)
    expect(micros('2026-11-23T18:35:28.5Z')).toBe(1_795_458_928_500_000)
  })
})

describe('the audit log', () => {
  it('holds, and tells the receipt that it fits', async () => {
    expect(await audit(entries)).toMatchObject({ checked: 2, head: { seq: 2, hash: second.hash }, held: [receipts[0]] })
    expect((await audit([], { seq: 0, hash: '' })).fault).toBeUndefined()
  })
  it.each([
    ['a changed entry', [{ ...first, actor: 'bob' }, second], undefined, { seq: 1, why: 'changed' }],
    ['a missing one', [second], undefined, { seq: 1, why: 'missing' }],
    ['an end that was cut off', [first], undefined, { seq: 2, why: 'cut' }],
    ['entries beyond the head', entries, { seq: 1, hash: first.hash }, { seq: 2, why: 'beyond' }],
    ['another head', entries, { seq: 2, hash: 'x' }, { seq: 2, why: 'head' }],
  ])('does not hold with %s', async (_, list, head, fault) => {
    const outcome = await audit(list, head)
    expect(outcome.fault).toEqual(fault)
    expect(outcome.head).toBeUndefined()
  })
})

describe('the change log', () => {
  it('holds, also from before there were hashes', async () => {
    expect(await changes(revisions)).toMatchObject({ checked: 2, unchained: 0, head: { seq: 2, hash: two.hash }, held: [receipts[1]] })
    const { hash: _, ...old } = one
    const later = { ...two, hash: revisionHash('', two) }
    expect(await changes([old, later])).toMatchObject({ checked: 1, unchained: 1, head: { seq: 2 } })
  })
  it('does not hold with a changed spec, a hash taken away, or an end cut off', async () => {
    const spoilt = { ...one, changes: one.changes.map((change) => ({ ...change, after: '{}' })) }
    expect((await changes([spoilt, two])).fault).toEqual({ seq: 1, why: 'changed' })
    const { hash: _, ...bare } = two
    expect((await changes([one, bare])).fault).toEqual({ seq: 2, why: 'unhashed' })
    expect((await changes([one])).fault).toEqual({ seq: 2, why: 'cut' })
    expect((await changes([two])).fault).toEqual({ seq: 1, why: 'missing' })
  })
})

describe('receipts', () => {
  it('are read as they are printed, and nothing else is', () => {
    expect(readReceipts(`1:${first.hash}\n2:${second.hash}`)).toEqual([{ seq: 1, hash: first.hash }, { seq: 2, hash: second.hash }])
    expect(readReceipts('')).toEqual([])
    expect(readReceipts('1:abc')).toBeUndefined()
  })
})
