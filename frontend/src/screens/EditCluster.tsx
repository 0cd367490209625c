// What this machine keeps of a cluster: name, addresses, marks; and taking it off the list.
import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { restoreCluster } from '../api/clusters'
import { call, problemOf } from '../api/http'
import type { Cluster, SaveCluster } from '../api/types'
import { same } from '../diff/diff'
import { go, href } from '../shell/router'
import { t } from '../text'
import { Confirm } from '../ui/Confirm'
import { notify, notifyFailure } from '../ui/notice'
import { Failed } from '../ui/states'
import { Addresses } from './Addresses'
import { ChangedAuthority } from './ChangedAuthority'
import { ClusterFields, tidied } from './ClusterFields'
import { MoreAddresses } from './MoreAddresses'

export function EditCluster({ cluster }: { cluster: Cluster }) {
  const { name, urls, fingerprint, colour, tag, environment, protected: guarded, read_only } = cluster
  const stored: SaveCluster = { name, urls, fingerprint, colour: colour ?? '', tag: tag ?? '', environment: environment ?? '', protected: guarded, read_only }
  const [value, setValue] = useState(stored)
  const [removing, setRemoving] = useState(false)
  const queries = useQueryClient()
  const path = 'clusters/' + encodeURIComponent(cluster.id)
  const act = useMutation({
    mutationFn: (body: SaveCluster | undefined) => call(path, body ? { method: 'PUT', body: tidied(body) } : { method: 'DELETE' }),
    onSuccess: async (_, body) => {
      if (body) notify(t('settings.saved'))
      else notify(t('settings.removed', { name }), false, { label: t('removed.undo'), run: () => void back() })
      setRemoving(false)
      if (!body) go(href([]))
      await queries.invalidateQueries({ queryKey: ['clusters'] })
    },
  })
  const add = useMutation({
    mutationFn: (url: string) => call(path, { method: 'PUT', body: { ...stored, urls: [...stored.urls, url] } satisfies SaveCluster }),
    onSuccess: async (_, url) => {
      setValue((was) => (was.urls.includes(url) ? was : { ...was, urls: [...was.urls, url] })) // what is typed meanwhile stays, and a save of it keeps the address
      notify(t('address.added', { url }))
      await queries.invalidateQueries({ queryKey: ['clusters'] })
    },
  })
  const back = async () => {
    try {
      const restored = await restoreCluster(cluster.id)
      await queries.invalidateQueries({ queryKey: ['clusters'] })
      notify(t('removed.back', { name: restored.name }))
    } catch (error) {
      notifyFailure(error)
    }
  }
  const faults = act.isError ? (problemOf(act.error).errors ?? []) : []
  return (
    <div className="page" style={{ maxWidth: 640, width: '100%' }}>
      <div className="head">
        <div className="grow"><h1>{t('settings.title')}</h1><div className="quiet">{t('settings.help')}</div></div>
        <div className="actions"><Button variant="light" color="red" onClick={() => { act.reset(); setRemoving(true) }}>{t('settings.remove')}</Button></div>
      </div>
      <ChangedAuthority cluster={cluster} stored={stored} />
      <form style={{ display: 'grid', gap: 12 }} onSubmit={(event) => { event.preventDefault(); act.mutate(value) }}>
        <ClusterFields value={value} onChange={setValue} fault={(pointer) => faults.find((one) => one.pointer.startsWith(pointer))?.message} />
        <div><div className="quiet small">{t('add.fingerprint')}</div><code>{fingerprint}</code></div>
        {act.isError && !removing && <Failed error={act.error} />}
        <div className="row"><Button type="submit" loading={act.isPending} disabled={same(tidied(value), stored)}>{t('action.save')}</Button></div>
      </form>
      <Addresses cluster={cluster} />
      {cluster.state === 'up' && cluster.signed_in_as && <MoreAddresses cluster={cluster} busy={add.isPending} onAdd={(url) => add.mutate(url)} />}
      {add.isError && <Failed error={add.error} />}
      {removing && (
        <Confirm cluster={cluster} title={t('settings.removeTitle', { name })} action={t('settings.remove')} busy={act.isPending} onConfirm={() => act.mutate(undefined)} onClose={() => setRemoving(false)}>
          <p>{t('settings.removeHelp')}</p>
          {act.isError && <Failed error={act.error} />}
        </Confirm>
      )}
    </div>
  )
}
