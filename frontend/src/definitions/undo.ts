// The way back from what was just done. Each write is undone as a write of its own that
// carries the version which the first one made: what somebody else changed since then is
// never lost, the undo is refused then.
import type { QueryClient } from '@tanstack/react-query'
import { problemOf } from '../api/http'
import { admin, definitionPath } from '../api/queries'
import { confirmed } from '../api/role'
import type { Cluster, Written } from '../api/types'
import { t } from '../text'
import { notify } from '../ui/notice'
import { save } from './save'

export type Done =
  | { op: 'create'; kind: string; name: string; version: number }
  | { op: 'update'; kind: string; name: string; version: number; before: unknown }
  | { op: 'delete'; kind: string; name: string; before: unknown }
  | { op: 'rename'; kind: string; name: string; version: number; from: string }

/** Takes one write back. Of a protected cluster nothing is deleted without its name typed. */
export async function undo(cluster: Cluster, done: Done): Promise<void> {
  const reason = t('undo.because')
  switch (done.op) {
    case 'create':
      await admin(cluster.id, definitionPath(done.kind, done.name), { method: 'DELETE', headers: { 'If-Match': `"${done.version}"`, 'X-Change-Reason': encodeURIComponent(reason) } })
      return
    case 'update':
      await save(cluster, { kind: done.kind, name: done.name, spec: done.before, version: done.version, reason })
      return
    case 'delete':
      await save(cluster, { kind: done.kind, name: done.name, spec: done.before, version: 0, reason })
      return
    case 'rename':
      await admin<Written>(cluster.id, definitionPath(done.kind, done.name) + '/rename', { method: 'POST', body: { name: done.from, reason }, headers: { 'If-Match': `"${done.version}"`, ...confirmed(cluster) } })
  }
}

/** Says what was done and offers to take it back, all of it, the last first. */
export function offerUndo(queries: QueryClient, cluster: Cluster, text: string, all: Done[], then?: () => void): void {
  const possible = all.length > 0 && !(cluster.protected && all.some((one) => one.op === 'create'))
  if (!possible) return notify(text)
  const run = async () => {
    let failed = 0
    let why = ''
    for (const one of [...all].reverse()) {
      try {
        await undo(cluster, one)
      } catch (error) {
        failed++
        why = problemOf(error).detail ?? ''
      }
    }
    void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
    if (failed > 0) notify(t('undo.failed', { n: failed, why }), true)
    else notify(t('undo.taken'))
    if (failed < all.length) then?.()
  }
  notify(text, false, { label: t('undo.go'), run: () => void run() })
}
