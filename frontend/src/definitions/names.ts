// Names that references may pick from, read kind by kind when a form asks for them.
import { useQueries, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { admin } from '../api/queries'
import type { Cluster, Definition, List } from '../api/types'

const most = 1000

export function useNames(cluster: Cluster): (kind: string) => string[] | undefined {
  const queries = useQueryClient()
  const [kinds, setKinds] = useState<string[]>([])
  const asked = useRef(new Set<string>())
  const answers = useQueries({
    queries: kinds.map((kind) => ({
      queryKey: ['c', cluster.id, 'names', kind],
      queryFn: async () => (await admin<List<Definition>>(cluster.id, `definitions/${encodeURIComponent(kind)}?limit=${most}`)).items.map((one) => one.name),
    })),
  })
  useEffect(() => {
    const missing = [...asked.current].filter((kind) => !kinds.includes(kind))
    if (missing.length > 0) setKinds([...kinds, ...missing])
  })
  const stamp = answers.map((answer) => answer.dataUpdatedAt).join()
  const known = useMemo(
    () => new Map(kinds.map((kind) => [kind, queries.getQueryData<string[]>(['c', cluster.id, 'names', kind])])),
    // The stamp stands for the answers, which are new objects each time.
    [kinds, queries, cluster.id, stamp],
  )
  return useCallback(
    (kind) => {
      asked.current.add(kind)
      return known.get(kind)
    },
    [known],
  )
}
