// What the screens of the configuration as a whole read and write.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { admin, type Pages } from './queries'
import { ApiError } from './http'
import type { Applied, AuditEntry, Certificates, CheckReport, Diff, KeyedNode, List, Plan, PlanRequest, Revision, Secrets, State, Token } from './types'

const enc = encodeURIComponent

/** The query of an address; what is empty is left out. */
export const queryOf = (values: Record<string, string | number | undefined>): string => {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== '')
  return set.length === 0 ? '' : '?' + set.map(([name, value]) => `${name}=${enc(String(value))}`).join('&')
}

export interface HistoryFilter {
  q?: string
  actor?: string
  kind?: string
  name?: string
  from?: string
  to?: string
}

const pageLength = 100

/** Revisions, newest first, page by page; the filter looks through all of the history. */
export const useRevisions = (cluster: string, filter: HistoryFilter) =>
  useInfiniteQuery({
    queryKey: ['c', cluster, 'revisions', filter],
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }): Promise<Pages<Revision>> => {
      const list = await admin<List<Revision>>(cluster, 'history' + queryOf({ ...filter, limit: pageLength, before: pageParam }), { signal })
      return { items: list.items ?? [], next: list.next ?? '' }
    },
    getNextPageParam: (page) => page.next || undefined,
  })

/** What differs between two revisions; without to, up to the newest. */
export const useDiff = (cluster: string, from: number, to: number | undefined) =>
  useQuery({ queryKey: ['c', cluster, 'diff', from, to], staleTime: to === undefined ? 0 : Infinity, queryFn: ({ signal }) => admin<Diff>(cluster, 'diff' + queryOf({ from, to }), { signal }) })

export const useRevision = (cluster: string, revision: number) =>
  useQuery({
    queryKey: ['c', cluster, 'revision', revision],
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const list = await admin<List<Revision>>(cluster, `history?diff=true&limit=1&before=${revision + 1}`, { signal })
      return list.items?.find((one) => one.revision === revision) ?? null
    },
  })

export const useStateAt = (cluster: string, revision: number) =>
  useQuery({ queryKey: ['c', cluster, 'state', revision], staleTime: Infinity, gcTime: 60_000, queryFn: ({ signal }) => admin<State>(cluster, `state?revision=${revision}`, { signal }) })

export const rollBack = (cluster: string, body: { revision: number; dry_run?: boolean; reason?: string }, headers = {}) =>
  admin<Applied>(cluster, 'rollback', { method: 'POST', body, headers })

export const plan = (cluster: string, body: PlanRequest, signal?: AbortSignal) => admin<Plan>(cluster, 'plan', { method: 'POST', body, ...(signal && { signal }) })

export const useTokens = (cluster: string) =>
  useQuery({ queryKey: ['c', cluster, 'access-tokens'], queryFn: async ({ signal }) => (await admin<List<Token>>(cluster, 'access-tokens', { signal })).items ?? [] })

export const useCertificates = (cluster: string) =>
  useQuery({ queryKey: ['c', cluster, 'certificates'], refetchInterval: 60_000, queryFn: ({ signal }) => admin<Certificates>(cluster, 'certificates', { signal }) })

export const useGossipKeys = (cluster: string) =>
  useQuery({ queryKey: ['c', cluster, 'gossip-keys'], queryFn: async ({ signal }) => (await admin<List<KeyedNode>>(cluster, 'gossip-keys', { signal })).items ?? [] })

export const useSecrets = (cluster: string) => useQuery({ queryKey: ['c', cluster, 'secrets'], queryFn: ({ signal }) => admin<Secrets>(cluster, 'secrets', { signal }) })

/** A check of the ODB: asked for, never by itself. */
export const checkODB = (cluster: string, signal?: AbortSignal) => admin<CheckReport>(cluster, 'odb/check', signal ? { signal } : {})

/** Entries of the audit log, newest first. Each look is an entry itself, so nothing is read unless it is asked for. */
export const useAuditLog = (cluster: string, filter: Record<string, string>) =>
  useInfiniteQuery({
    queryKey: ['audit', cluster, filter],
    initialPageParam: '',
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    staleTime: Infinity,
    gcTime: 0,
    queryFn: async ({ pageParam, signal }): Promise<Pages<AuditEntry>> => {
      const list = await admin<List<AuditEntry>>(cluster, 'audit' + queryOf({ ...filter, limit: 500, before: pageParam }), { signal })
      return { items: list.items ?? [], next: list.next ?? '' }
    },
    getNextPageParam: (page) => page.next || undefined,
  })

/** Whether a refusal says that somebody else changed something meanwhile. */
export const isConflict = (error: unknown) => error instanceof ApiError && error.problem.code === 'conflict'
