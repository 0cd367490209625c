import { useEffect, useRef, useState } from 'react'
import { writeDraft, type Edit } from './drafts'

/** The edit of a package, kept as a draft while it goes on. forget: nothing more is kept of it. */
export function usePackageEdit(cluster: string, name: string, first: Edit) {
  const [edit, setEdit] = useState(first)
  const [kept, setKept] = useState(true)
  const latest = useRef<Edit | undefined>(edit)
  if (latest.current) latest.current = edit
  useEffect(() => {
    const timer = setTimeout(() => setKept(writeDraft(cluster, name, edit)), 300)
    return () => clearTimeout(timer)
  }, [cluster, name, edit])
  // A page that goes takes nothing with it: what was typed last is kept at once.
  useEffect(() => {
    const keep = () => { if (latest.current) writeDraft(cluster, name, latest.current) }
    addEventListener('pagehide', keep)
    return () => {
      removeEventListener('pagehide', keep)
      keep()
    }
  }, [cluster, name])
  return { edit, setEdit, kept, forget: () => { latest.current = undefined } }
}
