// Every place, action and object under one key. Objects of all clusters that are signed in
// and up are read when it opens, and kept for a minute.
import { Modal, TextInput } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import * as z from 'zod/mini'
import { admin, allDefinitions, useFixed } from '../api/queries'
import { may } from '../api/role'
import type { Cluster, Kind, List } from '../api/types'
import { t } from '../text'
import { useStored } from '../ui/store'
import { commandLine, type Words } from '../ui/command'
import { copyText } from '../ui/copy'
import { offersOf, screenActions } from './actions'
import { best } from './fuzzy'
import { appLink, openLink } from './link'
import { places } from './places'
import { go, href } from './router'

interface Item {
  title: string
  hint: string
  to: string
  run?: () => void
  words?: Words | undefined
  of?: Cluster | undefined
}

interface Props {
  clusters: Cluster[]
  cluster: Cluster | undefined
  only?: 'clusters' | undefined
  onClose: () => void
}

const limit = 60
const recentShape = z.array(z.object({ title: z.string(), hint: z.string(), to: z.string() }))

export function Palette({ clusters, cluster, only, onClose }: Props) {
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const [recent, setRecent] = useStored('recent', recentShape, [])
  const list = useRef<HTMLDivElement>(null)
  const input = useRef<HTMLInputElement>(null)
  // At once, not after a moment: who types fast loses no letter, and none is taken for a key.
  useLayoutEffect(() => input.current?.focus(), [])
  const fixed = useFixed()
  const objects = useObjects(only ? [] : clusters)
  const switches = (fixed ? [] : clusters).map((one, i): Item => ({ title: one.name, hint: [t(`state.${one.state}`), one.environment, i < 9 ? `Alt ${i + 1}` : ''].filter(Boolean).join(' · '), to: href(['c', one.id]) }))
  const copy: Item[] = cluster ? [{ title: t('palette.copyLink'), hint: t('palette.here'), to: '!copy', run: () => void copyText(appLink(cluster)) }] : []
  const here: Item[] = screenActions().map((action) => ({ title: action.title, hint: t('palette.here'), to: '!' + action.title, run: action.run, words: action.words, of: cluster }))
  const offered = clusters.filter((one) => one === cluster || one.signed_in_as).sort((a, b) => Number(b === cluster) - Number(a === cluster)).flatMap((one) => offersOf(one, fixed).map((offer): Item => ({ title: t(offer.title), hint: one.name, to: offer.to(one), words: offer.words, of: one })))
  const items: Item[] = only ? switches : [...here, ...copy, ...acts(cluster, fixed), ...switches, ...offered, ...objects]
  const known = new Map(items.map((item) => [item.to, item]))
  const start: Item[] = only ? items : [...recent.flatMap((one) => known.get(one.to) ?? []), ...items.filter((item) => !recent.some((one) => one.to === item.to))]
  const link = linkItem(typed)
  const found = link ? [link] : best(typed, start, (item) => item.title + ' ' + item.hint, limit)
  const active = Math.min(at, Math.max(found.length - 1, 0))
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [active])
  const run = (item: Item | undefined) => {
    if (!item) return
    onClose()
    if (item.run) return item.run()
    if (!only) setRecent([{ title: item.title, hint: item.hint, to: item.to }, ...recent.filter((one) => one.to !== item.to)].slice(0, 8))
    go(item.to)
  }
  return (
    <Modal opened onClose={onClose} withinPortal={false} withCloseButton={false} size="lg" className="palette" aria-label={only ? t('keys.switcher') : t('keys.palette')}>
      <TextInput
        ref={input} data-autofocus size="sm" placeholder={only ? t('palette.clusters') : t('palette.all')} value={typed} role="combobox" aria-expanded aria-controls="palette" aria-activedescendant={`palette-${active}`}
        aria-label={only ? t('palette.clusters') : t('palette.all')}
        onChange={(event) => { setTyped(event.currentTarget.value); setAt(0) }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt(Math.min(active + 1, found.length - 1))
          else if (event.key === 'ArrowUp') setAt(Math.max(active - 1, 0))
          else if (event.key === 'Enter' && event.altKey && found[active]?.words) void copyText(commandLine(found[active].of, found[active].words))
          else if (event.key === 'Enter') run(found[active])
          else return
          event.preventDefault()
        }}
      />
      <div className="options" role="listbox" id="palette" ref={list} aria-label={t('palette.found')}>
        {found.length === 0 && <p className="quiet" style={{ padding: 12 }}>{t('list.nothing')}</p>}
        {found.map((item, i) => (
          <div key={item.to + item.title} id={`palette-${i}`} role="option" aria-selected={i === active} onClick={() => run(item)} onMouseMove={() => setAt(i)}>
            <span className="grow cut">{item.title}</span><span className="quiet small cut">{item.hint}</span>
            {item.words && i === active && <span className="quiet small"><kbd>Alt</kbd> <kbd>Enter</kbd> {t('palette.command')}</span>}
          </div>
        ))}
      </div>
    </Modal>
  )
}

/** A pasted link is opened: to a screen, or to add a cluster. */
function linkItem(typed: string): Item | undefined {
  const link = typed.trim()
  if (!/^signalbox:\/\//i.test(link)) return undefined
  return { title: t('palette.link'), hint: '', to: '!link', run: () => { if (!openLink(link)) go(href(['add'], { link })) } }
}

/** Places and actions of the cluster on the screen. */
function acts(cluster: Cluster | undefined, fixed: boolean): Item[] {
  const general = fixed ? [] : [{ title: t('home.title'), hint: 'g h', to: href([]) }, { title: t('add.title'), hint: '', to: href(['add']) }, { title: t('drift.title'), hint: '', to: href(['compare']) }, { title: t('prefs.title'), hint: '', to: href(['preferences']) }, { title: t('prefs.import'), hint: '', to: href(['add'], { by: 'file' }) }, { title: t('about.title'), hint: '', to: href(['about']) }]
  if (!cluster) return general
  const mine = places.filter((place) => place.shown(cluster)).map((place) => ({ title: t(place.title), hint: `${cluster.name} · g ${place.key}`, to: place.to(cluster) }))
  return [...mine, ...general]
}

/** Every definition of the clusters that can be asked now, and making a new one of each kind. */
function useObjects(clusters: Cluster[]): Item[] {
  const open = clusters.filter((cluster) => cluster.state === 'up' && cluster.signed_in_as)
  const answers = useQueries({
    queries: open.map((cluster) => ({ queryKey: ['c', cluster.id, 'palette', cluster.read_only], staleTime: 60_000, queryFn: ({ signal }: { signal: AbortSignal }) => readObjects(cluster, signal) })),
  })
  return answers.flatMap((answer) => answer.data ?? [])
}

async function readObjects(cluster: Cluster, signal: AbortSignal): Promise<Item[]> {
  const kinds = (await admin<List<Kind>>(cluster.id, 'kinds', { signal })).items
  const lists = await Promise.all(kinds.map((kind) => allDefinitions(cluster.id, kind.name, signal)))
  return kinds.flatMap((kind, i) => [
    { title: kind.title, hint: `${cluster.name} · ${t('shell.definitions')}`, to: href(['c', cluster.id, 'd', kind.name]) },
    ...(may(cluster, 'developer') ? [{ title: t('definition.new', { kind: kind.title }), hint: cluster.name, to: href(['c', cluster.id, 'new', kind.name]) }] : []),
    ...(lists[i] ?? []).map((one) => ({ title: one.name, hint: `${kind.title} · ${cluster.name}`, to: href(['c', cluster.id, 'd', kind.name, one.name]) })),
  ])
}
