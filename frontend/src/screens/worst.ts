// Which cluster needs a look first.
import type { Cluster } from '../api/types'

/** From 0 (all is well) up; a down production cluster stands above everything. */
export function severity(cluster: Cluster): number {
  let score = 0
  if (cluster.state === 'down') score += 100
  else if (cluster.state === 'unknown') score += 50
  const status = cluster.status?.status
  if (status) {
    score += 10 * Math.min(status.nodes.down, 3) + 5 * Math.min(status.nodes.unknown, 3) + Math.min(status.problems, 8)
    if (status.odb.state !== 'up') score += 20
    if (!status.level) score += 3
    if (status.nodes.down === 0 && status.nodes.up === 0) score += 10
  }
  if (cluster.sign_in_ended) score += 4
  else if (!cluster.signed_in_as) score += 2
  return score > 0 && cluster.protected ? score + 0.5 : score
}

/** Worst first; equal ones by name. */
export function worstFirst(clusters: readonly Cluster[]): Cluster[] {
  return [...clusters].sort((a, b) => severity(b) - severity(a) || a.name.localeCompare(b.name, 'en', { numeric: true }))
}
