// Who did what, from where, and what became of it.
import { Button, Select, TextInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useAudit } from '../api/queries'
import type { AuditEntry, Cluster } from '../api/types'
import { DataTable, type ShownColumn } from '../list/DataTable'
import { t } from '../text'
import { Blank, Shown } from '../ui/states'
import { At } from '../ui/time'

const id = (row: AuditEntry) => String(row.seq)
const text = (row: AuditEntry) => [row.actor, row.source, row.addr, row.action, row.subject, row.outcome, row.detail, row.node, row.cid].join(' ')

export default function Audit({ cluster }: { cluster: Cluster }) {
  const [limit, setLimit] = useState(200)
  const [typed, setTyped] = useState({ actor: '', subject: '' })
  const [filter, setFilter] = useState<Record<string, string>>({})
  const audit = useAudit(cluster.id, filter, limit)
  const columns = useMemo(columnsOfAudit, [])
  const put = (name: string, value: string) => {
    const { [name]: _, ...rest } = filter
    setFilter(value ? { ...rest, [name]: value } : rest)
  }
  const filtered = Object.keys(filter).length > 0
  return (
    <div className="page full">
      <div className="head"><div className="grow"><h1>{t('place.audit')}</h1><div className="quiet">{t('audit.help')}</div></div></div>
      <form className="tools" onSubmit={(event) => { event.preventDefault(); setFilter({ ...(typed.actor && { actor: typed.actor }), ...(typed.subject && { subject: typed.subject }), ...(filter.outcome && { outcome: filter.outcome }) }) }}>
        <TextInput w={150} placeholder={t('audit.actor')} aria-label={t('audit.actor')} value={typed.actor} onChange={(event) => setTyped({ ...typed, actor: event.currentTarget.value })} />
        <TextInput w={200} placeholder={t('audit.subject')} aria-label={t('audit.subject')} value={typed.subject} onChange={(event) => setTyped({ ...typed, subject: event.currentTarget.value })} />
        <Select w={140} clearable placeholder={t('audit.outcome')} aria-label={t('audit.outcome')} data={['done', 'refused', 'failed']} value={filter.outcome ?? null} onChange={(value) => put('outcome', value ?? '')} />
        <Button type="submit" variant="default">{t('audit.filter')}</Button>
        <Button variant="default" loading={audit.isFetching} onClick={() => void audit.refetch()}>{t('audit.again')}</Button>
        {filtered && <Button variant="subtle" onClick={() => { setTyped({ actor: '', subject: '' }); setFilter({}) }}>{t('list.reset')}</Button>}
      </form>
      <Shown of={audit}>
        {({ items, next }) => (
          <>
            <DataTable name="audit" label={t('place.audit')} rows={items} columns={columns} id={id} text={text} empty={<Blank title={filtered ? t('list.nothing') : t('audit.empty')} />} />
            {next && <div style={{ padding: '8px 0' }}><Button variant="default" loading={audit.isFetching} disabled={limit >= 1000} onClick={() => setLimit(Math.min(limit + 400, 1000))}>{t('list.more')}</Button></div>}
          </>
        )}
      </Shown>
    </div>
  )
}

function columnsOfAudit(): ShownColumn<AuditEntry>[] {
  return [
    { id: 'seq', title: '#', standard: true, align: 'right', width: 60, value: (row) => row.seq },
    { id: 'at', title: t('audit.at'), standard: true, width: 170, value: (row) => row.at, show: (row) => <At at={row.at} /> },
    { id: 'actor', title: t('audit.actor'), standard: true, width: 120, value: (row) => row.actor, show: (row) => row.actor || <span className="quiet">{t('audit.stranger')}</span> },
    { id: 'action', title: t('audit.action'), standard: true, width: 150, value: (row) => row.action },
    { id: 'subject', title: t('audit.subject'), standard: true, value: (row) => row.subject },
    { id: 'outcome', title: t('audit.outcome'), standard: true, width: 90, value: (row) => row.outcome, show: (row) => <span style={row.outcome === 'done' ? {} : { color: 'var(--sb-down)' }}>{row.outcome}</span> },
    { id: 'revision', title: t('column.revision'), standard: true, align: 'right', width: 80, value: (row) => row.revision },
    { id: 'detail', title: t('audit.detail'), standard: true, value: (row) => row.detail },
    { id: 'source', title: t('audit.source'), value: (row) => row.source, width: 110 },
    { id: 'addr', title: t('column.address'), value: (row) => row.addr, width: 140 },
    { id: 'node', title: t('column.node'), value: (row) => row.node, width: 110 },
    { id: 'cid', title: t('error.cid'), value: (row) => row.cid, width: 220 },
  ]
}
