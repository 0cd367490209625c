import { useEffect, useMemo, useState } from 'react'
import type { Cluster, Definition, Kind } from '../api/types'
import { same } from '../diff/diff'
import { prune, type Field } from '../form/model'
import { keepDraft, readDraft } from './draft'

export interface Edit {
  name: string
  spec: unknown
  base: unknown
  version: number
  restored?: string
  /** The text as it was typed, with its comments. */
  text?: string
  /** The text cannot be read: the spec is what could be read before. */
  broken?: boolean
}

/** What an edit is of. */
export interface Subject {
  cluster: Cluster
  kind: Kind
  fields: Field[]
  /** What is stored; undefined while a new one is made. */
  stored?: Definition | undefined
  /** Where a new one begins, such as a copy. */
  start?: { name: string; spec: unknown } | undefined
}

/** The edit of a definition, kept as a draft. spec: as it would be sent; behind: it was changed by somebody else since. */
export function useEdit({ cluster, kind, fields, stored, start }: Subject) {
  const [edit, setEdit] = useState<Edit>(() => begin({ cluster, kind, fields, stored, start }))
  const spec = useMemo(() => prune(fields, edit.spec), [fields, edit.spec])
  const dirty = !same(spec, edit.base) || edit.version === 0 || edit.broken === true
  const behind = stored !== undefined && stored.version > edit.version

  // Without edits the form follows what is stored.
  useEffect(() => {
    if (stored && behind && same(edit.spec, edit.base)) setEdit(asStored(stored))
  }, [stored, behind, edit])
  useEffect(() => {
    keepDraft([cluster.id, kind.name, stored?.name ?? ''], fields, { name: edit.name, spec: edit.spec, base: edit.base, version: edit.version })
  }, [cluster.id, kind.name, stored?.name, fields, edit])
  return { edit, setEdit, spec, dirty, behind }
}

export type Editing = ReturnType<typeof useEdit>

export const asStored = (one: Definition): Edit => ({ name: one.name, spec: one.spec, base: one.spec, version: one.version })

function begin({ cluster, kind, stored, start }: Subject): Edit {
  const draft = start === undefined ? readDraft(cluster.id, kind.name, stored?.name ?? '') : null
  if (draft && (draft.version === 0) === (stored === undefined)) return { name: stored?.name ?? draft.name ?? '', spec: draft.spec, base: draft.base, version: draft.version, restored: draft.at }
  if (stored) return asStored(stored)
  return { name: start?.name ?? '', spec: start?.spec ?? {}, base: {}, version: 0 }
}
