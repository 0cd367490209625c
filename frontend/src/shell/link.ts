// Links that others can open: signalbox://open names the cluster by its authority, because
// the list of somebody else's app knows it under another id.
import type { Cluster } from '../api/types'
import { go, href } from './router'

/** A link to the screen in sight, for an app on another machine. */
export function appLink(cluster: Pick<Cluster, 'id' | 'name' | 'fingerprint'>, hash = location.hash): string {
  const start = href(['c', cluster.id])
  const at = hash.startsWith(start) ? hash.slice(start.length) : ''
  return 'signalbox://open?' + new URLSearchParams({ ca: cluster.fingerprint, cluster: cluster.name, ...(at !== '' && { at }) }).toString()
}

/** What an address of this app is for such a link: the cluster that has the authority. */
export function resolveLink(clusters: readonly Pick<Cluster, 'id' | 'fingerprint'>[], query: Record<string, string>): string | undefined {
  const cluster = clusters.find((one) => one.fingerprint === query.ca)
  if (!cluster) return undefined
  const at = query.at ?? ''
  return href(['c', cluster.id]) + (/^\/[^\s]*$/.test(at) ? at : '')
}

/** Opens a link that was pasted or handed over by the system; false when it is none of these. */
export function openLink(link: string): boolean {
  const query = /^signalbox:\/\/open\/?\?(.*)$/i.exec(link.trim())?.[1]
  if (query === undefined) return false
  go('#/open?' + query)
  return true
}
