// The move of everything to another operational database, while the nodes go on.
import { Button, PasswordInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { ApiError, faultAt } from '../api/http'
import { adminPath } from '../api/queries'
import { confirmed } from '../api/role'
import type { Cluster, CopiedODB, CopyStep } from '../api/types'
import { number, t } from '../text'
import { Confirm } from '../ui/Confirm'
import { CopyCommand } from '../ui/CopyCommand'
import { Failed } from '../ui/states'
import { postLines } from './lines'

export function CopyODB({ cluster }: { cluster: Cluster }) {
  const { dsn, setDSN, step, busy, done, failure, run, stop } = useCopy(cluster)
  const [asked, setAsked] = useState(false)
  const fault = faultAt(failure, '/to')
  return (
    <>
      <h2>{t('odb.copy')}</h2>
      <p>{t('odb.copy.help')}</p>
      <form className="form" onSubmit={(event) => { event.preventDefault(); setAsked(true) }}>
        <PasswordInput label={t('odb.dsn')} description={t('odb.dsn.help')} autoComplete="off" placeholder="postgres://signalbox:…@db1/signalbox" value={dsn} error={fault} disabled={busy} onChange={(event) => setDSN(event.currentTarget.value)} />
        <div className="row wrap">
          <Button type="submit" loading={busy} disabled={dsn.trim() === ''}>{t('odb.copy.go')}</Button>
          {busy && step?.phase !== 'switch' && <Button variant="default" onClick={stop}>{t('verify.stop')}</Button>}
          <CopyCommand cluster={cluster} words={['odb', 'copy', '--to-env', 'NEW_ODB']} />
          {busy && <span role="status">{step?.phase ? t(`odb.phase.${step.phase as 'copy' | 'verify' | 'switch'}`, { rows: number(step.rows ?? 0), table: step.table ?? '' }) : t('odb.phase.start')}</span>}
        </div>
        {failure !== undefined && !fault && <Failed error={failure} />}
        {done && <Copied done={done} />}
      </form>
      {asked && (
        <Confirm cluster={cluster} title={t('odb.copy')} action={t('odb.copy.go')} onConfirm={() => { setAsked(false); void run() }} onClose={() => setAsked(false)}>
          <ul>{(['wait', 'serve', 'old', 'fail'] as const).map((one) => <li key={one}>{t(`odb.copy.${one}`)}</li>)}</ul>
        </Confirm>
      )}
    </>
  )
}

/** One move at a time: where to, how far it is, and what became of it. */
function useCopy(cluster: Cluster) {
  const queries = useQueryClient()
  const [dsn, setDSN] = useState('')
  const [step, setStep] = useState<CopyStep>()
  const [busy, setBusy] = useState(false)
  const [done, setDone] = useState<CopiedODB>()
  const [failure, setFailure] = useState<unknown>()
  const running = useRef<AbortController>(undefined)
  const run = async () => {
    const stop = new AbortController()
    running.current = stop
    setBusy(true)
    setDone(undefined)
    setFailure(undefined)
    setStep(undefined)
    let copied = false
    try {
      await postLines<CopyStep>(adminPath(cluster.id, 'odb/copy'), { to: dsn.trim() }, {
        headers: confirmed(cluster), signal: stop.signal,
        each: (line) => {
          if (line.problem) throw new ApiError(line.problem)
          if (line.done) {
            copied = true
            setDone(line.done)
            setDSN('') // it holds a password
          } else setStep(line)
        },
      })
      if (!copied) throw new Error(t('odb.copy.unknown'))
    } catch (error) {
      setFailure(stop.signal.aborted ? new Error(t('odb.copy.stopped')) : error)
    } finally {
      setBusy(false)
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
    }
  }
  return { dsn, setDSN, step, busy, done, failure, run, stop: () => running.current?.abort() }
}

function Copied({ done }: { done: CopiedODB }) {
  return (
    <div className="box good" role="status" style={{ margin: 0 }}>
      <strong>{t('odb.copied', { to: done.to })}</strong>
      <dl className="facts" style={{ marginTop: 8 }}>
        <dt>{t('column.revision')}</dt><dd>{number(done.revision)}</dd>
        <dt>{t('odb.rows')}</dt><dd>{t('odb.rows.in', { n: done.tables.length, rows: number(done.rows) })}</dd>
        <dt>{t('odb.frozen')}</dt><dd>{number(done.frozen_ms)} ms</dd>
        <dt>{t('odb.old')}</dt><dd><code>{done.from}</code> {t('odb.old.help')}</dd>
      </dl>
      {!done.followed && <div>{t('odb.follows')}</div>}
    </div>
  )
}
