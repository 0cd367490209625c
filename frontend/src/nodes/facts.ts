// What follows from how the nodes are: pure, so that tests can hold it.
import type { Link, Node, Topology } from '../api/types'

const never = (at: string) => at.startsWith('0001')

/** Whether a node tells of itself now; else its figures are the last known ones. */
export const answers = (node: Node): boolean => !never(node.started)

/** How many revisions a node is behind the newest that anybody runs or the cluster has. */
export function lag(node: Node, nodes: readonly Node[], revision = 0): number {
  const newest = Math.max(revision, ...nodes.map((one) => one.revision))
  return Math.max(0, newest - node.revision)
}

/** The version that most nodes run; of equals the one that sorts last. */
export function usualVersion(nodes: readonly Node[]): string {
  const count = new Map<string, number>()
  for (const node of nodes) if (node.version) count.set(node.version, (count.get(node.version) ?? 0) + 1)
  const order = new Intl.Collator('en', { numeric: true })
  return [...count].sort(([a, n], [b, m]) => m - n || order.compare(b, a))[0]?.[0] ?? ''
}

/** Whether clients would get no answer were these nodes taken out of rotation. */
export function noneLeft(nodes: readonly Node[], without: readonly string[]): boolean {
  return !nodes.some((node) => !without.includes(node.name) && node.ready && node.rotation === 'online')
}

type Quality = 'good' | 'weak' | 'bad'

/** Both directions between two nodes. */
export interface Way {
  id: string
  from: string
  to: string
  /** The longer round trip; absent: nobody measured one. */
  rtt?: number
  /** The greater loss, 0 to 1. */
  loss: number
  /** The greatest difference of the clocks, in ms. */
  skew: number
  tcpOnly: boolean
  quality: Quality
  /** Only one of the two hears the other. */
  oneWay: boolean
  /** One of the two does not answer now: the figures are the last known ones. */
  stale: boolean
}

/** Joins the links of each pair of nodes. */
export function waysOf({ links, nodes }: Pick<Topology, 'links' | 'nodes'>): Way[] {
  const pairs = new Map<string, Link[]>()
  for (const link of links) {
    const id = [link.from, link.to].sort().join('\n')
    pairs.set(id, [...(pairs.get(id) ?? []), link])
  }
  const out: Way[] = []
  for (const [id, pair] of [...pairs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [from = '', to = ''] = id.split('\n')
    const measured = pair.filter((link) => link.answer !== undefined && !link.silent)
    const ends = nodes.filter((node) => node.name === from || node.name === to)
    if (ends.some((node) => node.state === 'down')) continue // it stopped: there is no way to it
    const expected = ends.filter(answers).length
    const loss = Math.max(0, ...pair.map((link) => (link.silent ? 1 : link.loss)))
    const way: Way = {
      id, from, to, loss,
      skew: Math.max(0, ...measured.map((link) => Math.abs(link.skew_ms))),
      tcpOnly: pair.some((link) => link.tcp_only),
      oneWay: measured.length > 0 && measured.length < expected,
      stale: expected < 2,
      quality: 'good',
    }
    if (measured.length > 0) way.rtt = Math.max(...measured.map((link) => link.rtt_ms))
    if (measured.length === 0 || way.stale || way.oneWay || loss >= 0.3) way.quality = 'bad'
    else if (loss > 0 || way.tcpOnly || way.skew > 5_000) way.quality = 'weak'
    out.push(way)
  }
  return out
}

export interface Part {
  id: string
  names: string[]
  /** They do not answer: nobody can tell whether they run behind a cut. */
  missing: boolean
}

/** The groups that the picture shows: one when the cluster is whole, else each part, then those that do not answer. */
export function partsOf({ nodes, parts, missing }: Pick<Topology, 'nodes' | 'parts' | 'missing'>): Part[] {
  const known = new Set(nodes.map((node) => node.name))
  const out: Part[] = parts.map((names, i) => ({ id: `part${i}`, names: names.filter((name) => known.has(name)), missing: false }))
  const lost = missing.filter((name) => known.has(name))
  const placed = new Set([...out.flatMap((part) => part.names), ...lost])
  const rest = nodes.map((node) => node.name).filter((name) => !placed.has(name)) // they said that they stop
  if (out[0]) out[0].names = [...out[0].names, ...rest]
  else if (rest.length > 0) out.push({ id: 'part0', names: rest, missing: false })
  if (lost.length > 0) out.push({ id: 'missing', names: lost, missing: true })
  for (const part of out) part.names.sort(new Intl.Collator('en', { numeric: true }).compare)
  return out.filter((part) => part.names.length > 0)
}

interface Same {
  kind: string
  name: string
  reason: string
  nodes: string[]
}

/** Problems of many nodes, each once with the nodes that have it. */
export function sameProblems(problems: readonly { node: string; kind: string; name: string; reason: string }[]): Same[] {
  const out = new Map<string, Same>()
  for (const { node, kind, name, reason } of problems) {
    const key = JSON.stringify([kind, name, reason])
    const one = out.get(key) ?? { kind, name, reason, nodes: [] }
    one.nodes.push(node)
    out.set(key, one)
  }
  return [...out.values()]
}

/** How far a node that joined is, in the order of the steps. */
export const joinSteps = ['joined', 'heard', 'level', 'ready'] as const
export function joinStep(node: Node, nodes: readonly Node[], revision = 0): number {
  if (!answers(node) && never(node.heard)) return 1
  if (!answers(node) || node.state !== 'up') return 1
  if (lag(node, nodes, revision) > 0) return 2
  return node.ready ? 4 : 3
}
