// The revisions of one definition, each with its difference, and the way back to any of them.
import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { definitionAt, useHistory } from '../api/queries'
import { may } from '../api/role'
import type { Cluster, Definition, Kind, Revision } from '../api/types'
import { DiffTable } from '../diff/Diff'
import type { Field } from '../form/model'
import { t } from '../text'
import { Blank, Failed, Shown } from '../ui/states'
import { Ago } from '../ui/time'
import { Review } from './Review'
import { save } from './save'
import { offerUndo } from './undo'

interface Props {
  cluster: Cluster
  kind: Kind
  fields: Field[]
  definition: Definition
}

export function DefinitionHistory({ cluster, kind, fields, definition }: Props) {
  const [limit, setLimit] = useState(50)
  const history = useHistory(cluster.id, { kind: kind.name, name: definition.name }, limit)
  const queries = useQueryClient()
  const [older, setOlder] = useState<{ spec: unknown; revision: number }>()
  const fetchOlder = useMutation({
    mutationFn: async (revision: number) => {
      const then = await definitionAt(cluster.id, kind.name, definition.name, revision)
      if (!then) throw new Error(t('history.notThen', { revision }))
      return { spec: then.spec, revision }
    },
    onSuccess: setOlder,
  })
  const write = useMutation({
    mutationFn: (reason: string) =>
      save(cluster, { kind: kind.name, name: definition.name, spec: older?.spec, version: definition.version, reason }),
    onSuccess: (written) => {
      setOlder(undefined)
      offerUndo(queries, cluster, t('save.done', { revision: written.revision }), [{ op: 'update', kind: kind.name, name: definition.name, version: written.version, before: definition.spec }])
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
    },
  })
  return (
    <Shown of={history}>
      {({ items, next }) => (
        <>
          {items.length === 0 && <Blank title={t('history.empty')} />}
          {fetchOlder.isError && <Failed error={fetchOlder.error} />}
          {items.map((revision, i) => (
            <Entry key={revision.revision} revision={revision} open={i === 0}>
              {i > 0 && may(cluster, 'developer') && (
                <Button mt="sm" variant="default" loading={fetchOlder.isPending && fetchOlder.variables === revision.revision} onClick={() => { write.reset(); fetchOlder.mutate(revision.revision) }}>
                  {t('history.restore')}
                </Button>
              )}
            </Entry>
          ))}
          {next && <Button variant="default" onClick={() => setLimit(limit + 100)}>{t('list.more')}</Button>}
          {older && (
            <Review
              cluster={cluster} fields={fields} before={definition.spec} because={t('history.reason', { revision: older.revision })} title={t('history.back', { name: definition.name, revision: older.revision })} busy={write.isPending} failure={write.error} stored={definition}
              wanted={{ kind: kind.name, name: definition.name, spec: older.spec, version: definition.version, reason: '' }}
              onSave={(reason) => write.mutate(reason)} onFaults={() => setOlder(undefined)} onClose={() => setOlder(undefined)}
            />
          )}
        </>
      )}
    </Shown>
  )
}

function Entry({ revision, open, children }: { revision: Revision; open: boolean; children: ReactNode }) {
  return (
    <details className="entry" open={open}>
      <summary>
        <strong>{t('history.revision', { n: revision.revision })}</strong>
        <span>{revision.changes.map((change) => t(`op.${change.op}`)).join(', ')}</span>
        <span className="grow cut quiet">{revision.reason}</span>
        <span>{revision.actor}</span>
        <Ago at={revision.at} />
      </summary>
      <div>
        {revision.changes.map((change) => (
          <div key={change.version + change.op}>
            {change.old_name && <p>{t('history.renamed', { from: change.old_name, to: change.name })}</p>}
            <DiffTable changes={change.diff ?? []} />
          </div>
        ))}
        {children}
      </div>
    </details>
  )
}
