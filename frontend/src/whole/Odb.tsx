// The operational database: how it is, a check of it, and its move to another one.
import { Button, PasswordInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { ApiError, problemOf } from '../api/http'
import { useStatus } from '../api/overview'
import { admin } from '../api/queries'
import { confirmed, may, sees } from '../api/role'
import { checkODB } from '../api/whole'
import type { AcceptedODB, CheckReport, Cluster, CopiedODB, CopyStep, Part } from '../api/types'
import { number, t } from '../text'
import { Confirm } from '../ui/Confirm'
import { CopyCommand } from '../ui/CopyCommand'
import { notify } from '../ui/notice'
import { StateMark } from '../ui/State'
import { Failed, Shown } from '../ui/states'
import { For } from '../ui/time'
import { postLines } from './lines'

export default function Odb({ cluster }: { cluster: Cluster }) {
  const status = useStatus(cluster.id)
  const check = useMutation({ mutationFn: () => checkODB(cluster.id) })
  const looks = sees(cluster, 'admin')
  return (
    <div className="page">
      <div className="head"><div className="grow"><h1>{t('place.odb')}</h1><div className="quiet">{t('odb.help')}</div></div></div>
      <Shown of={status}>
        {(now) => (
          <>
            {now.odb.state === 'behind' && <Behind cluster={cluster} odb={now.odb} />}
            {now.odb.state === 'down' && <div className="box bad" role="alert"><strong>{t('odb.away')}</strong> {now.odb.error}</div>}
            <dl className="facts">
              <dt>{t('column.state')}</dt><dd><StateMark state={now.odb.state} /> <For at={now.odb.since} /></dd>
              <dt>{t('column.kind')}</dt><dd>{now.odb.kind}</dd>
              <dt>{t('odb.where')}</dt><dd><code>{now.odb.where}</code></dd>
              <dt>{t('column.revision')}</dt><dd>{number(now.revision)}</dd>
              {check.data && <Facts of={check.data} />}
            </dl>
          </>
        )}
      </Shown>
      {looks && (
        <>
          <h2>{t('odb.check')}</h2>
          <p className="quiet">{t('odb.check.help')}</p>
          <div className="tools"><Button variant="default" loading={check.isPending} onClick={() => check.mutate()}>{t('odb.check.go')}</Button><CopyCommand cluster={cluster} words={['odb', 'check']} /></div>
          {check.isError && <Failed error={check.error} retry={() => check.mutate()} />}
          {check.data && <Findings of={check.data} />}
        </>
      )}
      {may(cluster, 'admin') && <Copy cluster={cluster} />}
      {looks && <Reopen />}
    </div>
  )
}

const ms = (nanoseconds: number) => `${number(nanoseconds / 1e6, Math.abs(nanoseconds) < 1e6 ? 3 : 1)} ms`

function Facts({ of }: { of: CheckReport }) {
  return (
    <>
      {of.version && <><dt>{t('column.version')}</dt><dd>{of.version}</dd></>}
      <dt>{t('odb.schema')}</dt><dd>{of.schema === of.knows ? number(of.schema) : t('odb.schema.other', { n: of.schema, knows: of.knows })}</dd>
      <dt>{t('odb.latency')}</dt><dd>{ms(of.latency)}</dd>
      <dt>{t('odb.clock')}</dt><dd>{ms(of.clock_away)}</dd>
      {of.tables && <><dt>{t('odb.rows')}</dt><dd>{t('odb.rows.in', { n: of.tables.length, rows: number(of.tables.reduce((sum, one) => sum + one.rows, 0)) })}</dd></>}
    </>
  )
}

const levels = ['fault', 'warning', 'ok'] as const
const colours: Record<string, string> = { fault: 'var(--sb-down)', warning: 'var(--sb-unknown)', ok: 'var(--sb-up)' }

function Findings({ of }: { of: CheckReport }) {
  const worst = levels.find((level) => of.findings.some((one) => one.level === level)) ?? 'ok'
  return (
    <>
      <div className={`box ${worst === 'fault' ? 'bad' : worst === 'warning' ? 'warn' : 'good'}`} role="status"><strong>{t(`odb.worst.${worst}`)}</strong></div>
      <table className="plain" aria-label={t('odb.check')}>
        <thead><tr><th>{t('odb.level')}</th><th>{t('odb.what')}</th><th>{t('odb.found')}</th><th>{t('odb.do')}</th></tr></thead>
        <tbody>
          {[...of.findings].sort((a, b) => rank(a.level) - rank(b.level)).map((one, i) => (
            <tr key={i}><td style={{ color: colours[one.level], fontWeight: 600 }}>{t(`odb.level.${one.level as (typeof levels)[number]}`)}</td><td>{one.check}</td><td>{one.message}</td><td>{one.do}</td></tr>
          ))}
        </tbody>
      </table>
      {of.tables && (
        <details style={{ marginTop: 12 }}><summary>{t('odb.tables', { n: of.tables.length })}</summary>
          <table className="plain"><tbody>{of.tables.map((one) => <tr key={one.table}><td><code>{one.table}</code></td><td className="right">{number(one.rows)}</td></tr>)}</tbody></table>
        </details>
      )}
    </>
  )
}

const rank = (level: string) => levels.indexOf(level as (typeof levels)[number])

function Behind({ cluster, odb }: { cluster: Cluster; odb: Part }) {
  const queries = useQueryClient()
  const [asked, setAsked] = useState(false)
  const act = useMutation({
    mutationFn: () => admin<AcceptedODB>(cluster.id, 'odb/accept', { method: 'POST', headers: confirmed(cluster) }),
    onSuccess: (done) => {
      notify(t('odb.accepted', { revision: done.revision, was: done.was }))
      setAsked(false)
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
    },
  })
  return (
    <div className="box bad" role="alert">
      <strong>{t('odb.behind')}</strong> {odb.error}
      <p>{t('odb.behind.help')}</p>
      {may(cluster, 'admin') && <div className="row"><Button color="red" onClick={() => setAsked(true)}>{t('odb.accept')}</Button><CopyCommand cluster={cluster} words={['odb', 'accept']} /></div>}
      {asked && (
        <Confirm cluster={cluster} title={t('odb.accept')} action={t('odb.accept')} busy={act.isPending} onConfirm={() => act.mutate()} onClose={() => setAsked(false)}>
          <p>{t('odb.accept.help')}</p>
          {act.isError && <Failed error={act.error} />}
        </Confirm>
      )}
    </div>
  )
}

function Copy({ cluster }: { cluster: Cluster }) {
  const queries = useQueryClient()
  const [dsn, setDSN] = useState('')
  const [asked, setAsked] = useState(false)
  const [step, setStep] = useState<CopyStep>()
  const [busy, setBusy] = useState(false)
  const [done, setDone] = useState<CopiedODB>()
  const [failure, setFailure] = useState<unknown>()
  const running = useRef<AbortController>(undefined)
  const run = async () => {
    const stop = new AbortController()
    running.current = stop
    setAsked(false)
    setBusy(true)
    setDone(undefined)
    setFailure(undefined)
    setStep(undefined)
    let copied = false
    try {
      await postLines<CopyStep>(`clusters/${encodeURIComponent(cluster.id)}/v1/odb/copy`, { to: dsn.trim() }, {
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
  const problem = failure === undefined ? undefined : problemOf(failure)
  const fault = problem?.errors?.find((one) => one.pointer === '/to')?.message
  return (
    <>
      <h2>{t('odb.copy')}</h2>
      <p>{t('odb.copy.help')}</p>
      <form className="form" onSubmit={(event) => { event.preventDefault(); setAsked(true) }}>
        <PasswordInput label={t('odb.dsn')} description={t('odb.dsn.help')} autoComplete="off" placeholder="postgres://signalbox:…@db1/signalbox" value={dsn} error={fault} disabled={busy} onChange={(event) => setDSN(event.currentTarget.value)} />
        <div className="row wrap">
          <Button type="submit" loading={busy} disabled={dsn.trim() === ''}>{t('odb.copy.go')}</Button>
          {busy && step?.phase !== 'switch' && <Button variant="default" onClick={() => running.current?.abort()}>{t('verify.stop')}</Button>}
          <CopyCommand cluster={cluster} words={['odb', 'copy', '--to-env', 'NEW_ODB']} />
          {busy && <span role="status">{step?.phase ? t(`odb.phase.${step.phase as 'copy' | 'verify' | 'switch'}`, { rows: number(step.rows ?? 0), table: step.table ?? '' }) : t('odb.phase.start')}</span>}
        </div>
        {failure !== undefined && !fault && <Failed error={failure} />}
        {done && (
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
        )}
      </form>
      {asked && (
        <Confirm cluster={cluster} title={t('odb.copy')} action={t('odb.copy.go')} onConfirm={() => void run()} onClose={() => setAsked(false)}>
          <ul>{(['wait', 'serve', 'old', 'fail'] as const).map((one) => <li key={one}>{t(`odb.copy.${one}`)}</li>)}</ul>
        </Confirm>
      )}
    </>
  )
}

/** What works only on a database that no node uses, as a command. */
function Reopen() {
  return (
    <>
      <h2>{t('odb.reopen')}</h2>
      <p className="quiet">{t('odb.reopen.help')}</p>
      <div style={{ maxWidth: 760 }}><CopyCommand open words={['odb', 'reopen', '--odb', 'DSN', '--yes']} /></div>
    </>
  )
}
