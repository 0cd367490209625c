// The history of the whole configuration, and the way back to any revision after seeing what it would do.
import { Button, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { admin, useHistory } from '../api/queries'
import { confirmed, may } from '../api/role'
import type { Applied, Cluster } from '../api/types'
import { DiffTable } from '../diff/Diff'
import { href } from '../shell/router'
import { t } from '../text'
import { Confirm } from '../ui/Confirm'
import { notify } from '../ui/notice'
import { Blank, Failed, Loading, Shown } from '../ui/states'
import { Ago, At } from '../ui/time'

export default function Revisions({ cluster }: { cluster: Cluster }) {
  const [limit, setLimit] = useState(50)
  const [search, setSearch] = useState('')
  const [back, setBack] = useState<number>()
  const history = useHistory(cluster.id, undefined, limit)
  return (
    <div className="page">
      <div className="head"><div className="grow"><h1>{t('place.history')}</h1><div className="quiet">{t('history.help')}</div></div></div>
      <Shown of={history}>
        {({ items, next }) => {
          const found = items.filter((one) => (one.actor + ' ' + (one.reason ?? '') + ' ' + one.changes.map((change) => change.kind + '/' + change.name).join(' ')).toLowerCase().includes(search.toLowerCase()))
          if (items.length === 0) return <Blank title={t('history.empty')} />
          return (
            <>
              <div className="tools"><TextInput className="grow" style={{ maxWidth: 320 }} data-search placeholder={t('list.search')} aria-label={t('list.search')} value={search} onChange={(event) => setSearch(event.currentTarget.value)} /><span className="quiet small">{t('list.some', { n: found.length, all: items.length })}</span></div>
              {found.length === 0 && <Blank title={t('list.nothing')} />}
              {found.map((revision) => (
                <details className="entry" key={revision.revision}>
                  <summary>
                    <strong>{t('history.revision', { n: revision.revision })}</strong>
                    <span className="grow cut">{revision.reason || <span className="quiet">{t('history.noReason')}</span>}</span>
                    <span className="quiet">{t('history.changes', { n: revision.changes.length })}</span>
                    <span>{revision.actor}{revision.source && <span className="quiet"> · {revision.source}</span>}</span>
                    <Ago at={revision.at} />
                  </summary>
                  <div>
                    <p className="quiet small"><At at={revision.at} /> {revision.addr}</p>
                    {revision.changes.map((change) => (
                      <details key={change.kind + change.name}>
                        <summary style={{ cursor: 'pointer' }}>{t(`op.${change.op}`)} {change.kind}/{change.name}</summary>
                        <DiffTable changes={change.diff ?? []} />
                        <p><a href={href(['c', cluster.id, 'd', change.kind, change.name])}>{t('history.open', { name: change.name })}</a></p>
                      </details>
                    ))}
                    {may(cluster, 'developer') && revision !== items[0] && <Button mt="sm" variant="default" onClick={() => setBack(revision.revision)}>{t('history.all', { n: revision.revision })}</Button>}
                  </div>
                </details>
              ))}
              {next && <div><Button variant="default" loading={history.isFetching} onClick={() => setLimit(limit + 100)}>{t('list.more')}</Button></div>}
            </>
          )
        }}
      </Shown>
      {back !== undefined && <RollBack cluster={cluster} revision={back} onClose={() => setBack(undefined)} />}
    </div>
  )
}

function RollBack({ cluster, revision, onClose }: { cluster: Cluster; revision: number; onClose: () => void }) {
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const send = (body: object, headers = {}) => admin<Applied>(cluster.id, 'rollback', { method: 'POST', body: { revision, ...body }, headers })
  const plan = useQuery({ queryKey: ['rollback', cluster.id, revision], queryFn: () => send({ dry_run: true }), gcTime: 0, retry: false })
  const act = useMutation({
    mutationFn: () => send(reason ? { reason } : {}, confirmed(cluster)),
    onSuccess: (applied) => {
      notify(t('save.done', { revision: applied.revision }))
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
      onClose()
    },
  })
  const changes = plan.data?.changes ?? []
  const deletes = changes.filter((change) => change.op === 'delete')
  return (
    <Confirm cluster={cluster} title={t('history.all', { n: revision })} action={t('history.go')} busy={act.isPending || !plan.isSuccess || changes.length === 0} onConfirm={() => act.mutate()} onClose={onClose}>
      {plan.isPending && <Loading />}
      {plan.isError && <Failed error={plan.error} retry={() => void plan.refetch()} />}
      {plan.isSuccess && changes.length === 0 && <p>{t('history.nothing')}</p>}
      {deletes.length > 0 && <div className="box bad" role="alert"><strong>{t('history.deletes', { n: deletes.length })}</strong><div>{deletes.map((one) => `${one.kind}/${one.name}`).join(', ')}</div></div>}
      <div style={{ maxHeight: '40vh', overflow: 'auto' }}>
        {changes.map((change) => (
          <details key={change.kind + change.name}><summary style={{ cursor: 'pointer' }}>{t(`op.${change.op}`)} {change.kind}/{change.name}</summary><DiffTable changes={change.diff ?? []} /></details>
        ))}
      </div>
      {act.isError && <Failed error={act.error} />}
      <TextInput mt="sm" label={t('save.reason')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
    </Confirm>
  )
}
