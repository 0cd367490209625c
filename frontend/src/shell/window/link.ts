// Links to a screen of a cluster, good on any machine that has the cluster in its list: they
// name it by the beginning of its authority's fingerprint, not by the list's own id.
import type { Cluster } from '../../api/types'
import { href, parseHash, type Route } from '../router'

const digits = 16
const mark = (cluster: Cluster) => cluster.fingerprint.replace(/^sha256:/, '').slice(0, digits)

/** signalbox://open/FINGERPRINT/d/channel/orders?tab=yaml */
export function linkTo(cluster: Cluster, { path, query }: Route): string {
  return `signalbox://open/${mark(cluster)}${href(path.slice(2), query).slice(1).replace(/\/$/, '')}`
}

/** The address that a link means; undefined: of a cluster that is not in the list. */
export function fromLink(link: string, clusters: Cluster[]): string | undefined {
  const [, fingerprint = '', rest = ''] = /^signalbox:\/\/open\/([0-9a-f]{16})(\/.*)?$/i.exec(link) ?? []
  if (!fingerprint) return href(['add'], { link })
  const cluster = clusters.find((one) => mark(one) === fingerprint.toLowerCase())
  if (!cluster) return undefined
  const { path, query } = parseHash(rest)
  return href(['c', cluster.id, ...path], query)
}
