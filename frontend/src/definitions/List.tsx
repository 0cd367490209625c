// All definitions of one kind.
import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import { may } from '../api/role'
import { useDefinitions } from '../api/queries'
import type { Cluster, Definition, Kind } from '../api/types'
import { fieldsOf, type Schema } from '../form/model'
import { DataTable } from '../list/DataTable'
import { href } from '../shell/router'
import { t } from '../text'
import { Blank, Shown } from '../ui/states'
import { BulkDelete } from './BulkDelete'
import { columnsOf, searchText } from './columns'

const id = (row: Definition) => row.name

export function DefinitionList({ cluster, kind }: { cluster: Cluster; kind: Kind }) {
  const definitions = useDefinitions(cluster.id, kind.name)
  const [deleting, setDeleting] = useState<{ rows: Definition[]; clear: () => void }>()
  const columns = useMemo(() => columnsOf(fieldsOf(kind.schema as Schema)), [kind.schema])
  const writes = may(cluster, 'developer')
  const add = writes && <Button component="a" href={href(['c', cluster.id, 'new', kind.name])} data-new>{t('definition.new', { kind: kind.title })}</Button>
  return (
    <div className="page full">
      <div className="head">
        <div className="grow">
          <h1>{kind.title}</h1>
          <div className="quiet">{kind.help}</div>
        </div>
        <div className="actions">{add}</div>
      </div>
      <Shown of={definitions}>
        {(rows) => (
          <DataTable
            name={kind.name} label={kind.title} rows={rows} columns={columns} id={id} text={searchText}
            open={(row) => href(['c', cluster.id, 'd', kind.name, row.name])}
            empty={<Blank title={t('definition.empty', { kind: kind.title })}><p className="quiet">{kind.help}</p>{add}</Blank>}
            {...(writes && {
              selected: (picked: Definition[], clear: () => void) => (
                <Button color="red" variant="light" onClick={() => setDeleting({ rows: picked, clear })}>{t('action.delete')}</Button>
              ),
            })}
          />
        )}
      </Shown>
      {deleting && <BulkDelete cluster={cluster} rows={deleting.rows} onDone={() => { deleting.clear(); setDeleting(undefined) }} onClose={() => setDeleting(undefined)} />}
    </div>
  )
}
