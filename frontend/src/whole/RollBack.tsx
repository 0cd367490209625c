// A roll-back of everything: what it would delete and change is shown before it is done.
import { TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { confirmed } from '../api/role'
import { isConflict, rollBack } from '../api/whole'
import type { Applied, Cluster } from '../api/types'
import { t } from '../text'
import { Confirm } from '../ui/Confirm'
import { CopyCommand } from '../ui/CopyCommand'
import { notify } from '../ui/notice'
import { Failed, Loading } from '../ui/states'
import { Changes } from './Changes'
import { grouped, keyOf, services, stopping } from './groups'
import { doneAs } from './undo'

export function RollBack({ cluster, revision, onClose }: { cluster: Cluster; revision: number; onClose: () => void }) {
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const plan = useQuery({ queryKey: ['rollback', cluster.id, revision], queryFn: () => rollBack(cluster.id, { revision, dry_run: true }), gcTime: 0, retry: false, refetchOnWindowFocus: false })
  const act = useMutation({
    mutationFn: async (seen: Applied) => {
      // What is shown is what is done: a change by others in between is shown first.
      const now = await rollBack(cluster.id, { revision, dry_run: true })
      if (now.revision !== seen.revision) {
        queries.setQueryData(['rollback', cluster.id, revision], now)
        return undefined
      }
      return rollBack(cluster.id, { revision, ...(reason && { reason }) }, confirmed(cluster))
    },
    onSuccess: (applied, seen) => {
      if (!applied) return
      doneAs(cluster, queries, applied.revision, seen.revision)
      for (const problem of applied.problems ?? []) notify(t('apply.problem', { name: `${problem.kind}/${problem.name}`, why: problem.reason }), true)
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
      onClose()
    },
    onError: (error) => { if (isConflict(error)) void plan.refetch() },
  })
  const moved = act.isSuccess && act.data === undefined
  const changes = plan.data?.changes ?? []
  return (
    <Confirm
      cluster={cluster} title={t('history.all', { n: revision })} action={t('history.go')} size="xl"
      busy={act.isPending || !plan.isSuccess || changes.length === 0} onConfirm={() => { if (plan.data) act.mutate(plan.data) }} onClose={onClose}
    >
      {plan.isPending && <Loading />}
      {plan.isError && <Failed error={plan.error} retry={() => void plan.refetch()} />}
      {plan.isSuccess && changes.length === 0 && <p>{t('history.nothing')}</p>}
      {moved && <div className="box warn" role="alert">{t('rollback.moved')}</div>}
      {plan.isSuccess && changes.length > 0 && <Consequences of={plan.data} />}
      {changes.length > 0 && <div style={{ maxHeight: '38vh', overflow: 'auto' }} tabIndex={0} role="region" aria-label={t('changes.title')}><Changes key={plan.dataUpdatedAt} cluster={cluster} changes={changes} /></div>}
      {act.isError && <Failed error={act.error} />}
      <TextInput mt="sm" label={t('save.reason')} description={t('save.reason.help')} value={reason} maxLength={500} onChange={(event) => setReason(event.currentTarget.value)} />
      <div className="row" style={{ marginTop: 8 }}><span className="grow quiet small">{t('rollback.help')}</span><CopyCommand cluster={cluster} words={['rollback', String(revision), reason && '--reason', reason]} /></div>
    </Confirm>
  )
}

/** What stops, what changes its code, and what cannot be as it was. */
function Consequences({ of }: { of: Applied }) {
  const changes = of.changes
  const deletes = grouped(changes).find((group) => group.op === 'delete')?.changes ?? []
  const stops = stopping(changes)
  const others = services(changes.filter((one) => one.op !== 'delete'))
  return (
    <>
      {deletes.length > 0 && (
        <div className="box bad" role="alert">
          <strong>{t('history.deletes', { n: deletes.length })}</strong>
          <div>{listed(deletes.map(keyOf))}</div>
          {stops.length > 0 && <div>{t('rollback.stops', { names: listed(stops.map(keyOf)) })}</div>}
        </div>
      )}
      {others.length > 0 && <div className="box warn"><strong>{t('rollback.services', { n: others.length })}</strong> {listed(others)}</div>}
      {of.warnings?.map((warning) => <div key={warning} className="box warn">{warning}</div>)}
    </>
  )
}

const most = 20

/** Names in a line, not more than one reads. */
export const listed = (names: readonly string[]) => (names.length <= most ? names.join(', ') : t('rollback.more', { names: names.slice(0, most).join(', '), n: names.length - most }))
