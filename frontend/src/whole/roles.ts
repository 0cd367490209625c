// What each role allows, in the words of somebody who wants to do it. The API's own table decides;
// this one explains it.
import type { Cluster, Role } from '../api/types'

export const roles: readonly Role[] = ['viewer', 'operator', 'developer', 'admin']

/** An ability by the end of its text's key, and the least role that has it. */
export const abilities = [
  { id: 'look', role: 'viewer' },
  { id: 'history', role: 'viewer' },
  { id: 'export', role: 'viewer' },
  { id: 'password', role: 'viewer' },
  { id: 'invoke', role: 'operator' },
  { id: 'ping', role: 'operator' },
  { id: 'rotation', role: 'operator' },
  { id: 'define', role: 'developer' },
  { id: 'deploy', role: 'developer' },
  { id: 'apply', role: 'developer' },
  { id: 'rollback', role: 'developer' },
  { id: 'joins', role: 'admin' },
  { id: 'accounts', role: 'admin' },
  { id: 'audit', role: 'admin' },
  { id: 'keys', role: 'admin' },
  { id: 'backup', role: 'admin' },
  { id: 'odb', role: 'admin' },
] as const satisfies readonly { id: string; role: Role }[]

type Ability = (typeof abilities)[number]

/** Abilities that only look: read-only mode leaves them. */
const looking: readonly string[] = ['look', 'history', 'export', 'audit', 'backup']

/** Why somebody may not: his role, or the mode in which the cluster is kept here. */
export function refusal(ability: Ability, cluster: Pick<Cluster, 'role' | 'read_only'>): 'role' | 'readOnly' | undefined {
  if (roles.indexOf((cluster.role ?? 'viewer') as Role) < roles.indexOf(ability.role)) return 'role'
  return cluster.read_only && !looking.includes(ability.id) ? 'readOnly' : undefined
}

/** Roles that would add something. */
export const higher = (role: string | undefined): Role[] => roles.slice(roles.indexOf((role ?? 'viewer') as Role) + 1)
