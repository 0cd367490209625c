// Words for what nodes and links are, where more than one place says them.
import { number, t } from '../text'
import type { Way } from './facts'

export type Rotation = 'online' | 'draining' | 'maintenance'
export const rotations: Rotation[] = ['online', 'draining', 'maintenance']

export const rotationText = (rotation: string) => (rotations.includes(rotation as Rotation) ? t(`rotation.${rotation as Rotation}`) : rotation)

const known = ['server', 'balancer', 'scheduler'] as const
export const rolesText = (roles: readonly string[] | null | undefined) =>
  (roles ?? []).map((role) => (known.includes(role as (typeof known)[number]) ? t(`role.${role as (typeof known)[number]}`) : role)).join(', ')

/** All that is known of a link, in one sentence. */
export function wayText(way: Way): string {
  const parts = [
    way.rtt === undefined ? t('link.none') : t(way.stale ? 'link.was' : 'link.rtt', { ms: number(way.rtt, 2) }),
    t('link.loss', { percent: number(way.loss * 100) }),
  ]
  if (way.skew > 0) parts.push(t('link.skew', { ms: number(way.skew) }))
  if (way.tcpOnly) parts.push(t('link.tcpOnly'))
  if (way.oneWay) parts.push(t('link.oneWay'))
  return `${way.from} – ${way.to}: ${parts.join(', ')}`
}

/** The verb of the CLI that gives a node a rotation. */
export const rotationVerb: Record<Rotation, string> = { online: 'online', draining: 'drain', maintenance: 'maintenance' }

/** The name of a node's page and back to the list. */
export const nodePath = (cluster: string, node: string) => ['c', cluster, 'nodes', 'node', node]
