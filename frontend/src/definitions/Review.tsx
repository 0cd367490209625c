// The last look before a save: what changes, what the server says to it, and why it is done.
import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { problemOf } from '../api/http'
import type { Cluster, Definition } from '../api/types'
import { diff } from '../diff/diff'
import { DiffTable } from '../diff/Diff'
import type { Fault } from '../form/check'
import type { Field } from '../form/model'
import { pointerOf } from '../form/pointer'
import { secretPaths } from '../form/secrets'
import { t } from '../text'
import { CopyCommand } from '../ui/CopyCommand'
import { Dialog } from '../ui/Dialog'
import { Failed } from '../ui/states'
import { dryRun, specFaults, type Wanted } from './save'
import { StopsOf } from './Stops'
import { setWords } from './words'

interface Props {
  cluster: Cluster
  fields: Field[]
  before: unknown
  wanted: Wanted
  title: string
  /** Why it is done, when nothing else is typed. */
  because?: string
  busy: boolean
  failure: unknown
  /** What is stored now; undefined of a new one. */
  stored?: Definition | undefined
  onSave: (reason: string) => void
  onFaults: (faults: Fault[]) => void
  onClose: () => void
}

export function Review(props: Props) {
  const { cluster, fields, before, wanted, title, because = '', busy, failure, stored, onSave, onFaults, onClose } = props
  const [reason, setReason] = useState('')
  const changes = diff(before, wanted.spec)
  const secrets = new Set(secretPaths(fields, wanted.spec).map(pointerOf))
  const plan = useQuery({ queryKey: ['plan', cluster.id, wanted], queryFn: () => dryRun(cluster, wanted), retry: false, gcTime: 0, staleTime: Infinity })
  const refused = plan.isError ? problemOf(plan.error) : undefined
  const faults = refused ? specFaults(refused, true) : []
  return (
    <Dialog onClose={onClose} title={title} size="xl">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!refused && !busy) onSave(reason || because)
        }}
      >
        <DiffTable changes={changes} secrets={secrets} />
        <div style={{ marginTop: 12 }} role="status">
          {plan.isPending && <span className="quiet">{t('save.checking')}</span>}
          {plan.isSuccess && <span style={{ color: 'var(--sb-up)' }}>{t('save.checked')}</span>}
        </div>
        {refused && faults.length === 0 && <Failed error={plan.error} retry={() => void plan.refetch()} />}
        {faults.length > 0 && (
          <div className="box bad" role="alert">
            <strong>{t('save.faults', { n: faults.length })}</strong>
            <ul>{faults.map((fault) => <li key={fault.pointer + fault.message}><code>{fault.pointer}</code> {fault.message}</li>)}</ul>
            <Button variant="default" onClick={() => onFaults(faults)}>{t('save.mend')}</Button>
          </div>
        )}
        {stored && changes.some((change) => change.pointer === '/enabled' && change.after === false) && (
          <div className="box warn"><strong>{t('save.stops')}</strong><StopsOf cluster={cluster} definitions={[stored]} /></div>
        )}
        {failure !== undefined && failure !== null && <Failed error={failure} />}
        <TextInput mt="sm" label={t('save.reason')} description={t('save.reason.help')} placeholder={because} value={reason} data-autofocus onChange={(event) => setReason(event.currentTarget.value)} />
        <div className="row end" style={{ marginTop: 16 }}>
          <span className="grow"><CopyCommand cluster={cluster} words={setWords(wanted.kind, wanted.name, wanted.spec, changes, secrets, reason || because)} /></span>
          <Button variant="default" onClick={onClose}>{t('save.back')}</Button>
          <Button type="submit" loading={busy} disabled={plan.isPending || refused !== undefined || (changes.length === 0 && wanted.version > 0)}>{t('action.save')}</Button>
        </div>
      </form>
    </Dialog>
  )
}
