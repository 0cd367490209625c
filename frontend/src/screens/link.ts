// The link that a cluster is added by, made of what announced itself.
import type { SaveCluster } from '../api/types'

export function connectLink(cluster: Pick<SaveCluster, 'name' | 'urls' | 'fingerprint'>): string {
  const query = new URLSearchParams()
  for (const url of cluster.urls) query.append('url', url)
  query.append('ca', cluster.fingerprint)
  query.append('cluster', cluster.name)
  return 'signalbox://connect?' + query.toString()
}
