// The services with what runs and how it does, live, over all nodes.
import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useServices, useStats } from '../api/queries'
import { may } from '../api/role'
import { useChannelsByService } from '../api/services'
import { handOver, useDropped } from '../api/shell'
import type { Cluster, Figures, Service } from '../api/types'
import { DataTable, type ShownColumn } from '../list/DataTable'
import { listDrafts } from '../services/drafts'
import { go, href } from '../shell/router'
import { number, t } from '../text'
import { CopyCommand } from '../ui/CopyCommand'
import { Blank, Shown } from '../ui/states'
import { Ago } from '../ui/time'

type Row = Service & { live?: Figures | undefined; channels: string[] }

const id = (row: Row) => row.name
const text = (row: Row) => [row.name, row.doc, row.package, row.engine, row.hash, ...row.channels].join(' ')

export default function Services({ cluster }: { cluster: Cluster }) {
  const services = useServices(cluster.id)
  const stats = useStats(cluster.id)
  const channels = useChannelsByService(cluster.id)
  const writes = may(cluster, 'developer')
  const rows = useMemo<Row[]>(() => {
    const live = new Map(stats.data?.services?.map((one) => [one.service, one]))
    return (services.data ?? []).map((one) => ({ ...one, live: live.get(one.name) ?? one.figures, channels: channels.get(one.name) ?? [] }))
  }, [services.data, stats.data, channels])
  const packages = [...new Set(rows.map((row) => row.package))].filter(Boolean).sort().join('\n')
  const columns = useMemo(() => columnsOfServices(packages === '' ? [] : packages.split('\n')), [packages])
  useDropped('package', (opened) => {
    if (!writes) return
    go(href(['c', cluster.id, 'package']))
    handOver('package', opened)
  })
  const missing = stats.data?.coverage?.missing ?? []
  return (
    <div className="page full">
      <div className="head">
        <div className="grow"><h1>{t('place.services')}</h1><div className="quiet">{t('services.help')}</div></div>
        {writes && (
          <div className="actions">
            <CopyCommand words={['new', 'orders']} />
            <Button component="a" data-new href={href(['c', cluster.id, 'package'])}>{t('package.new')}</Button>
          </div>
        )}
      </div>
      {missing.length > 0 && <div className="box warn small" role="status">{t('services.missing', { nodes: missing.join(', ') })}</div>}
      {writes && <Drafts cluster={cluster} />}
      <Shown of={services}>
        {() => (
          <DataTable
            name="services" label={t('place.services')} rows={rows} columns={columns} id={id} text={text} open={(row) => href(['c', cluster.id, 'services', row.name])}
            empty={<Blank title={t('services.empty')}><p className="quiet">{t('services.empty.help')}</p></Blank>}
          />
        )}
      </Shown>
    </div>
  )
}

/** Packages with edits that are not deployed. */
function Drafts({ cluster }: { cluster: Cluster }) {
  const [drafts] = useState(() => listDrafts(cluster.id))
  if (drafts.length === 0) return null
  return (
    <div className="box small">
      {t('services.drafts')} {drafts.map((one, i) => <span key={one.name}>{i > 0 && ', '}<a href={href(['c', cluster.id, 'package', one.name])}>{one.name}</a> <span className="quiet">(<Ago at={one.at} />)</span></span>)}
    </div>
  )
}

/** Calls per second over the time that the figures cover. */
export function rate(figures: Figures | undefined): number | undefined {
  if (!figures) return undefined
  const seconds = (Date.parse(figures.to) - Date.parse(figures.from)) / 1000
  return seconds > 0 ? figures.count / seconds : 0
}

function columnsOfServices(packages: string[]): ShownColumn<Row>[] {
  const figure = (key: string, title: string, value: (row: Row) => number | undefined, digits = 0, standard = true): ShownColumn<Row> => ({
    id: key, title, standard, align: 'right', width: 76, value, show: (row) => { const n = value(row); return n === undefined ? '' : number(n, digits) },
  })
  return [
    { id: 'name', title: t('column.name'), standard: true, value: (row) => row.name, least: 170 },
    { id: 'state', title: t('column.state'), standard: true, width: 106, value: stateOf, options: [t('service.running'), t('service.disabled'), t('service.broken')], show: (row) => <ServiceState service={row} /> },
    figure('rate', t('figure.rate'), (row) => row.live?.recent.per_second, 2),
    { ...figure('errors', t('figure.errors'), (row) => row.live?.recent.errors), show: (row) => (row.live?.recent.errors ? <span style={{ color: 'var(--sb-down)' }}>{number(row.live.recent.errors)}</span> : (row.live?.recent.errors ?? '')) },
    figure('p50', 'p50 ms', (row) => row.live?.recent.p50_ms, 1),
    figure('p99', 'p99 ms', (row) => row.live?.recent.p99_ms, 1),
    figure('count', t('figure.count'), (row) => row.live?.count, 0, false),
    figure('inflight', t('figure.inFlight'), (row) => row.live?.in_flight ?? row.in_flight, 0, false),
    { id: 'package', title: t('column.package'), standard: true, value: (row) => row.package, width: 110, ...(packages.length > 1 && packages.length <= 100 ? { options: packages } : {}) },
    { id: 'version', title: t('service.hash'), standard: true, value: (row) => row.hash ?? '', width: 92, show: (row) => row.hash && <code title={row.hash}>{row.hash.slice(0, 8)}</code> },
    { id: 'channels', title: t('column.channels'), standard: true, value: (row) => row.channels.join(', '), least: 110, show: (row) => <span title={row.channels.join('\n')}>{row.channels.join(', ')}</span> },
    { id: 'engine', title: t('column.engine'), value: (row) => row.engine, width: 110 },
    { id: 'doc', title: t('column.doc'), value: (row) => row.doc },
  ]
}

const stateOf = (row: Service) => (!row.enabled ? t('service.disabled') : row.running ? t('service.running') : t('service.broken'))

export function ServiceState({ service }: { service: Service }) {
  if (!service.enabled) return <span className="quiet">{t('service.disabled')}</span>
  return <span className="state" data-state={service.running ? 'up' : 'down'} title={service.problem}>{stateOf(service)}</span>
}
