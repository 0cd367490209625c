// The operational database: how it is, a check of it, and its move to another one.
import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useStatus } from '../api/overview'
import { admin } from '../api/queries'
import { confirmed, may, sees } from '../api/role'
import { checkODB } from '../api/whole'
import type { AcceptedODB, CheckReport, Cluster, Part } from '../api/types'
import { number, t } from '../text'
import { Confirm } from '../ui/Confirm'
import { CopyCommand } from '../ui/CopyCommand'
import { notify } from '../ui/notice'
import { StateMark } from '../ui/State'
import { Failed, Shown } from '../ui/states'
import { For } from '../ui/time'
import { CopyODB } from './CopyODB'

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
      {may(cluster, 'admin') && <CopyODB cluster={cluster} />}
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
