// Who did what, from where, and what became of it; and whether nothing of it was altered.
import { Button, Select } from '@mantine/core'
import { useMemo, useState } from 'react'
import { admin } from '../api/queries'
import { saveFile } from '../api/shell'
import { queryOf, useAuditLog } from '../api/whole'
import type { AuditEntry, Cluster, List } from '../api/types'
import { DataTable, type ShownColumn } from '../list/DataTable'
import { csv, type Column } from '../list/rows'
import { href, replace, type Route } from '../shell/router'
import { t } from '../text'
import { CopyCommand } from '../ui/CopyCommand'
import { notify, notifyFailure } from '../ui/notice'
import { Blank, Failed, Loading } from '../ui/states'
import { At } from '../ui/time'
import { filterOf, times, useFilter, type Filter } from './filter'
import { Tabs } from './Tabs'
import { Verify } from './Verify'

const id = (row: AuditEntry) => String(row.seq)
const text = (row: AuditEntry) => [row.actor, row.source, row.addr, row.action, row.subject, row.outcome, row.detail, row.node, row.cid].join(' ')
const names = ['actor', 'action', 'subject', 'outcome', 'from', 'to'] as const

export default function Audit({ cluster, route }: { cluster: Cluster; route: Route }) {
  const tab = route.query.tab === 'verify' ? 'verify' : 'log'
  return (
    <div className="page full">
      <div className="head"><div className="grow"><h1>{t('place.audit')}</h1><div className="quiet">{t('audit.help')}</div></div></div>
      <Tabs label={t('place.audit')} now={tab} tabs={[['log', t('audit.log')], ['verify', t('audit.verify')]]} onTab={(next) => replace(href(['c', cluster.id, 'audit'], { ...route.query, tab: next === 'log' ? undefined : next }))} />
      {tab === 'log' ? <Log cluster={cluster} route={route} /> : <Verify cluster={cluster} />}
    </div>
  )
}

function Log({ cluster, route }: { cluster: Cluster; route: Route }) {
  const filter = filterOf(names, route.query)
  const asked = times(filter)
  const log = useAuditLog(cluster.id, asked)
  const [saving, setSaving] = useState<string>()
  const columns = useMemo(columnsOfAudit, [])
  const items = log.data?.pages.flatMap((page) => page.items) ?? []
  const put = (next: Record<string, string | undefined>) => replace(href(['c', cluster.id, 'audit'], next))
  const save = async (form: 'csv' | 'json') => {
    setSaving(form)
    try {
      const all = await everything(cluster.id, asked)
      const content = form === 'json' ? JSON.stringify(all, null, 1) + '\n' : csv(all, fields)
      const where = await saveFile(`audit.${form}`, new Blob([content], { type: form === 'json' ? 'application/json' : 'text/csv' }), t('audit.save'))
      if (where) notify(t('export.saved', { where }))
    } catch (error) {
      notifyFailure(error)
    } finally {
      setSaving(undefined)
    }
  }
  return (
    <>
      <FilterForm filter={filter} put={put} />
      <div className="tools">
        <Button variant="default" loading={log.isFetching && !log.isFetchingNextPage} onClick={() => void log.refetch()}>{t('audit.again')}</Button>
        <Button variant="default" disabled={items.length === 0} loading={saving === 'csv'} onClick={() => void save('csv')}>{t('audit.csv')}</Button>
        <Button variant="default" disabled={items.length === 0} loading={saving === 'json'} onClick={() => void save('json')}>{t('audit.json')}</Button>
        <CopyCommand cluster={cluster} words={['audit', ...names.flatMap((name) => (name !== 'to' && filter[name] ? [name === 'from' ? '--since' : '--' + name, filter[name]] : []))]} />
        <span className="quiet small">{t('audit.looks')}</span>
      </div>
      {log.isPending && <Loading />}
      {log.isError && <Failed error={log.error} retry={() => void log.refetch()} />}
      {log.isSuccess && <DataTable name="audit" label={t('place.audit')} rows={items} columns={columns} id={id} text={text} empty={<Blank title={Object.keys(filter).length > 0 ? t('list.nothing') : t('audit.empty')} />} />}
      {log.hasNextPage && <div style={{ padding: '8px 0' }}><Button variant="default" loading={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>{t('list.more')}</Button></div>}
    </>
  )
}

const fields = (['seq', 'at', 'node', 'actor', 'source', 'addr', 'action', 'subject', 'outcome', 'detail', 'revision', 'cid', 'hash'] as const)
  .map((name): Column<AuditEntry> => ({ id: name, title: name, value: (row) => row[name] }))

/** Every entry that a filter wants, newest first. */
async function everything(cluster: string, filter: Record<string, string>): Promise<AuditEntry[]> {
  const all: AuditEntry[] = []
  for (let before = ''; ;) {
    const page = await admin<List<AuditEntry>>(cluster, 'audit' + queryOf({ ...filter, limit: 1000, before }))
    all.push(...(page.items ?? []))
    if (!page.next) return all
    before = page.next
  }
}

function FilterForm({ filter, put }: { filter: Filter<(typeof names)[number]>; put: (next: Record<string, string | undefined>) => void }) {
  const { send, clear, field } = useFilter(names, filter, put)
  return (
    <form className="tools bottom" onSubmit={(event) => { event.preventDefault(); send() }}>
      {field('actor', t('audit.actor'), 95)}
      {field('action', t('audit.action'), 105)}
      {field('subject', t('audit.subject'), 120)}
      <Select w={100} clearable label={t('audit.outcome')} data={['done', 'refused', 'failed']} value={filter.outcome ?? null} onChange={(outcome) => send({ outcome: outcome ?? '' })} />
      {field('from', t('filter.from'), 120, { type: 'date' })}
      {field('to', t('filter.to'), 120, { type: 'date' })}
      <Button type="submit" variant="default">{t('audit.find')}</Button>
      {Object.keys(filter).length > 0 && <Button variant="subtle" onClick={clear}>{t('list.reset')}</Button>}
    </form>
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
    { id: 'revision', title: t('column.revision'), standard: true, align: 'right', width: 80, value: (row) => row.revision || undefined },
    { id: 'detail', title: t('audit.detail'), standard: true, value: (row) => row.detail, show: (row) => <span title={row.detail}>{row.detail}</span> },
    { id: 'source', title: t('audit.source'), value: (row) => row.source, width: 110 },
    { id: 'addr', title: t('column.address'), value: (row) => row.addr, width: 140 },
    { id: 'node', title: t('column.node'), value: (row) => row.node, width: 110 },
    { id: 'cid', title: t('error.cid'), value: (row) => row.cid, width: 220 },
  ]
}
