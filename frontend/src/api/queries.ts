// What is read, each under a key that begins with the cluster it is of, so that one event
// makes all of a cluster's screens read anew.
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { ApiError, call, type Call } from './http'
import type {
  Account, AppInfo, Cluster, Connection, Definition, Kind, List, Me, Node, NodeProblem, Reference, Revision, Service, State, Stats, Version,
} from './types'

const enc = encodeURIComponent

/** Where a path of a cluster's admin API is below /api. */
export const adminPath = (cluster: string, path: string) => `clusters/${enc(cluster)}/v1/${path}`

/** Calls a path of a cluster's admin API. */
export const admin = <T>(cluster: string, path: string, options?: Call): Promise<T> => call<T>(adminPath(cluster, path), options)

export const definitionPath = (kind: string, name: string) => `definitions/${enc(kind)}/${enc(name)}`

export const useApp = () => useQuery({ queryKey: ['app'], queryFn: ({ signal }) => call<AppInfo>('app', { signal }), staleTime: Infinity })

/** Whether there is one cluster for good: a node serves its own, and the list is not the page's to change. */
export const useFixed = () => useApp().data?.fixed === true

export const useClusters = () =>
  useQuery({ queryKey: ['clusters'], queryFn: async ({ signal }) => (await call<List<Cluster>>('clusters', { signal })).items })

/** Reads from a cluster; every minute a second time, should an event have been lost. */
function useRead<T>(cluster: string, key: unknown[], read: (signal: AbortSignal) => Promise<T>, every = 60_000): UseQueryResult<T> {
  return useQuery({ queryKey: ['c', cluster, ...key], queryFn: ({ signal }) => read(signal), refetchInterval: every })
}

function useList<T>(cluster: string, path: string, every?: number): UseQueryResult<T[]> {
  return useRead(cluster, [path], async (signal) => (await admin<List<T>>(cluster, path, { signal })).items ?? [], every)
}

export const useMe = (cluster: string) => useRead(cluster, ['me'], (signal) => admin<Me>(cluster, 'me', { signal }))
export const useKinds = (cluster: string) => useList<Kind>(cluster, 'kinds')
export const useNodes = (cluster: string) => useList<Node>(cluster, 'nodes', 5_000)
export const useServices = (cluster: string) => useList<Service>(cluster, 'services')
export const useVersions = (cluster: string, service: string) => useList<Version>(cluster, `services/${enc(service)}/versions`)
export const useAccounts = (cluster: string) => useList<Account>(cluster, 'accounts')
export const useConnections = (cluster: string) => useList<Connection>(cluster, 'connections', 10_000)
export const useProblems = (cluster: string) => useList<NodeProblem>(cluster, 'problems')
export const useReferences = (cluster: string, kind: string, name: string) => useList<Reference>(cluster, definitionPath(kind, name) + '/references')
/** The figures of all nodes; coverage names those that did not answer. */
export const useStats = (cluster: string) => useRead(cluster, ['stats'], (signal) => admin<Stats>(cluster, 'stats?all=true', { signal }), 2_000)

/** Every definition of a kind, page by page. */
export async function allDefinitions(cluster: string, kind: string, signal: AbortSignal): Promise<Definition[]> {
  const all: Definition[] = []
  let after = ''
  do {
    const page = await admin<List<Definition>>(cluster, `definitions/${enc(kind)}?limit=1000${after && '&after=' + enc(after)}`, { signal })
    all.push(...(page.items ?? []))
    after = page.next ?? ''
  } while (after !== '')
  return all
}

export const useDefinitions = (cluster: string, kind: string) => useRead(cluster, ['definitions', kind], (signal) => allDefinitions(cluster, kind, signal))

/** Who wrote a version of a definition, when and why; null when the history does not tell. */
export const useWriter = (cluster: string, of: { kind: string; name: string; revision: number }, wanted: boolean) =>
  useQuery({
    queryKey: ['writer', cluster, of.kind, of.name, of.revision],
    enabled: wanted,
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const list = await admin<List<Revision>>(cluster, `${definitionPath(of.kind, of.name)}/history?limit=20`, { signal })
      return list.items?.find((one) => one.revision === of.revision) ?? null
    },
  })

/** One definition; null when there is none. */
export const useDefinition = (cluster: string, kind: string, name: string, wanted = true) =>
  useQuery({
    queryKey: ['c', cluster, 'definition', kind, name],
    enabled: wanted,
    refetchInterval: 60_000,
    queryFn: async ({ signal }) => {
      try {
        return await admin<Definition>(cluster, definitionPath(kind, name), { signal })
      } catch (error) {
        if (error instanceof ApiError && error.problem.status === 404) return null
        throw error
      }
    },
  })

export interface Pages<T> {
  items: T[]
  next: string
}

/** The newest revisions of all, or of one definition. */
export const useHistory = (cluster: string, of: { kind: string; name: string } | undefined, limit: number) =>
  useRead<Pages<Revision>>(cluster, ['history', of?.kind, of?.name, limit], async (signal) => {
    const path = of ? `${definitionPath(of.kind, of.name)}/history?limit=${limit}` : `history?diff=true&limit=${limit}`
    return pages(await admin<List<Revision>>(cluster, path, { signal }))
  })

const pages = <T,>(list: List<T>): Pages<T> => ({ items: list.items ?? [], next: list.next ?? '' })

/** A definition as it was at a revision; undefined when it was not there. */
export async function definitionAt(cluster: string, kind: string, name: string, revision: number): Promise<Definition | undefined> {
  const state = await admin<State>(cluster, `state?revision=${revision}`)
  return state.definitions.find((one) => one.kind === kind && one.name === name)
}
