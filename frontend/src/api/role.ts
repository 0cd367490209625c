// Who may do what on a cluster. What a role may not do is not shown; the server decides in any case.
import type { Cluster, Role } from './types'

const order: Role[] = ['viewer', 'operator', 'developer', 'admin']

/** Whether the account signed in may do what needs a role. In read-only mode nothing is written. */
export function may(cluster: Cluster, needed: Role): boolean {
  if (!cluster.signed_in_as) return false
  if (cluster.read_only && needed !== 'viewer') return false
  const have = order.indexOf((cluster.role ?? 'viewer') as Role)
  return have >= order.indexOf(needed)
}

/** Whether the account may look at what only administrators see, in read-only mode too. */
export function sees(cluster: Cluster, needed: Role): boolean {
  return may({ ...cluster, read_only: false }, needed)
}

/** The header that a protected cluster wants with a destructive act, once its name was typed. */
export function confirmed(cluster: Cluster): Record<string, string> {
  return cluster.protected ? { 'X-Confirm': encodeURIComponent(cluster.name) } : {}
}
