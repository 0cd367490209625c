// What a plan, a roll-back or a difference does, in the order in which a person wants to know it.
import type { Change, Op } from '../api/types'

/** What destroys comes first. */
export const order: readonly Op[] = ['delete', 'rename', 'update', 'create']

export interface Group {
  op: Op
  changes: Change[]
}

export function grouped(changes: readonly Change[]): Group[] {
  return order.map((op) => ({ op, changes: changes.filter((one) => one.op === op) })).filter((group) => group.changes.length > 0)
}

/** Services that run other code afterwards, none any more, or a new one. */
export function services(changes: readonly Change[]): string[] {
  return changes.filter((one) => one.kind === 'service').map((one) => one.new_name ?? one.name)
}

/** What stops answering or reaching out: of the kinds that do. */
export function stopping(changes: readonly Change[]): Change[] {
  return changes.filter((one) => one.op === 'delete' && ['channel', 'service', 'outgoing', 'job', 'balancer'].includes(one.kind))
}

export const keyOf = (change: { kind: string; name: string }) => `${change.kind}/${change.name}`
