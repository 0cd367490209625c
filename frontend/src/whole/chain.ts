// The check of the two logs, done here and not by the node: every entry has the hash of itself
// and of the one before it. The same rules as `signalbox audit verify`.
import type { AuditEntry, AuditHead, AuditPage, ChainedRevision, RevisionPage } from '../api/types'
import { hex, sha256 } from './sha256'

const utf8 = new TextEncoder()

/** Fields one after the other, each with its length before it, so that no two lists of them are the same bytes. */
class Fields {
  private parts: Uint8Array[] = []
  private size = 0

  number(n: number): this {
    return this.add(integer(n))
  }

  texts(...texts: (string | undefined)[]): this {
    for (const text of texts) this.field(utf8.encode(text ?? ''))
    return this
  }

  field(bytes: Uint8Array): this {
    return this.add(integer(bytes.length)).add(bytes)
  }

  hash(): Uint8Array {
    const all = new Uint8Array(this.size)
    let at = 0
    for (const part of this.parts) {
      all.set(part, at)
      at += part.length
    }
    return sha256(all)
  }

  private add(bytes: Uint8Array): this {
    this.parts.push(bytes)
    this.size += bytes.length
    return this
  }
}

function integer(n: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigInt64(0, BigInt(n))
  return new Uint8Array(view.buffer)
}

/** Microseconds since 1970 of a time as the API writes it. */
export function micros(at: string): number {
  const parts = /^(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(at)
  if (!parts) return NaN
  return Date.parse(`${parts[1]}${parts[3]}`) * 1000 + Number(((parts[2] ?? '') + '000000').slice(0, 6))
}

/** The hash of an entry of the audit log after one with the hash previous. */
export function auditHash(previous: string, e: AuditEntry): string {
  const fields = new Fields().texts('signalbox audit 1', previous).field(integer(e.seq)).field(integer(micros(e.at)))
  fields.texts(e.node, e.actor, e.source, e.addr, e.action, e.subject, e.outcome, e.detail).field(integer(e.revision ?? 0)).texts(e.cid)
  return hex(fields.hash())
}

/** The hash of a revision after one with the hash previous. */
export function revisionHash(previous: string, r: ChainedRevision): string {
  const fields = new Fields().texts('signalbox change set 1', previous).number(r.revision).number(micros(r.at))
  fields.texts(r.actor.name, r.actor.source, r.actor.addr, r.reason).number(r.changes.length)
  for (const c of r.changes) {
    fields.texts(c.op, c.id, c.kind, c.name, c.old_name).number(c.version)
    for (const spec of [c.before, c.after]) {
      if (spec) fields.field(sha256(utf8.encode(spec)))
      else fields.texts('')
    }
  }
  return hex(fields.hash())
}

/** What fixes a log up to an entry, when it is kept where nobody can change it. */
export interface Receipt {
  seq: number
  hash: string
}

export const receiptText = ({ seq, hash }: Receipt) => `${seq}:${hash}`

/** Reads receipts, one a line or between blanks; undefined when one is none. */
export function readReceipts(text: string): Receipt[] | undefined {
  const found = text.split(/[\s,]+/).filter(Boolean).map((one) => /^([0-9]{1,15}):([0-9a-f]{64})$/.exec(one))
  if (found.some((one) => one === null)) return undefined
  return found.map((one) => ({ seq: Number(one?.[1]), hash: one?.[2] ?? '' }))
}

export type Why = 'missing' | 'twice' | 'changed' | 'unhashed' | 'cut' | 'beyond' | 'head'

export interface Outcome {
  checked: number
  /** Revisions from before there were hashes: nothing is proved of them. */
  unchained: number
  from?: string
  to?: string
  /** The end, when all of it holds and it is not empty. */
  head?: Receipt
  fault?: { seq: number; why: Why }
  /** Receipts that an entry fits. */
  held: Receipt[]
}

interface Reading {
  receipts: readonly Receipt[]
  /** Called now and then; an error that it throws ends the check. */
  progress: (done: number, all: number) => void
}

const auditPage = 1000
const revisionPage = 100

/** Checks the audit log up to its head, page by page. */
export async function verifyAudit(read: (after: number, limit: number) => Promise<AuditPage>, { receipts, progress }: Reading): Promise<Outcome> {
  const out: Outcome = { checked: 0, unchained: 0, held: [] }
  let last: AuditHead = { seq: 0, hash: '' }
  for (let again = false; ;) {
    const page = await read(last.seq, auditPage)
    for (const entry of page.entries) {
      const why = entry.seq > last.seq + 1 ? 'missing' : entry.seq <= last.seq ? 'twice' : entry.hash !== auditHash(last.hash, entry) ? 'changed' : undefined
      if (why) return { ...out, fault: { seq: why === 'missing' ? last.seq + 1 : entry.seq, why } }
      last = { seq: entry.seq, hash: entry.hash }
      note(out, receipts, last, entry.at)
    }
    progress(last.seq, page.head.seq)
    const atEnd = page.head.seq <= last.seq || (page.entries.length === 0 && again)
    if (page.entries.length < auditPage && atEnd) return ended(out, last, page.head)
    again = page.entries.length === 0
  }
}

function ended(out: Outcome, last: AuditHead, head: AuditHead): Outcome {
  if (head.seq > last.seq) return { ...out, fault: { seq: last.seq + 1, why: 'cut' } }
  if (head.seq < last.seq) return { ...out, fault: { seq: head.seq + 1, why: 'beyond' } }
  if (head.hash !== last.hash) return { ...out, fault: { seq: head.seq, why: 'head' } }
  return last.seq > 0 ? { ...out, head: last } : out
}

/** Checks the change log up to the newest revision, page by page. */
export async function verifyRevisions(read: (after: number, limit: number) => Promise<RevisionPage>, { receipts, progress }: Reading): Promise<Outcome> {
  const out: Outcome = { checked: 0, unchained: 0, held: [] }
  let last = { seq: 0, hash: '' }
  for (let again = false; ;) {
    const page = await read(last.seq, revisionPage)
    for (const revision of page.revisions) {
      const why = wrong(revision, last)
      if (why) return { ...out, fault: { seq: why === 'missing' ? last.seq + 1 : revision.revision, why } }
      last = { seq: revision.revision, hash: revision.hash ?? '' }
      if (last.hash === '') out.unchained++
      else note(out, receipts, last, revision.at)
    }
    progress(last.seq, page.newest)
    if (page.newest === last.seq) return last.hash ? { ...out, head: last } : out
    if (page.revisions.length === 0 && (again || page.newest < last.seq)) return { ...out, fault: page.newest < last.seq ? { seq: page.newest + 1, why: 'beyond' } : { seq: last.seq + 1, why: 'cut' } }
    again = page.revisions.length === 0
  }
}

function wrong(r: ChainedRevision, last: { seq: number; hash: string }): Why | undefined {
  if (r.revision > last.seq + 1) return 'missing'
  if (r.revision <= last.seq) return 'twice'
  if (!r.hash) return last.hash === '' ? undefined : 'unhashed'
  return r.hash === revisionHash(last.hash, r) ? undefined : 'changed'
}

function note(out: Outcome, receipts: readonly Receipt[], last: Receipt, at: string): void {
  out.checked++
  out.from ??= at
  out.to = at
  for (const one of receipts) if (one.seq === last.seq && one.hash === last.hash) out.held.push(one)
}
