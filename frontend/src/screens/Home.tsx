// All clusters in one dense screen, worst first, also when none can be reached.
import { Button } from '@mantine/core'
import { useMemo } from 'react'
import type { Cluster } from '../api/types'
import { DataTable, type ShownColumn } from '../list/DataTable'
import { href } from '../shell/router'
import { t } from '../text'
import { Blank } from '../ui/states'
import { StateMark } from '../ui/State'
import { Ago, For } from '../ui/time'
import { worstFirst } from './worst'

const id = (row: Cluster) => row.id
const text = (row: Cluster) => [row.name, row.environment, row.tag, ...row.urls].join(' ')

export function Home({ clusters }: { clusters: Cluster[] }) {
  const sorted = useMemo(() => worstFirst(clusters), [clusters])
  const columns = useMemo(columnsOfHome, [])
  const down = clusters.filter((one) => one.state === 'down').length
  const add = <Button component="a" href={href(['add'])} data-new>{t('add.title')}</Button>
  return (
    <div className="page full">
      <div className="head">
        <div className="grow">
          <h1>{t('home.title')}</h1>
          {clusters.length > 0 && <div className="quiet">{down > 0 ? t('home.down', { n: down }) : t('home.worst')}</div>}
        </div>
        <div className="actions">{clusters.length > 0 && add}</div>
      </div>
      <DataTable
        name="home" label={t('home.title')} rows={sorted} columns={columns} id={id} text={text} open={(row) => href(['c', row.id])}
        empty={<Blank title={t('home.empty')}><p className="quiet">{t('home.empty.help')}</p>{add}</Blank>}
      />
    </div>
  )
}

function columnsOfHome(): ShownColumn<Cluster>[] {
  const known = (row: Cluster) => row.status?.status
  return [
    { id: 'name', title: t('column.cluster'), standard: true, value: (row) => row.name, width: 172, show: (row) => <><span className="dot" style={{ background: row.colour || 'var(--sb-accent)', display: 'inline-block', marginRight: 7 }} />{row.name}</> },
    { id: 'state', title: t('column.state'), standard: true, value: (row) => row.state, options: ['up', 'down', 'unknown'], width: 100, show: (row) => <StateMark state={row.state} /> },
    { id: 'since', title: t('column.since'), standard: true, value: (row) => row.since, width: 90, show: (row) => <For at={row.since} /> },
    { id: 'seen', title: t('column.seen'), standard: true, value: (row) => row.seen, width: 100, show: (row) => <Ago at={row.seen} /> },
    { id: 'nodes', title: t('column.nodes'), standard: true, value: (row) => known(row)?.nodes.up, width: 132, show: (row) => <NodeCounts row={row} /> },
    { id: 'problems', title: t('column.problems'), standard: true, align: 'right', width: 84, value: (row) => known(row)?.problems, show: (row) => { const n = known(row)?.problems; return n === undefined ? '' : n > 0 ? <a href={href(['c', row.id])} style={{ color: 'var(--sb-down)' }}>{n}</a> : 0 } },
    { id: 'revision', title: t('column.revision'), standard: true, align: 'right', width: 84, value: (row) => known(row)?.revision },
    { id: 'level', title: t('column.level'), standard: true, width: 100, value: (row) => (known(row) === undefined ? undefined : known(row)?.level ? t('home.level') : t('home.notLevel')) },
    { id: 'odb', title: t('column.odb'), value: (row) => known(row)?.odb.state, width: 110, show: (row) => { const odb = known(row)?.odb; return odb ? <StateMark state={odb.state} /> : '' } },
    { id: 'backup', title: t('column.backup'), standard: true, width: 110, value: (row) => known(row)?.last_backup?.at, show: (row) => (known(row) ? <Ago at={known(row)?.last_backup?.at} /> : '') },
    { id: 'environment', title: t('column.environment'), standard: true, value: (row) => row.environment, width: 120 },
    { id: 'tag', title: t('column.tag'), value: (row) => row.tag, width: 100 },
    { id: 'account', title: t('column.account'), standard: true, value: (row) => row.signed_in_as, width: 110, show: (row) => row.signed_in_as || <span className="quiet">{t('home.signedOut')}</span> },
    { id: 'version', title: t('column.release'), value: (row) => known(row)?.version, width: 100 },
    { id: 'address', title: t('column.address'), value: (row) => row.url ?? row.urls[0] },
  ]
}

function NodeCounts({ row }: { row: Cluster }) {
  const counts = row.status?.status.nodes
  if (!counts) return ''
  return (
    <>
      {t('home.up', { n: counts.up })}
      {counts.down > 0 && <span style={{ color: 'var(--sb-down)' }}> {t('home.nodesDown', { n: counts.down })}</span>}
      {counts.unknown > 0 && <span style={{ color: 'var(--sb-unknown)' }}> {t('home.nodesUnknown', { n: counts.unknown })}</span>}
    </>
  )
}
