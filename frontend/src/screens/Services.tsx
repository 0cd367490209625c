// The services with what runs and how it does, live.
import { useMemo } from 'react'
import { useServices, useStats } from '../api/queries'
import type { Cluster, Figures, Service } from '../api/types'
import { DataTable, type ShownColumn } from '../list/DataTable'
import { href } from '../shell/router'
import { number, t } from '../text'
import { Blank, Shown } from '../ui/states'

type Row = Service & { live?: Figures | undefined }

const id = (row: Row) => row.name
const text = (row: Row) => [row.name, row.doc, row.package, row.engine].join(' ')

export default function Services({ cluster }: { cluster: Cluster }) {
  const services = useServices(cluster.id)
  const stats = useStats(cluster.id)
  const columns = useMemo(columnsOfServices, [])
  const rows = useMemo<Row[]>(() => {
    const live = new Map(stats.data?.services?.map((one) => [one.service, one]))
    return (services.data ?? []).map((one) => ({ ...one, live: live.get(one.name) ?? one.figures }))
  }, [services.data, stats.data])
  return (
    <div className="page full">
      <div className="head"><div className="grow"><h1>{t('place.services')}</h1><div className="quiet">{t('services.help')}</div></div></div>
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

/** Requests per second over the time that the figures cover. */
export function rate(figures: Figures | undefined): number | undefined {
  if (!figures) return undefined
  const seconds = (Date.parse(figures.to) - Date.parse(figures.from)) / 1000
  return seconds > 0 ? figures.count / seconds : 0
}

function columnsOfServices(): ShownColumn<Row>[] {
  const figure = (key: string, title: string, value: (row: Row) => number | undefined, digits = 0): ShownColumn<Row> => ({
    id: key, title, standard: true, align: 'right', width: 88, value, show: (row) => { const n = value(row); return n === undefined ? '' : number(n, digits) },
  })
  return [
    { id: 'name', title: t('column.name'), standard: true, value: (row) => row.name, least: 170 },
    { id: 'state', title: t('column.state'), standard: true, width: 120, value: stateOf, options: [t('service.running'), t('service.disabled'), t('service.broken')], show: (row) => <ServiceState service={row} /> },
    figure('rate', t('figure.rate'), (row) => rate(row.live), 2),
    figure('count', t('figure.count'), (row) => row.live?.count),
    { ...figure('errors', t('figure.errors'), (row) => row.live?.errors), show: (row) => (row.live?.errors ? <span style={{ color: 'var(--sb-down)' }}>{number(row.live.errors)}</span> : (row.live?.errors ?? '')) },
    figure('p50', 'p50 ms', (row) => row.live?.p50_ms, 1),
    figure('p99', 'p99 ms', (row) => row.live?.p99_ms, 1),
    figure('inflight', t('figure.inFlight'), (row) => row.live?.in_flight ?? row.in_flight),
    { id: 'engine', title: t('column.engine'), standard: true, value: (row) => row.engine, width: 110 },
    { id: 'package', title: t('column.package'), value: (row) => row.package, width: 130 },
    { id: 'doc', title: t('column.doc'), standard: true, value: (row) => row.doc },
  ]
}

const stateOf = (row: Service) => (!row.enabled ? t('service.disabled') : row.running ? t('service.running') : t('service.broken'))

export function ServiceState({ service }: { service: Service }) {
  if (!service.enabled) return <span className="quiet">{t('service.disabled')}</span>
  return <span className="state" data-state={service.running ? 'up' : 'down'} title={service.problem}>{stateOf(service)}</span>
}
