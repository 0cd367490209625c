// All definitions of one kind.
import { Button, Menu } from '@mantine/core'
import { useMemo, useState } from 'react'
import { may } from '../api/role'
import { useDefinitions } from '../api/queries'
import type { Cluster, Definition, Kind } from '../api/types'
import { fieldsOf, type Field, type Schema } from '../form/model'
import { DataTable } from '../list/DataTable'
import { useActions } from '../shell/actions'
import { go, href } from '../shell/router'
import { t } from '../text'
import { saveText } from '../ui/file'
import { CopyCommand } from '../ui/CopyCommand'
import { Blank, Shown } from '../ui/states'
import { Bulk, type BulkAct } from './Bulk'
import { columnsOf, searchText } from './columns'
import { draftsOf } from './draft'
import { toYAML } from './document'

const id = (row: Definition) => row.name

export function DefinitionList({ cluster, kind }: { cluster: Cluster; kind: Kind }) {
  const definitions = useDefinitions(cluster.id, kind.name)
  const [bulk, setBulk] = useState<{ rows: Definition[]; what: BulkAct; clear: () => void }>()
  const fields = useMemo(() => fieldsOf(kind.schema as Schema), [kind.schema])
  const columns = useMemo(() => columnsOf(fields), [fields])
  const writes = may(cluster, 'developer')
  const make = href(['c', cluster.id, 'new', kind.name])
  const add = writes && <Button component="a" href={make} data-new>{t('definition.new', { kind: kind.title })}</Button>
  useActions([
    ...(writes ? [{ title: t('definition.new', { kind: kind.title }), run: () => go(make) }] : []),
    { title: t('list.export', { kind: kind.title }), run: () => saveAll(kind, definitions.data ?? []), words: ['export', kind.name] },
  ])
  return (
    <div className="page full">
      <div className="head">
        <div className="grow">
          <h1>{kind.title}</h1>
          <div className="quiet">{kind.help}</div>
        </div>
        <div className="actions"><CopyCommand cluster={cluster} words={['list', kind.name]} />{add}</div>
      </div>
      {writes && <Drafts cluster={cluster} kind={kind} />}
      <Shown of={definitions}>
        {(rows) => (
          <DataTable
            name={kind.name} label={kind.title} rows={rows} columns={columns} id={id} text={searchText}
            open={(row) => href(['c', cluster.id, 'd', kind.name, row.name])}
            empty={<Blank title={t('definition.empty', { kind: kind.title })}><p className="quiet">{kind.help}</p>{add}</Blank>}
            selected={(picked, clear) => <Acts kind={kind} fields={fields} writes={writes} picked={picked} onAct={(what) => setBulk({ rows: picked, what, clear })} />}
          />
        )}
      </Shown>
      {bulk && <Bulk cluster={cluster} kind={kind} fields={fields} rows={bulk.rows} what={bulk.what} onDone={() => { bulk.clear(); setBulk(undefined) }} onClose={() => setBulk(undefined)} />}
    </div>
  )
}

/** What can be done with chosen rows. A kind with a field "enabled" is switched by it. */
function Acts({ kind, fields, writes, picked, onAct }: { kind: Kind; fields: Field[]; writes: boolean; picked: Definition[]; onAct: (what: BulkAct) => void }) {
  const enabled = fields.find((field) => field.name === 'enabled' && field.type === 'boolean')
  return (
    <>
      <Menu position="bottom-start">
        <Menu.Target><Button variant="light" aria-haspopup="menu">{t('list.acts')} ▾</Button></Menu.Target>
        <Menu.Dropdown>
          {writes && enabled && <Menu.Item onClick={() => onAct({ act: 'set', field: enabled, value: true })}>{t('list.enable')}</Menu.Item>}
          {writes && enabled && <Menu.Item onClick={() => onAct({ act: 'set', field: enabled, value: false })}>{t('list.disable')}</Menu.Item>}
          {writes && <Menu.Item onClick={() => onAct({ act: 'set' })}>{t('list.setField')}</Menu.Item>}
          <Menu.Item onClick={() => saveAll(kind, picked)}>{t('list.exportChosen')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {writes && <Button color="red" variant="light" onClick={() => onAct({ act: 'delete' })}>{t('action.delete')}</Button>}
    </>
  )
}

function saveAll(kind: Kind, rows: readonly Definition[]) {
  saveText(`${kind.name}.yaml`, rows.map((row) => toYAML(row.kind, row.name, row.spec)).join('---\n'), 'application/yaml')
}

/** Edits of this kind that nobody saved, so that none is forgotten. */
function Drafts({ cluster, kind }: { cluster: Cluster; kind: Kind }) {
  const drafts = draftsOf(cluster.id, kind.name)
  if (drafts.length === 0) return null
  return (
    <div className="box warn small row wrap" role="status">
      <span>{t('draft.open', { n: drafts.length })}</span>
      {drafts.map((name) => <a key={name} href={name === '' ? href(['c', cluster.id, 'new', kind.name]) : href(['c', cluster.id, 'd', kind.name, name])}>{name || t('definition.new', { kind: kind.title })}</a>)}
    </div>
  )
}
