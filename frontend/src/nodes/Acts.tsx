// What is done to nodes: another rotation, a restart, removal. Each says what stops before
// it does, and offers itself as a command. Draining is followed by what the nodes tell, so
// it is shown again after a reload, and ended by putting the node online.
import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState, type ReactNode } from 'react'
import { admin } from '../api/queries'
import { problemOf } from '../api/http'
import { confirmed, may } from '../api/role'
import type { Cluster, Node, RollingRestart } from '../api/types'
import { go, href } from '../shell/router'
import { t, type Key } from '../text'
import { Confirm } from '../ui/Confirm'
import { CopyCommand } from '../ui/CopyCommand'
import { notify } from '../ui/notice'
import { Failed } from '../ui/states'
import { noneLeft } from './facts'
import { rotationVerb, type Rotation } from './words'

export type Act = Rotation | 'restart' | 'remove'
export interface Wanted {
  act: Act
  nodes: Node[]
}

/** What may be done to a node now; what may not is absent. */
export function actsOf(cluster: Cluster, node: Node): Act[] {
  const acts: Act[] = []
  if (may(cluster, 'operator')) {
    for (const one of ['draining', 'maintenance', 'online'] as const) if (node.rotation !== one) acts.push(one)
    if (node.supervised && !node.started.startsWith('0001')) acts.push('restart')
  }
  if (may(cluster, 'admin') && !node.local) acts.push('remove')
  return acts
}

export const actText = (act: Act) => t(act === 'restart' || act === 'remove' ? `node.do.${act}` : `rotation.do.${act}`)

function wordsOf(act: Act, node: string): string[] {
  if (act === 'restart') return ['restart', node]
  return ['nodes', act === 'remove' ? 'remove' : rotationVerb[act], node]
}

interface Result {
  name: string
  error?: string
}

async function perform(cluster: Cluster, { act, nodes }: Wanted): Promise<Result[]> {
  const headers = confirmed(cluster)
  if (act === 'restart') {
    await admin<RollingRestart>(cluster.id, 'restart', { method: 'POST', body: { nodes: nodes.map((node) => node.name) }, headers })
    return nodes.map(({ name }) => ({ name }))
  }
  const out: Result[] = []
  for (const { id, name } of nodes) {
    const path = `nodes/${encodeURIComponent(id)}`
    try {
      if (act === 'remove') await admin(cluster.id, path, { method: 'DELETE', headers })
      else await admin(cluster.id, path + '/rotation', { method: 'PUT', body: { rotation: act }, headers })
      out.push({ name })
    } catch (error) {
      if (nodes.length === 1) throw error
      out.push({ name, error: problemOf(error).detail ?? '' })
    }
  }
  return out
}

/** Asks and does. `ask` opens the question, or acts at once where nothing stops. */
export function useActs(cluster: Cluster, all: readonly Node[], done?: (act: Act) => void): { ask: (wanted: Wanted) => void; dialog: ReactNode } {
  const queries = useQueryClient()
  const [wanted, setWanted] = useState<Wanted>()
  const [results, setResults] = useState<Result[]>()
  const act = useMutation({
    mutationFn: (next: Wanted) => perform(cluster, next),
    onSettled: () => void queries.invalidateQueries({ queryKey: ['c', cluster.id] }),
    onSuccess: (list, next) => {
      if (list.some((one) => one.error !== undefined)) {
        setWanted(next)
        setResults(list)
        return
      }
      setWanted(undefined)
      if (next.act === 'restart') go(href(['c', cluster.id, 'nodes', 'restart']))
      else notify(t('node.done', { name: list.map((one) => one.name).join(', '), rotation: next.act === 'remove' ? t('node.removed') : t(`rotation.${next.act}`) }))
      done?.(next.act)
    },
  })
  const ask = (next: Wanted) => {
    act.reset()
    setResults(undefined)
    if (next.act === 'online' && !cluster.protected) {
      act.mutate(next)
      return
    }
    setWanted(next)
  }
  const close = () => setWanted(undefined)
  const dialog = wanted
    ? (
      <Question cluster={cluster} wanted={wanted} all={all} busy={act.isPending} results={results} onConfirm={() => (results ? close() : act.mutate(wanted))} onClose={close}>
        {act.isError && <Failed error={act.error} />}
      </Question>
    )
    : act.isError ? <Failed error={act.error} /> : null
  return { ask, dialog }
}

interface QuestionProps {
  cluster: Cluster
  wanted: Wanted
  all: readonly Node[]
  busy: boolean
  results: Result[] | undefined
  children: ReactNode
  onConfirm: () => void
  onClose: () => void
}

function Question({ cluster, wanted: { act, nodes: asked }, all, busy, results, children, onConfirm, onClose }: QuestionProps) {
  const nodes = asked.map((node) => all.find((one) => one.id === node.id) ?? node) // as they are now
  const names = nodes.map((node) => node.name)
  const stops = act !== 'online'
  const running = nodes.reduce((sum, node) => sum + node.in_flight, 0)
  const leader = nodes.find((node) => node.leader)
  const last = stops && act !== 'restart' && nodes.some((node) => node.rotation === 'online') && noneLeft(all, names)
  const alone = act === 'restart' && nodes.some((node) => node.rotation === 'online' && noneLeft(all, [node.name]))
  const title = t(`node.ask.${act}` as Key, { name: names.length === 1 ? names[0]! : t('node.many', { n: names.length }) })
  return (
    <Confirm cluster={results ? undefined : cluster} title={title} action={results ? t('action.close') : actText(act)} busy={busy} onConfirm={onConfirm} onClose={onClose}>
      {names.length > 1 && <p><strong>{names.join(', ')}</strong></p>}
      {results
        ? <ul>{results.map((one) => <li key={one.name}>{one.name}: {one.error ?? t('node.ok')}</li>)}</ul>
        : (
          <>
            {(act === 'draining' || act === 'maintenance') && <p>{t('node.stops', { n: running })}</p>}
            {act === 'maintenance' && <p>{t('node.maintenance')}</p>}
            {act === 'restart' && <p>{t('node.restarts', { n: running })}</p>}
            {act === 'remove' && <p>{t('node.removes')}</p>}
            {act === 'remove' && running > 0 && <div className="box bad" role="alert">{t('node.cut', { n: running })}</div>}
            {act === 'remove' && nodes.some((node) => node.rotation === 'online' && node.ready) && <div className="box warn">{t('node.drainFirst')}</div>}
            {leader && stops && <div className="box warn">{t('node.leads', { name: leader.name })}</div>}
            {(last || alone) && <div className="box bad" role="alert">{t('node.last')}</div>}
            {names.map((name) => <CopyCommand key={name} open cluster={cluster} words={wordsOf(act, name)} />)}
          </>
        )}
      {children}
    </Confirm>
  )
}

/** Nodes that are out of rotation: how much still runs on them, and the way back. */
export function Drains({ cluster, nodes, ask }: { cluster: Cluster; nodes: readonly Node[]; ask: (wanted: Wanted) => void }) {
  const most = useRef(new Map<string, number>())
  const out = nodes.filter((node) => node.rotation !== 'online')
  for (const name of [...most.current.keys()]) if (!out.some((node) => node.name === name)) most.current.delete(name)
  if (out.length === 0) return null
  return (
    <section aria-label={t('drains.title')}>
      {out.map((node) => {
        const top = Math.max(most.current.get(node.name) ?? 0, node.in_flight, 1)
        most.current.set(node.name, top)
        const drained = node.in_flight === 0
        return (
          <div className="box row wrap drain" key={node.id} style={{ paddingBlock: 6 }}>
            <strong>{node.name}</strong>
            <span className={'rotation ' + node.rotation}>{t(`rotation.${node.rotation as Rotation}`)}</span>
            {!drained && <span className="bar-track" aria-hidden><span style={{ width: `${Math.round(100 * (1 - node.in_flight / top))}%` }} /></span>}
            <span className="grow" role="status">{node.started.startsWith('0001') ? t('drains.mute') : drained ? t('drains.done') : t('drains.runs', { n: node.in_flight })}</span>
            {may(cluster, 'operator') && <CopyCommand cluster={cluster} words={['nodes', 'online', node.name]} />}
            {may(cluster, 'operator') && <Button variant="default" onClick={() => ask({ act: 'online', nodes: [node] })}>{t('rotation.do.online')}<span className="sr"> {node.name}</span></Button>}
          </div>
        )
      })}
    </section>
  )
}
