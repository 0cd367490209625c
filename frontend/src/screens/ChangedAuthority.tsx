// Something else answers in place of a cluster: says so plainly, shows both fingerprints, and
// trusts the new one only when a person has compared it.
import { Button, Checkbox } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/http'
import type { Cluster, SaveCluster } from '../api/types'
import { t } from '../text'
import { notify } from '../ui/notice'
import { Failed } from '../ui/states'

export function ChangedAuthority({ cluster, stored }: { cluster: Cluster; stored: SaveCluster }) {
  const queries = useQueryClient()
  const [compared, setCompared] = useState(false)
  const trust = useMutation({
    mutationFn: (fingerprint: string) => call<Cluster>('clusters/' + encodeURIComponent(cluster.id), { method: 'PUT', body: { ...stored, fingerprint } }),
    onSuccess: async () => {
      notify(t('settings.saved'))
      await queries.invalidateQueries({ queryKey: ['clusters'] })
    },
  })
  const now = cluster.foreign_authority
  if (!now) return null
  return (
    <section className="box bad" aria-label={t('foreign.title')}>
      <strong>{t('foreign.title')}</strong>
      <p>{t('foreign.help')}</p>
      <dl className="facts">
        <dt>{t('foreign.saved')}</dt><dd className="mono">{cluster.fingerprint}</dd>
        <dt>{t('foreign.now')}</dt><dd className="mono">{now}</dd>
      </dl>
      <Checkbox label={t('add.trust')} checked={compared} onChange={(event) => setCompared(event.currentTarget.checked)} />
      <div className="row" style={{ marginTop: 8 }}><Button color="red" disabled={!compared} loading={trust.isPending} onClick={() => trust.mutate(now)}>{t('foreign.trust')}</Button></div>
      {trust.isError && <Failed error={trust.error} />}
    </section>
  )
}
