// Names that references may pick from, read kind by kind when a form asks for them.
import { useQueries, useQueryClient } from '@tanstack/react-query'
import { useCallback, useMemo, useRef, useState } from 'react'
import { allDefinitions } from '../api/queries'
import type { Cluster } from '../api/types'

export function useNames(cluster: Cluster): (kind: string) => string[] | undefined {
  const queries = useQueryClient()
  const [kinds, setKinds] = useState<string[]>([])
  const asked = useRef(new Set<string>())
  const answers = useQueries({
    queries: kinds.map((kind) => ({
      queryKey: ['c', cluster.id, 'names', kind],
      queryFn: async ({ signal }: { signal: AbortSignal }) => (await allDefinitions(cluster.id, kind, signal)).map((one) => one.name),
    })),
  })
  const stamp = answers.map((answer) => answer.dataUpdatedAt).join()
  const known = useMemo(
    () => new Map(kinds.map((kind) => [kind, queries.getQueryData<string[]>(['c', cluster.id, 'names', kind])])),
    // The stamp stands for the answers, which are new objects each time.
    [kinds, queries, cluster.id, stamp],
  )
  return useCallback(
    (kind) => {
      if (!asked.current.has(kind)) {
        asked.current.add(kind)
        // Later, because it may be asked while something is drawn.
        setTimeout(() => setKinds((now) => (now.includes(kind) ? now : [...now, kind])))
      }
      return known.get(kind)
    },
    [known],
  )
}
