// Undo by roll-back: offered in the notice of what was done. When somebody else has changed
// something since, or the cluster is protected, the roll-back is shown before it is done.
import type { QueryClient } from '@tanstack/react-query'
import { problemOf } from '../api/http'
import { rollBack } from '../api/whole'
import type { Cluster } from '../api/types'
import { go, href } from '../shell/router'
import { t } from '../text'
import { notify } from '../ui/notice'

/** Says that a revision was made, and offers to bring the one before it back. */
export function doneAs(cluster: Cluster, queries: QueryClient, revision: number, before = revision - 1): void {
  const act = before > 0 ? { label: t('history.undo'), run: () => void undo(cluster, queries, revision, before) } : undefined
  notify(t('save.done', { revision }), false, act)
}

async function undo(cluster: Cluster, queries: QueryClient, revision: number, before: number): Promise<void> {
  try {
    const now = await rollBack(cluster.id, { revision: before, dry_run: true })
    if (cluster.protected || now.revision !== revision) {
      go(href(['c', cluster.id, 'history'], { back: String(before) }))
      return
    }
    const applied = await rollBack(cluster.id, { revision: before, reason: t('history.undo.why', { revision }) })
    notify(t('history.undo.as', { revision: applied.revision }))
    void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
  } catch (error) {
    notify(problemOf(error).detail ?? t('error.title.away'), true)
  }
}
