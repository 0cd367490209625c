// Every revision of the configuration: found by who, what and when, two of them compared, any of them brought back.
import { Button, Checkbox, Select } from '@mantine/core'
import { useState } from 'react'
import { useKinds } from '../api/queries'
import { may } from '../api/role'
import type { Cluster, LoggedChange, Revision } from '../api/types'
import { useRevision, useRevisions, type HistoryFilter } from '../api/whole'
import { href, replace, type Route } from '../shell/router'
import { t } from '../text'
import { Blank, Failed, Loading, Shown } from '../ui/states'
import { Ago, At } from '../ui/time'
import { YamlDiff } from './Changes'
import { filterOf, times, useFilter } from './filter'
import { RollBack } from './RollBack'

const names = ['q', 'actor', 'kind', 'name', 'from', 'to'] as const

export default function History({ cluster, route }: { cluster: Cluster; route: Route }) {
  const query = route.query
  const filter: HistoryFilter = filterOf(names, query)
  const list = useRevisions(cluster.id, times(filter))
  const [picked, setPicked] = useState<number[]>([])
  const back = Number(query.back ?? '') || undefined
  const put = (change: Record<string, string | undefined>) => replace(href(['c', cluster.id, 'history'], { ...filter, ...change }))
  const all = list.data?.pages.flatMap((page) => page.items) ?? []
  const newest = Object.keys(filter).length === 0 ? all[0]?.revision : undefined
  const pick = (revision: number) => setPicked(picked.includes(revision) ? picked.filter((one) => one !== revision) : [...picked.slice(-1), revision])
  const [low, high] = [...picked].sort((a, b) => a - b)
  return (
    <div className="page">
      <div className="head"><div className="grow"><h1>{t('place.history')}</h1><div className="quiet">{t('history.help')}</div></div></div>
      <FilterForm cluster={cluster} filter={filter} put={put} />
      <div className="tools" style={{ minHeight: 30 }}>
        {picked.length === 0 && <span className="quiet small">{t('history.pick')}</span>}
        {low !== undefined && <span>{high === undefined ? t('history.picked.one', { a: low }) : t('history.picked.two', { a: low, b: high })}</span>}
        {low !== undefined && <Button component="a" variant={high === undefined ? 'default' : 'filled'} href={href(['c', cluster.id, 'history', 'compare'], { from: String(low), to: high === undefined ? undefined : String(high) })}>{high === undefined ? t('history.compareNow') : t('history.compare')}</Button>}
        {picked.length > 0 && <Button variant="subtle" onClick={() => setPicked([])}>{t('history.unpick')}</Button>}
      </div>
      {list.isPending && <Loading />}
      {list.isError && <Failed error={list.error} retry={() => void list.refetch()} />}
      {list.isSuccess && all.length === 0 && !list.hasNextPage && <Blank title={Object.keys(filter).length > 0 ? t('list.nothing') : t('history.empty')} />}
      {all.map((revision) => (
        <Entry key={revision.revision} cluster={cluster} revision={revision} picked={picked.includes(revision.revision)} onPick={() => pick(revision.revision)} newest={revision.revision === newest} onBack={() => put({ back: String(revision.revision) })} />
      ))}
      {list.hasNextPage && <div className="row"><Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t('list.more')}</Button>{all.length === 0 && <span className="quiet">{t('history.further')}</span>}</div>}
      {back !== undefined && may(cluster, 'developer') && <RollBack key={back} cluster={cluster} revision={back} onClose={() => put({ back: undefined })} />}
    </div>
  )
}

function FilterForm({ cluster, filter, put }: { cluster: Cluster; filter: HistoryFilter; put: (change: Record<string, string | undefined>) => void }) {
  const kinds = useKinds(cluster.id)
  const { typed, send, clear, field } = useFilter(names, filter, put)
  return (
    <form className="tools bottom" onSubmit={(event) => { event.preventDefault(); send() }}>
      {field('q', t('history.search'), 150, { 'data-search': true })}
      {field('actor', t('audit.actor'), 100)}
      <Select w={118} clearable label={t('column.kind')} data={(kinds.data ?? []).map((kind) => ({ value: kind.name, label: kind.title }))} value={typed.kind ?? null} onChange={(kind) => send(kind ? { kind } : { kind: '', name: '' })} />
      {typed.kind && field('name', t('column.name'), 140)}
      {field('from', t('filter.from'), 128, { type: 'date' })}
      {field('to', t('filter.to'), 128, { type: 'date' })}
      <Button type="submit" variant="default">{t('audit.find')}</Button>
      {Object.keys(filter).length > 0 && <Button variant="subtle" onClick={clear}>{t('list.reset')}</Button>}
    </form>
  )
}

interface EntryProps {
  cluster: Cluster
  revision: Revision
  picked: boolean
  newest: boolean
  onPick: () => void
  onBack: () => void
}

function Entry({ cluster, revision, picked, newest, onPick, onBack }: EntryProps) {
  const [open, setOpen] = useState(false)
  return (
    <div className="row revision">
      <Checkbox aria-label={t('history.pickOne', { n: revision.revision })} checked={picked} onChange={onPick} />
      <details className="entry grow" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <strong>{t('history.revision', { n: revision.revision })}</strong>
          <span className="grow cut">{revision.reason || <span className="quiet">{t('history.noReason')}</span>}</span>
          <span className="quiet cut what">{what(revision.changes)}</span>
          <span className="cut who">{revision.actor}{revision.source && <span className="quiet"> · {revision.source}</span>}</span>
          <Ago at={revision.at} />
        </summary>
        {open && (
          <div>
            <Inside cluster={cluster} revision={revision.revision} />
            <div className="row wrap" style={{ marginTop: 8 }}>
              <Button component="a" variant="default" href={href(['c', cluster.id, 'history', String(revision.revision)])}>{t('history.state', { n: revision.revision })}</Button>
              {!newest && <Button component="a" variant="default" href={href(['c', cluster.id, 'history', 'compare'], { from: String(revision.revision) })}>{t('history.compareNow')}</Button>}
              {may(cluster, 'developer') && !newest && <Button variant="default" onClick={onBack}>{t('history.all', { n: revision.revision })}</Button>}
            </div>
          </div>
        )}
      </details>
    </div>
  )
}

const what = (changes: LoggedChange[]) => {
  const first = changes[0]
  if (!first) return ''
  const name = `${first.kind}/${first.name}`
  return changes.length === 1 ? name : t('history.andMore', { name, n: changes.length - 1 })
}

/** A revision's own changes; they are read when somebody wants to see them. */
export function Inside({ cluster, revision }: { cluster: Cluster; revision: number }) {
  const one = useRevision(cluster.id, revision)
  return (
    <Shown of={one}>
      {(found) => !found ? <p>{t('error.title.missing')}</p> : (
        <>
          <p className="quiet small"><At at={found.at} /> {found.addr}</p>
          {found.changes.slice(0, 100).map((change) => (
            <details className="entry change" key={change.kind + change.name} data-op={change.op} open={found.changes.length === 1}>
              <summary><span className="op">{t(`op.${change.op}`)}</span><span className="grow cut"><span className="quiet">{change.kind}/</span><strong>{change.name}</strong>{change.old_name && <span className="quiet"> ← {change.old_name}</span>}</span><span className="quiet small">{t('history.version', { n: change.version })}</span></summary>
              <div>
                <YamlDiff diff={change.diff ?? []} label={`${change.kind}/${change.name}`} />
                <p className="small"><a href={href(['c', cluster.id, 'd', change.kind, change.name])}>{t('history.open', { name: change.name })}</a></p>
              </div>
            </details>
          ))}
          {found.changes.length > 100 && <p><a href={href(['c', cluster.id, 'history', 'compare'], { from: String(revision - 1), to: String(revision) })}>{t('changes.more', { n: found.changes.length - 100 })}</a></p>}
        </>
      )}
    </Shown>
  )
}
