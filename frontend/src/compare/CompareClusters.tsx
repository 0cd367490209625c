// Two clusters, or two revisions, side by side: what only one has, what differs, and copying
// chosen objects from the first to the second.
import { Button, NumberInput, Select } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState, type ReactNode } from 'react'
import { admin } from '../api/queries'
import { may } from '../api/role'
import type { Cluster, State } from '../api/types'
import { DiffTable } from '../diff/Diff'
import { DataTable, type ShownColumn } from '../list/DataTable'
import { href, replace, type Route } from '../shell/router'
import { number, t } from '../text'
import { CopyCommand } from '../ui/CopyCommand'
import { Blank, Loading, Shown } from '../ui/states'
import { Ago } from '../ui/time'
import { compareStates, maskedDiff, type Is, type Row } from './compare'
import { CopyTo } from './CopyTo'

interface Side {
  cluster: Cluster | undefined
  revision: number | undefined
}

export default function CompareClusters({ clusters, route }: { clusters: Cluster[]; route: Route }) {
  const query = route.query
  const side = (id: string | undefined, at: string | undefined): Side => ({ cluster: clusters.find((one) => one.id === id), revision: at && /^\d+$/.test(at) ? Number(at) : undefined })
  const first = clusters.find((one) => one.state === 'up' && one.signed_in_as)
  const a = side(query.a ?? first?.id, query.at)
  const b = side(query.b ?? clusters.find((one) => one.id !== a.cluster?.id && one.state === 'up' && one.signed_in_as)?.id, query.bt)
  const show = (change: Record<string, string | undefined>) =>
    replace(href(['compare'], { a: a.cluster?.id, at: query.at, b: b.cluster?.id, bt: query.bt, only: query.only, ...change }))
  return (
    <div className="page full">
      <div className="head">
        <div className="grow"><h1>{t('drift.title')}</h1><div className="quiet">{t('drift.help')}</div></div>
        <div className="actions">{a.cluster && b.cluster && <CopyCommand cluster={a.cluster} words={['export']} then={{ cluster: b.cluster, words: ['plan', '-f', '-', '--prune'] }} />}</div>
      </div>
      <div className="tools bottom">
        <Pick label={t('drift.a')} side={a} clusters={clusters} onChange={(id) => show({ a: id, at: undefined })} onRevision={(at) => show({ at })} />
        <Button variant="default" onClick={() => show({ a: b.cluster?.id, at: query.bt, b: a.cluster?.id, bt: query.at })}>{t('compare.swap')}</Button>
        <Pick label={t('drift.b')} side={b} clusters={clusters} onChange={(id) => show({ b: id, bt: undefined })} onRevision={(bt) => show({ bt })} />
      </div>
      {clusters.length === 0 || !a.cluster || !b.cluster
        ? <Blank title={t('drift.choose')}><p className="quiet">{t('drift.choose.help')}</p></Blank>
        : <Both key={[a.cluster.id, a.revision, b.cluster.id, b.revision].join()} a={{ ...a, cluster: a.cluster }} b={{ ...b, cluster: b.cluster }} only={query.only} to={(key) => href(['compare'], { a: a.cluster?.id, at: query.at, b: b.cluster?.id, bt: query.bt, only: key })} />}
    </div>
  )
}

interface PickProps {
  label: string
  side: Side
  clusters: Cluster[]
  onChange: (id: string) => void
  onRevision: (revision: string | undefined) => void
}

function Pick({ label, side, clusters, onChange, onRevision }: PickProps) {
  return (
    <>
      <Select
        label={label} w={210} searchable allowDeselect={false} placeholder={t('drift.choose')} value={side.cluster?.id ?? null}
        data={clusters.map((one) => ({ value: one.id, label: one.environment ? `${one.name} · ${one.environment}` : one.name }))} onChange={(id) => { if (id) onChange(id) }}
      />
      <NumberInput key={side.cluster?.id} label={t('drift.revision', { side: label })} w={112} min={1} allowDecimal={false} placeholder={t('compare.newest')} defaultValue={side.revision ?? ''} onBlur={(event) => onRevision(event.currentTarget.value.replace(/\D/g, '') || undefined)} />
    </>
  )
}

interface Chosen {
  cluster: Cluster
  revision: number | undefined
}

const useSide = ({ cluster, revision }: Chosen) =>
  useQuery({
    queryKey: ['c', cluster.id, 'state', revision ?? 'newest'], enabled: !!cluster.signed_in_as, gcTime: 60_000,
    queryFn: ({ signal }) => admin<State>(cluster.id, 'state' + (revision === undefined ? '' : `?revision=${revision}`), { signal }),
  })

interface BothProps {
  a: Chosen
  b: Chosen
  /** The object that is shown whole. */
  only: string | undefined
  /** The address that shows an object, or none. */
  to: (key: string | undefined) => string
}

function Both({ a, b, only, to }: BothProps) {
  const left = useSide(a)
  const right = useSide(b)
  const away = [a, b].find((one) => !one.cluster.signed_in_as)
  if (away) return <Blank title={t('drift.signedOut', { name: away.cluster.name })}><a href={href(['c', away.cluster.id, 'sign-in'])}>{t('signIn.title')}</a></Blank>
  if (left.data === undefined && left.isPending) return <Loading />
  return <Shown of={left}>{(one) => <Shown of={right}>{(other) => <Compared a={a} b={b} left={one} right={other} only={only} to={to} />}</Shown>}</Shown>
}

const kinds: Is[] = ['differs', 'onlyA', 'onlyB', 'same']
const states: Record<Is, string> = { differs: 'unknown', onlyA: 'up', onlyB: 'down', same: '' }

function Compared({ a, b, left, right, only, to }: BothProps & { left: State; right: State }) {
  const rows = useMemo(() => compareStates(left.definitions, right.definitions), [left, right])
  const [is, setIs] = useState<Is | 'drift' | 'all'>('drift')
  const [copying, setCopying] = useState<Row[]>()
  const names = { a: a.cluster.name, b: b.cluster.name }
  const shown = useMemo(() => rows.filter((row) => is === 'all' || (is === 'drift' ? row.is !== 'same' || row.key === only : row.is === is)), [rows, is, only])
  const columns = useMemo(() => columnsOf(rows, names.a, names.b), [rows, names.a, names.b])
  const count = (what: Is) => rows.filter((row) => row.is === what).length
  const writes = may(b.cluster, 'developer') && b.revision === undefined
  const detail = rows.find((row) => row.key === only)
  return (
    <>
      <div className="row wrap" style={{ marginBottom: 8 }}>
        <span className="quiet">{t('drift.revisions', { a: names.a, ra: left.revision, b: names.b, rb: right.revision })}</span>
        <span className="chips" role="group" aria-label={t('home.summary')}>
          {kinds.filter((one) => count(one) > 0).map((one) => (
            <button key={one} type="button" className="chip" data-state={states[one]} aria-pressed={is === one} onClick={() => setIs(is === one ? 'drift' : one)}>{t(`drift.n.${one}`, { n: count(one), ...names })}</button>
          ))}
          <button type="button" className="chip" aria-pressed={is === 'all'} onClick={() => setIs(is === 'all' ? 'drift' : 'all')}>{t('drift.n.all', { n: rows.length })}</button>
        </span>
      </div>
      {detail && <Detail row={detail} a={a.cluster} b={b.cluster} onClose={() => replace(to(undefined))} onCopy={writes && detail.a ? () => setCopying([detail]) : undefined} />}
      <DataTable
        name="drift" label={t('drift.title')} rows={shown} columns={columns} id={(row) => row.key} text={(row) => row.key} open={(row) => to(row.key)}
        empty={<Blank title={is === 'drift' ? t('drift.level', names) : t('list.nothing')}>{is === 'drift' && <p className="quiet">{t('drift.level.help', { n: number(rows.length) })}</p>}</Blank>}
        {...(writes && { selected: (picked: Row[], clear: () => void) => <Take picked={picked} to={names.b} onTake={(taken) => { setCopying(taken); clear() }} /> })}
      />
      {!writes && <p className="quiet small">{b.revision !== undefined ? t('drift.old') : t('drift.mayNot', { name: names.b })}</p>}
      {copying && <CopyTo rows={copying} all={rows} from={a.cluster} to={b.cluster} onClose={() => setCopying(undefined)} />}
    </>
  )
}

function Take({ picked, to, onTake }: { picked: Row[]; to: string; onTake: (rows: Row[]) => void }) {
  const takable = picked.filter((row) => row.a)
  return <Button disabled={takable.length === 0} onClick={() => onTake(takable)}>{t('drift.copy', { n: takable.length, name: to })}</Button>
}

function columnsOf(rows: Row[], a: string, b: string): ShownColumn<Row>[] {
  const word = (row: Row) => t(`drift.${row.is}`, { a, b })
  return [
    { id: 'name', title: t('column.name'), standard: true, value: (row) => row.name, least: 180 },
    { id: 'kind', title: t('column.kind'), standard: true, value: (row) => row.kind, options: [...new Set(rows.map((row) => row.kind))].sort(), width: 110 },
    { id: 'is', title: t('column.state'), standard: true, value: word, width: 190 },
    { id: 'places', title: t('drift.places'), standard: true, align: 'right', value: (row) => row.places || undefined, width: 90 },
    { id: 'sealed', title: t('drift.sealed'), align: 'right', value: (row) => row.sealed || undefined, width: 110 },
    { id: 'a', title: t('drift.changed', { name: a }), standard: true, value: (row) => row.a?.updated, width: 130, show: (row) => (row.a ? <Ago at={row.a.updated} /> : '') },
    { id: 'b', title: t('drift.changed', { name: b }), standard: true, value: (row) => row.b?.updated, width: 130, show: (row) => (row.b ? <Ago at={row.b.updated} /> : '') },
  ]
}

interface DetailProps {
  row: Row
  a: Cluster
  b: Cluster
  onClose: () => void
  onCopy: (() => void) | undefined
}

function Detail({ row, a, b, onClose, onCopy }: DetailProps) {
  const link = (cluster: Cluster): ReactNode => <a href={href(['c', cluster.id, 'd', row.kind, row.name])}>{t('drift.open', { name: cluster.name })}</a>
  return (
    <section className="box drift-detail" aria-label={row.key}>
      <div className="row wrap">
        <strong className="grow cut">{row.key}</strong>
        {row.a && link(a)} {row.b && link(b)}
        {onCopy && <Button onClick={onCopy}>{t('drift.copy', { n: 1, name: b.name })}</Button>}
        <button type="button" className="link" aria-label={t('action.close')} onClick={onClose}>✕</button>
      </div>
      {row.sealed > 0 && <p className="quiet small">{t('drift.sealed.help', { n: row.sealed })}</p>}
      <DiffTable changes={maskedDiff(row.a?.spec, row.b?.spec)} heads={[a.name, b.name]} />
    </section>
  )
}
