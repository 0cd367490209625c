// One service: how it does, its versions with the way back, and calling it by its input's form.
import { Button, Tabs } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { admin, useServices, useStats, useVersions } from '../api/queries'
import { confirmed, may } from '../api/role'
import type { Cluster, Deployed, Service, Version } from '../api/types'
import { href } from '../shell/router'
import { number, t } from '../text'
import { Confirm } from '../ui/Confirm'
import { notify } from '../ui/notice'
import { Blank, Failed, Shown } from '../ui/states'
import { Ago } from '../ui/time'
import { Invoke } from './Invoke'
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
  return (
    <>
      <div className="head">
        <div className="grow">
          <div className="small"><a href={href(['c', cluster.id, 'services'])}>{t('place.services')}</a></div>
          <h1>{service.name}</h1>
          <div className="quiet">{service.doc}</div>
        </div>
        <div className="actions"><Button variant="default" component="a" href={href(['c', cluster.id, 'd', 'service', service.name])}>{t('service.definition')}</Button></div>
      </div>
      {service.problem && <div className="box bad" role="alert">{service.problem}</div>}
      <Numbers cluster={cluster} service={service} />
      <Tabs defaultValue={may(cluster, 'operator') ? 'invoke' : 'versions'} keepMounted={false}>
        <Tabs.List mb="md">
          {may(cluster, 'operator') && <Tabs.Tab value="invoke">{t('invoke.title')}</Tabs.Tab>}
          <Tabs.Tab value="versions">{t('service.versions')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="invoke"><Invoke cluster={cluster} service={service} /></Tabs.Panel>
        <Tabs.Panel value="versions"><Versions cluster={cluster} service={service} /></Tabs.Panel>
      </Tabs>
    </>
  )
}

function Numbers({ cluster, service }: { cluster: Cluster; service: Service }) {
  const stats = useStats(cluster.id)
  const live = stats.data?.services?.find((one) => one.service === service.name) ?? service.figures
  return (
    <dl className="facts">
      <dt>{t('column.state')}</dt><dd><ServiceState service={service} /></dd>
      <dt>{t('column.engine')}</dt><dd>{service.engine} · {service.package} {service.hash && <code title={service.hash}>{service.hash.slice(0, 12)}</code>}</dd>
      <dt>{t('figure.calls')}</dt>
      <dd>{live ? t('figure.line', { count: live.count, errors: live.errors, rate: number(rate(live) ?? 0, 2), p50: number(live.p50_ms, 1), p99: number(live.p99_ms, 1), max: number(live.max_ms, 1) }) : t('figure.none')}</dd>
    </dl>
  )
}

function Versions({ cluster, service }: { cluster: Cluster; service: Service }) {
  const versions = useVersions(cluster.id, service.name)
  const queries = useQueryClient()
  const [back, setBack] = useState<Version>()
  const act = useMutation({
    mutationFn: (version: Version) => admin<Deployed>(cluster.id, `services/${encodeURIComponent(service.name)}/rollback`, { method: 'POST', body: { hash: version.hash }, headers: confirmed(cluster) }),
    onSuccess: (deployed) => {
      notify(t('save.done', { revision: deployed.revision }))
      setBack(undefined)
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
    },
  })
  return (
    <Shown of={versions}>
      {(list) =>
        list.length === 0
          ? <Blank title={t('service.noVersions')}><p className="quiet">{t('service.noVersions.help')}</p></Blank>
          : (
            <>
              <table className="diff">
                <thead><tr><th>{t('service.hash')}</th><th>{t('service.uploaded')}</th><th>{t('column.account')}</th><th>{t('place.services')}</th><th /></tr></thead>
                <tbody>
                  {list.map((one) => (
                    <tr key={one.hash}>
                      <td title={one.hash}>{one.hash.slice(0, 16)}</td><td><Ago at={one.uploaded} /></td><td>{one.by}</td><td>{one.services.join(', ')}</td>
                      <td>{one.current ? <strong>{t('service.current')}</strong> : may(cluster, 'developer') && <Button variant="default" onClick={() => { act.reset(); setBack(one) }}>{t('service.back')}</Button>}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
              {back && (
                <Confirm cluster={cluster} title={t('service.backTitle', { hash: back.hash.slice(0, 12) })} action={t('service.back')} busy={act.isPending} onConfirm={() => act.mutate(back)} onClose={() => setBack(undefined)}>
                  <p>{t('service.backHelp', { services: back.services.join(', ') })}</p>
                  {act.isError && <Failed error={act.error} />}
                </Confirm>
              )}
            </>
          )}
    </Shown>
  )
}
