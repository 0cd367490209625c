import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Cluster, Definition, Kind, Written } from '../api/types'
import { go, href } from '../shell/router'
import { t } from '../text'
import { notify } from '../ui/notice'
import { forgetDraft, type Errand } from './draft'
import { save } from './save'
import { offerUndo, type Done } from './undo'
import type { Edit } from './useEdit'

interface Write {
  cluster: Cluster
  kind: Kind
  stored: Definition | undefined
  errand: Errand | undefined
  edit: Edit
  spec: unknown
  onDone: (written: Written) => void
  onRefused: (error: Error) => void
}

/** Saves an edit for a reason, says what became of it, and goes where a new definition belongs. */
export function useWrite({ cluster, kind, stored, errand, edit, spec, onDone, onRefused }: Write) {
  const queries = useQueryClient()
  const list = href(['c', cluster.id, 'd', kind.name])
  const tell = (written: Written) => {
    const trouble = written.problems?.find((one) => one.name === written.name)
    if (trouble) notify(t('save.notInForce', { why: trouble.reason }), true)
    if (!written.changed) return notify(t('save.done', { revision: written.revision }))
    const done: Done = stored
      ? { op: 'update', kind: kind.name, name: written.name, version: written.version, before: edit.base }
      : { op: 'create', kind: kind.name, name: written.name, version: written.version }
    offerUndo(queries, cluster, t('save.done', { revision: written.revision }), [done], () => { if (!stored && location.hash.endsWith(`/${kind.name}/${encodeURIComponent(written.name)}`)) go(list) })
  }
  return useMutation({
    mutationFn: (reason: string) => save(cluster, { kind: kind.name, name: edit.name.trim(), spec, version: edit.version, reason }),
    onSuccess: (written) => {
      forgetDraft(cluster.id, kind.name, stored?.name ?? '')
      onDone(written)
      queries.setQueryData(['c', cluster.id, 'definition', kind.name, written.name], written)
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
      tell(written)
      if (errand && !stored) finish(errand, written.name)
      else if (!stored) go(href(['c', cluster.id, 'd', kind.name, written.name]))
    },
    onError: onRefused,
  })
}

/** Puts the name of what was made into the draft that waits for it, and goes back to it. */
function finish(errand: Errand, made: string) {
  errand.choose(made)
  notify(t('definition.made', { name: made }))
  go(errand.back)
}
