// The columns of home. Every figure leads to what is behind it; what is old says so.
import type { ReactNode } from 'react'
import type { Cluster, Status } from '../api/types'
import type { ShownColumn } from '../list/DataTable'
import { href } from '../shell/router'
import { number, t } from '../text'
import { StateMark } from '../ui/State'
import { Ago, For } from '../ui/time'

const known = (row: Cluster): Status | undefined => row.status?.status
const recent = (row: Cluster) => known(row)?.requests?.recent

/** A figure that leads to the rows behind it; of a cluster that is away it is shown as old. */
function figure(row: Cluster, section: string, value: ReactNode, bad = false): ReactNode {
  if (value === undefined) return ''
  const old = row.state !== 'up'
  return <a className={'plainly' + (old ? ' old-figure' : '')} tabIndex={-1} style={bad ? { color: 'var(--sb-down)' } : undefined} href={href(section ? ['c', row.id, section] : ['c', row.id])}>{value}</a>
}

const digits = (value: number) => (value >= 100 || Number.isInteger(value) ? 0 : 1)
const shown = (value: number | undefined) => (value === undefined ? undefined : number(value, digits(value)))

export function columnsOfHome(): ShownColumn<Cluster>[] {
  return [
    { id: 'name', title: t('column.cluster'), standard: true, value: (row) => row.name, least: 116, show: (row) => <Name row={row} /> },
    { id: 'state', title: t('column.state'), standard: true, value: (row) => row.state, options: ['up', 'down', 'unknown'], width: 120, show: (row) => <><StateMark state={row.state} /> <span className="quiet small"><For at={row.since} /></span></> },
    { id: 'since', title: t('column.since'), value: (row) => row.since, width: 84, show: (row) => <For at={row.since} /> },
    { id: 'seen', title: t('column.seen'), standard: true, value: (row) => row.seen, width: 82, show: (row) => <Ago at={row.seen} /> },
    { id: 'nodes', title: t('column.nodes'), standard: true, width: 58, value: (row) => known(row)?.nodes.up, show: (row) => <NodeCounts row={row} /> },
    { id: 'problems', title: t('column.problems'), standard: true, align: 'right', width: 80, value: (row) => known(row)?.problems, show: (row) => figure(row, '', known(row)?.problems, (known(row)?.problems ?? 0) > 0) },
    { id: 'rate', title: t('column.rate'), standard: true, align: 'right', width: 56, value: (row) => recent(row)?.per_second, show: (row) => figure(row, 'services', shown(recent(row)?.per_second)) },
    { id: 'errors', title: t('column.errorRate'), standard: true, align: 'right', width: 73, value: (row) => recent(row)?.errors_per_second, show: (row) => figure(row, 'services', shown(recent(row)?.errors_per_second), (recent(row)?.errors ?? 0) > 0) },
    { id: 'p99', title: t('column.p99'), standard: true, align: 'right', width: 62, value: (row) => recent(row)?.p99_ms, show: (row) => figure(row, 'services', recent(row) && recent(row)?.count !== 0 ? shown(recent(row)?.p99_ms) : undefined) },
    { id: 'revision', title: t('column.revision'), standard: true, align: 'right', width: 104, value: (row) => known(row)?.revision, show: (row) => <Revision row={row} /> },
    { id: 'level', title: t('column.level'), width: 84, value: (row) => level(row), options: [t('home.level'), t('home.notLevel')], show: (row) => figure(row, 'nodes', level(row), known(row)?.level === false) },
    { id: 'change', title: t('column.updated'), standard: true, width: 86, value: (row) => known(row)?.last_change?.at, show: (row) => (known(row) ? figure(row, 'history', <Ago at={known(row)?.last_change?.at} />) : '') },
    { id: 'backup', title: t('column.backup'), standard: true, width: 95, value: (row) => known(row)?.last_backup?.at, show: (row) => (known(row) ? <Ago at={known(row)?.last_backup?.at} /> : '') },
    { id: 'environment', title: t('column.environment'), value: (row) => row.environment, width: 110 },
    { id: 'tag', title: t('column.tag'), value: (row) => row.tag, width: 100 },
    { id: 'account', title: t('column.account'), value: (row) => row.signed_in_as, width: 110, show: (row) => row.signed_in_as || <a className="plainly quiet" tabIndex={-1} href={href(['c', row.id, 'sign-in'])}>{t('home.signedOut')}</a> },
    { id: 'odb', title: t('column.odb'), value: (row) => known(row)?.odb.state, width: 100, show: (row) => { const odb = known(row)?.odb; return odb ? <StateMark state={odb.state} /> : '' } },
    { id: 'known', title: t('home.known'), value: (row) => row.status?.at, width: 104, show: (row) => <Ago at={row.status?.at} /> },
    { id: 'why', title: t('overview.why'), value: (row) => row.why, least: 160, show: (row) => <span title={row.why}>{row.why}</span> },
    { id: 'version', title: t('column.release'), value: (row) => known(row)?.version, width: 100 },
    { id: 'address', title: t('column.address'), value: (row) => row.url ?? row.urls[0], least: 180 },
  ]
}

const level = (row: Cluster) => (known(row) === undefined ? undefined : known(row)?.level ? t('home.level') : t('home.notLevel'))

function Name({ row }: { row: Cluster }) {
  return (
    <>
      <span className="dot" style={{ background: row.colour || 'var(--sb-accent)', display: 'inline-block', marginRight: 7 }} />
      {row.name}
      {row.protected && <span className="tag" style={{ marginLeft: 6, color: 'var(--sb-down)' }}>{t('add.protected')}</span>}
      {row.environment && <span className="tag" style={{ marginLeft: 6 }}>{row.environment}</span>}
    </>
  )
}

/** The revision, and whether all nodes are at it. */
function Revision({ row }: { row: Cluster }) {
  const status = known(row)
  if (!status) return ''
  return <span title={level(row)}>{figure(row, 'history', shown(status.revision))} {figure(row, 'nodes', status.level ? '✓' : <><span aria-hidden>≠ </span>{t('home.notLevel')}</>, !status.level)}<span className="sr">{level(row)}</span></span>
}

function NodeCounts({ row }: { row: Cluster }) {
  const counts = known(row)?.nodes
  if (!counts) return ''
  const all = counts.up + counts.down + counts.unknown
  return figure(row, 'nodes', t('home.nodesOf', { n: counts.up, of: all }), counts.up < all)
}
