// A cluster at a glance, read anew while somebody looks at it.
import { useQuery } from '@tanstack/react-query'
import { admin } from './queries'
import type { Cluster, Status } from './types'

export const useStatus = (cluster: string, wanted = true) =>
  useQuery({ queryKey: ['c', cluster, 'status'], enabled: wanted, refetchInterval: 3_000, queryFn: ({ signal }) => admin<Status>(cluster, 'status', { signal }) })

/** What the cluster says of itself now; while it does not answer, what it last said. */
export function useOverview(cluster: Cluster): { status: Status; at: string } | undefined {
  const live = useStatus(cluster.id, cluster.state === 'up')
  const known = cluster.status
  if (live.data && !(known && Date.parse(known.at) > live.dataUpdatedAt)) return { status: live.data, at: new Date(live.dataUpdatedAt).toISOString() }
  return known && { status: known.status, at: known.at }
}
