// One service: how it does, calling it, its source and versions, and who calls whom.
import { Button, Tabs } from '@mantine/core'
import { useServices, useStats } from '../api/queries'
import { may } from '../api/role'
import type { Cluster, Service } from '../api/types'
import { CallsOf } from '../services/Calls'
import { Invoke } from '../services/Invoke'
import { Source } from '../services/Source'
import { Versions } from '../services/Versions'
import { href, replace, useRoute } from '../shell/router'
import { number, t } from '../text'
import { Blank, Shown } from '../ui/states'
import { rate, ServiceState } from './Services'

export default function ServiceScreen({ cluster, name }: { cluster: Cluster; name: string }) {
  const services = useServices(cluster.id)
  return (
    <div className="page">
      <Shown of={services}>
        {(list) => {
          const service = list.find((one) => one.name === name)
          return service ? <One cluster={cluster} service={service} /> : <Blank title={t('definition.gone', { name })}><a href={href(['c', cluster.id, 'services'])}>{t('place.services')}</a></Blank>
        }}
      </Shown>
    </div>
  )
}

function One({ cluster, service }: { cluster: Cluster; service: Service }) {
  const { query } = useRoute()
  const calls = may(cluster, 'operator')
  const tab = query.tab ?? (calls ? 'invoke' : 'source')
  const here = ['c', cluster.id, 'services', service.name]
  return (
    <>
      <div className="head">
        <div className="grow">
          <div className="small"><a href={href(['c', cluster.id, 'services'])}>{t('place.services')}</a></div>
          <h1>{service.name}</h1>
          <div className="quiet">{service.doc}</div>
        </div>
        <div className="actions">
          <Button variant="default" component="a" href={href(['c', cluster.id, 'd', 'service', service.name])}>{t('service.definition')}</Button>
          {service.hash && may(cluster, 'developer') && <Button component="a" href={href(['c', cluster.id, 'package', service.package])}>{t('source.edit')}</Button>}
        </div>
      </div>
      {service.problem && <div className="box bad" role="alert">{service.problem}</div>}
      <Numbers cluster={cluster} service={service} />
      <Tabs value={tab} keepMounted={false} onChange={(next) => replace(href(here, { tab: next ?? undefined }))}>
        <Tabs.List mb="md">
          {calls && <Tabs.Tab value="invoke">{t('invoke.title')}</Tabs.Tab>}
          <Tabs.Tab value="source">{t('source.title')}</Tabs.Tab>
          <Tabs.Tab value="versions">{t('service.versions')}</Tabs.Tab>
          <Tabs.Tab value="calls">{t('calls.title')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="invoke">{calls && <Invoke cluster={cluster} service={service} />}</Tabs.Panel>
        <Tabs.Panel value="source"><Source key={service.hash} cluster={cluster} service={service} place={query} /></Tabs.Panel>
        <Tabs.Panel value="versions"><Versions cluster={cluster} service={service} /></Tabs.Panel>
        <Tabs.Panel value="calls"><CallsOf cluster={cluster} service={service} /></Tabs.Panel>
      </Tabs>
    </>
  )
}

function Numbers({ cluster, service }: { cluster: Cluster; service: Service }) {
  const stats = useStats(cluster.id)
  const live = stats.data?.services?.find((one) => one.service === service.name) ?? service.figures
  const recent = live?.recent
  return (
    <dl className="facts">
      <dt>{t('column.state')}</dt><dd><ServiceState service={service} /></dd>
      <dt>{t('column.engine')}</dt><dd>{service.engine} · {service.package} {service.hash && <code title={service.hash}>{service.hash.slice(0, 12)}</code>}</dd>
      {recent && recent.count > 0 && <><dt>{t('figure.lastMinute')}</dt><dd>{t('figure.recent', { count: recent.count, errors: recent.errors, rate: number(recent.per_second, 2), p50: number(recent.p50_ms, 1), p99: number(recent.p99_ms, 1) })}</dd></>}
      <dt>{t('figure.calls')}</dt>
      <dd>{live ? t('figure.line', { count: live.count, errors: live.errors, rate: number(rate(live) ?? 0, 2), p50: number(live.p50_ms, 1), p99: number(live.p99_ms, 1), max: number(live.max_ms, 1) }) : t('figure.none')}</dd>
    </dl>
  )
}
