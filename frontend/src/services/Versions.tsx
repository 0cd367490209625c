// The versions of a service's package: what differs between any two, and the way back.
import { Button, Checkbox, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useVersions } from '../api/queries'
import { may } from '../api/role'
import { rollBackService, useSource } from '../api/services'
import type { Cluster, Deployed, Service, Version } from '../api/types'
import { href } from '../shell/router'
import { t } from '../text'
import { Confirm } from '../ui/Confirm'
import { CopyCommand } from '../ui/CopyCommand'
import { notify } from '../ui/notice'
import { Blank, Failed, Shown } from '../ui/states'
import { Ago } from '../ui/time'
import { FilesDiff } from './FilesDiff'

export function Versions({ cluster, service }: { cluster: Cluster; service: Service }) {
  const versions = useVersions(cluster.id, service.name)
  const [picked, setPicked] = useState<string[]>([])
  const [back, setBack] = useState<Version>()
  const pick = (hash: string) => setPicked((now) => (now.includes(hash) ? now.filter((one) => one !== hash) : [...now.slice(-1), hash]))
  return (
    <Shown of={versions}>
      {(list) => {
        if (!service.hash || list.length === 0) return <Blank title={t('service.noVersions')}><p className="quiet">{t('service.noVersions.help')}</p></Blank>
        const [older, newer] = list.filter((one) => picked.includes(one.hash)).reverse()
        return (
          <>
            <p className="quiet">{t('versions.help', { name: service.package })}</p>
            <table className="plain">
              <thead><tr><th><span className="sr">{t('versions.pick')}</span></th><th>{t('service.hash')}</th><th>{t('service.uploaded')}</th><th>{t('column.account')}</th><th>{t('place.services')}</th><th /></tr></thead>
              <tbody>
                {list.map((one) => (
                  <tr key={one.hash} aria-current={one.current || undefined}>
                    <td><Checkbox aria-label={t('versions.pickOne', { hash: one.hash.slice(0, 12) })} checked={picked.includes(one.hash)} onChange={() => pick(one.hash)} /></td>
                    <td><code title={one.hash}>{one.hash.slice(0, 12)}</code></td><td><Ago at={one.uploaded} /></td><td>{one.by}</td><td>{one.services.join(', ')}</td>
                    <td>
                      <div className="row end">
                        {one.current ? <strong>{t('service.current')}</strong> : may(cluster, 'developer') && <Button variant="default" onClick={() => setBack(one)}>{t('service.back')}…</Button>}
                        {may(cluster, 'developer') && <Button variant="subtle" component="a" href={href(['c', cluster.id, 'package', one.package], { hash: one.current ? undefined : one.hash })}>{t('versions.edit')}</Button>}
                      </div>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            {older && newer
              ? <><h2>{t('versions.between', { from: older.hash.slice(0, 12), to: newer.hash.slice(0, 12) })}</h2><Difference cluster={cluster.id} service={service.name} from={older.hash} to={newer.hash} /></>
              : list.length > 1 && <p className="quiet small">{t('versions.two')}</p>}
            {back && <RollBack cluster={cluster} service={service} to={back} now={list.find((one) => one.current)} onClose={() => setBack(undefined)} />}
          </>
        )
      }}
    </Shown>
  )
}

/** The files of two versions. */
export function Difference({ cluster, service, from, to }: { cluster: string; service: string; from: string; to: string }) {
  const before = useSource(cluster, [service], from)
  const after = useSource(cluster, [service], to)
  return <Shown of={before}>{(a) => <Shown of={after}>{(b) => <FilesDiff before={a.files} after={b.files} />}</Shown>}</Shown>
}

function RollBack({ cluster, service, to, now, onClose }: { cluster: Cluster; service: Service; to: Version; now: Version | undefined; onClose: () => void }) {
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const act = useMutation({
    mutationFn: () => rollBackService(cluster, service.name, to.hash, reason),
    onSuccess: (deployed: Deployed) => {
      notify(t('save.done', { revision: deployed.revision }))
      onClose()
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
    },
  })
  const gone = (now?.services ?? []).filter((name) => !to.services.includes(name))
  const made = to.services.filter((name) => !(now?.services ?? []).includes(name))
  return (
    <Confirm cluster={cluster} title={t('service.backTitle', { hash: to.hash.slice(0, 12) })} action={t('service.back')} size="xl" busy={act.isPending} onConfirm={() => act.mutate()} onClose={onClose}>
      <p>{t('service.backHelp', { services: to.services.join(', ') })}</p>
      {gone.length > 0 && <div className="box bad">{t('versions.gone', { services: gone.join(', ') })}</div>}
      {made.length > 0 && <div className="box warn">{t('versions.made', { services: made.join(', ') })}</div>}
      {service.hash && <Difference cluster={cluster.id} service={service.name} from={service.hash} to={to.hash} />}
      <TextInput mt="md" label={t('deploy.reason')} value={reason} maxLength={500} onChange={(event) => setReason(event.currentTarget.value)} />
      <div style={{ marginTop: 8 }}><CopyCommand cluster={cluster} words={['rollback-service', service.name, to.hash.slice(0, 12), reason && '--reason', reason]} /></div>
      {act.isError && <Failed error={act.error} />}
    </Confirm>
  )
}
