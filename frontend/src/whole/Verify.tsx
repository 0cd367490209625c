// The check of the audit log and of the change log, with receipts that fix what they said then.
import { Button, Textarea } from '@mantine/core'
import { useRef, useState } from 'react'
import * as z from 'zod/mini'
import { admin } from '../api/queries'
import type { AuditPage, Cluster, RevisionPage } from '../api/types'
import { number, t } from '../text'
import { copyText } from '../ui/copy'
import { CopyCommand } from '../ui/CopyCommand'
import { useStored } from '../ui/store'
import { Failed } from '../ui/states'
import { At } from '../ui/time'
import { readReceipts, receiptText, verifyAudit, verifyRevisions, type Outcome, type Receipt } from './chain'

const shape = z.array(z.object({ at: z.string(), text: z.string() }))
const kept = 20

interface Done {
  audit: Outcome
  revisions: Outcome
  given: Receipt[]
}

export function Verify({ cluster }: { cluster: Cluster }) {
  const [saved, setSaved] = useStored('receipts.' + cluster.fingerprint, shape, [])
  const [typed, setTyped] = useState('')
  const [progress, setProgress] = useState<string>()
  const [done, setDone] = useState<Done>()
  const [failure, setFailure] = useState<unknown>()
  const running = useRef<AbortController>(undefined)
  const given = readReceipts(typed)
  const run = async () => {
    const stop = new AbortController()
    running.current = stop
    setDone(undefined)
    setFailure(undefined)
    setProgress('')
    const receipts = unique([...(given ?? []), ...saved.flatMap((one) => readReceipts(one.text) ?? [])])
    const tell = (what: 'audit' | 'changes') => (n: number, all: number) => setProgress(t(`verify.progress.${what}`, { n: number(n), all: number(all) }))
    try {
      const read = <T,>(path: string) => (after: number, limit: number) => admin<T>(cluster.id, `${path}?after=${after}&limit=${limit}`, { signal: stop.signal })
      const audit = await verifyAudit(read<AuditPage>('audit/chain'), { receipts, progress: tell('audit') })
      const revisions = await verifyRevisions(read<RevisionPage>('audit/revisions'), { receipts, progress: tell('changes') })
      setDone({ audit, revisions, given: receipts })
    } catch (error) {
      if (!stop.signal.aborted) setFailure(error)
    } finally {
      setProgress(undefined)
    }
  }
  return (
    <div style={{ overflow: 'auto', paddingBottom: 24 }} tabIndex={-1}>
      <p>{t('verify.help')}</p>
      <Textarea maw={720} minRows={2} label={t('verify.receipts')} description={t('verify.receipts.help', { n: saved.length })} value={typed} error={given === undefined ? t('verify.receipts.bad') : undefined} onChange={(event) => setTyped(event.currentTarget.value)} />
      <div className="tools" style={{ marginTop: 12 }}>
        {progress === undefined ? <Button disabled={given === undefined} onClick={() => void run()}>{t('verify.go')}</Button> : <Button variant="default" onClick={() => running.current?.abort()}>{t('verify.stop')}</Button>}
        <CopyCommand cluster={cluster} words={['audit', 'verify', ...(given ?? []).flatMap((one) => ['--expect', receiptText(one)])]} />
        {progress !== undefined && <span role="status">{progress || t('state.loading')}</span>}
      </div>
      {failure !== undefined && <Failed error={failure} retry={() => void run()} />}
      {done && <Report done={done} onSave={(text) => setSaved([{ at: new Date().toISOString(), text }, ...saved.filter((one) => one.text !== text)].slice(0, kept))} saved={saved.map((one) => one.text)} />}
      {saved.length > 0 && (
        <>
          <h2>{t('verify.saved')}</h2>
          <p className="quiet small">{t('verify.saved.help')}</p>
          {saved.map((one) => (
            <div key={one.at} className="row" style={{ marginBottom: 4 }}>
              <At at={one.at} /> <code className="grow cut">{one.text}</code>
              <Button variant="subtle" onClick={() => setSaved(saved.filter((other) => other !== one))}>{t('verify.forget')}</Button>
            </div>
          ))}
        </>
      )}
    </div>
  )
}

const unique = (list: Receipt[]) => list.filter((one, i) => list.findIndex((other) => other.seq === one.seq && other.hash === one.hash) === i)

function Report({ done, saved, onSave }: { done: Done; saved: string[]; onSave: (text: string) => void }) {
  const held = [...done.audit.held, ...done.revisions.held]
  const lost = done.given.filter((one) => !held.some((other) => other.seq === one.seq && other.hash === one.hash))
  const good = !done.audit.fault && !done.revisions.fault && lost.length === 0
  const text = [done.audit.head, done.revisions.head].flatMap((one) => (one ? [receiptText(one)] : [])).join(' ')
  return (
    <>
      <div className={'box ' + (good ? 'good' : 'bad')} role={good ? 'status' : 'alert'}>
        <strong>{good ? t('verify.good') : t('verify.bad')}</strong>
        {done.audit.fault && <div>{t('verify.fault.audit', { n: number(done.audit.fault.seq), why: t(`verify.why.${done.audit.fault.why}`) })}</div>}
        {done.revisions.fault && <div>{t('verify.fault.changes', { n: number(done.revisions.fault.seq), why: t(`verify.why.${done.revisions.fault.why}`) })}</div>}
        {lost.map((one) => <div key={receiptText(one)}>{t('verify.lost', { receipt: receiptText(one).slice(0, 24) + '…' })}</div>)}
        {held.length > 0 && <div>{t('verify.held', { n: held.length })}</div>}
        {!good && <div>{t('verify.whatNow')}</div>}
      </div>
      <dl className="facts">
        <dt>{t('place.audit')}</dt><dd><Sum of={done.audit} what="entries" /></dd>
        <dt>{t('place.history')}</dt><dd><Sum of={done.revisions} what="revisions" />{done.revisions.unchained > 0 && ` ${t('verify.unchained', { n: done.revisions.unchained })}`}</dd>
        {text && <><dt>{t('verify.receipt')}</dt><dd><code>{text}</code></dd></>}
      </dl>
      {text && (
        <div className="row">
          <Button variant="default" onClick={() => void copyText(text)}>{t('action.copy')}</Button>
          <Button variant="default" disabled={saved.includes(text)} onClick={() => onSave(text)}>{saved.includes(text) ? t('verify.kept') : t('verify.keep')}</Button>
          <span className="quiet small grow">{t('verify.receipt.help')}</span>
        </div>
      )}
    </>
  )
}

function Sum({ of, what }: { of: Outcome; what: 'entries' | 'revisions' }) {
  return <>{t(`verify.${what}`, { n: of.checked })}{of.from && of.to && <span className="quiet"> <At at={of.from} /> – <At at={of.to} /></span>}</>
}
