// What the screens of services read and write.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Files } from '../services/files'
import { useSettled } from '../ui/useSettled'
import { problemOf, type Answer } from './http'
import { admin, useDefinitions } from './queries'
import { confirmed } from './role'
import type { Calls, CheckedPackage, Cluster, Definition, Deployed, DeployRequest, Invocation, List, Node, Revision, Source, Started, TestReport } from './types'

const enc = encodeURIComponent
const one = (service: string) => `services/${enc(service)}`

/** Reads a version of a package by any of its services that the version has. */
export async function fetchSource(cluster: string, services: readonly string[], hash: string, signal?: AbortSignal): Promise<Source> {
  for (const [i, service] of services.entries()) {
    try {
      return await admin<Source>(cluster, `${one(service)}/source?hash=${enc(hash)}`, signal ? { signal } : {})
    } catch (error) {
      if (problemOf(error).status !== 404 || i === services.length - 1) throw error
    }
  }
  throw new Error(hash)
}

/** The files of a version; they never change. */
export const useSource = (cluster: string, services: readonly string[] | undefined, hash: string | undefined) =>
  useQuery({
    queryKey: ['source', cluster, hash], staleTime: Infinity, gcTime: 5 * 60_000, enabled: services !== undefined && services.length > 0 && !!hash, retry: false,
    queryFn: ({ signal }) => fetchSource(cluster, services ?? [], hash as string, signal),
  })

export const useCalls = (cluster: string, service: string) =>
  useQuery({ queryKey: ['c', cluster, 'calls', service], queryFn: ({ signal }) => admin<Calls>(cluster, `${one(service)}/calls`, { signal }) })

/** Who put a service into its present form, and when. */
export const useLastChange = (cluster: string, service: string | undefined, wanted: boolean) =>
  useQuery({
    queryKey: ['c', cluster, 'last-change', service], enabled: wanted && service !== undefined,
    queryFn: async ({ signal }) => (await admin<List<Revision>>(cluster, `definitions/service/${enc(service as string)}/history?limit=1`, { signal })).items?.[0] ?? null,
  })

/** The names of the channels that call each service. */
export function useChannelsByService(cluster: string): Map<string, string[]> {
  const channels = useDefinitions(cluster, 'channel')
  return useMemo(() => byService(channels.data ?? []), [channels.data])
}

function byService(channels: readonly Definition[]): Map<string, string[]> {
  const out = new Map<string, string[]>()
  for (const channel of channels) {
    const service = (channel.spec as { service?: unknown } | undefined)?.service
    if (typeof service === 'string') out.set(service, [...(out.get(service) ?? []), channel.name])
  }
  return out
}

const checkPackage = async (cluster: string, name: string, files: Files, signal?: AbortSignal): Promise<CheckedPackage | undefined> =>
  (await admin<List<CheckedPackage>>(cluster, 'services/check', { method: 'POST', body: { packages: [{ name, files }] }, ...(signal && { signal }) })).items?.[0]

export interface Check {
  /** The last answer, perhaps of an older text. */
  checked?: CheckedPackage | undefined
  /** The answer is of the files as they are. */
  fresh: boolean
  error?: unknown
}

/** Has the cluster check a package while it is written: a moment after the last key. */
export function useCheck(cluster: string, name: string, files: Files, wanted: boolean): Check {
  const asked = useSettled(files, 500)
  const query = useQuery({
    // Not below the cluster's key: a change elsewhere makes no other text of this one.
    queryKey: ['check', cluster, name, asked], enabled: wanted && name !== '' && Object.keys(asked).length > 0, placeholderData: keepPreviousData, retry: false,
    gcTime: 10_000, refetchOnWindowFocus: false, queryFn: async ({ signal }) => (await checkPackage(cluster, name, asked, signal)) ?? null,
  })
  return { checked: query.data ?? undefined, fresh: asked === files && query.isSuccess && !query.isPlaceholderData, error: query.isError ? query.error : undefined }
}

export const testPackage = (cluster: string, name: string, files: Files, filter?: string) =>
  admin<TestReport>(cluster, 'services/test', { method: 'POST', body: { package: { name, files }, ...(filter && { filter }) } })

export const deploy = (cluster: Cluster, request: DeployRequest) =>
  admin<Deployed>(cluster.id, 'deploy', { method: 'POST', body: request, headers: confirmed(cluster) })

export const rollBackService = (cluster: Cluster, service: string, hash: string, reason: string) =>
  admin<Deployed>(cluster.id, `${one(service)}/rollback`, { method: 'POST', body: { hash, ...(reason && { reason }) }, headers: confirmed(cluster) })

interface NodeDeployed {
  name: string
  state: 'runs' | 'waits' | 'failed'
  why: string
}

/** What each node makes of a deployment, as far as its revision and the answer of the deployment tell. */
function deployedNodes(nodes: readonly Node[], done: Deployed): NodeDeployed[] {
  return nodes.map((node) => {
    const told = done.nodes.find((one) => one.name === node.name)
    if (told && !told.ok) return { name: node.name, state: 'failed', why: told.error ?? '' }
    if (node.state !== 'up') return { name: node.name, state: 'failed', why: node.why ?? node.state }
    return node.revision >= done.revision ? { name: node.name, state: 'runs', why: '' } : { name: node.name, state: 'waits', why: '' }
  })
}

/** Follows the nodes until each runs a deployment or cannot. */
export const useNodesDeployed = (cluster: string, done: Deployed | undefined) =>
  useQuery({
    queryKey: ['deployed', cluster, done?.revision], enabled: done !== undefined, gcTime: 0,
    queryFn: async ({ signal }) => deployedNodes((await admin<List<Node>>(cluster, 'nodes', { signal })).items ?? [], done as Deployed),
    refetchInterval: (query) => (query.state.data?.every((node) => node.state !== 'waits') ? false : 1_000),
  })

export interface Called {
  ok: boolean
  ms: number
  cid: string
  /** HTTP status that a channel would answer with, or the code of what went wrong. */
  note: string
  answer?: unknown
  /** An answer that is not JSON. */
  text?: string
  error?: unknown
}

/** Calls a service and waits. A failure is an outcome. */
export async function invoke(cluster: string, service: string, input: unknown): Promise<Called> {
  const began = performance.now()
  const ms = () => performance.now() - began
  try {
    const got = await admin<Answer>(cluster, `${one(service)}/invoke`, { method: 'POST', body: input ?? null, as: 'answer' })
    const isJSON = got.headers.get('Content-Type')?.includes('json') ?? false
    return { ok: true, ms: ms(), cid: got.headers.get('X-Correlation-ID') ?? '', note: got.headers.get('X-Service-Status') ?? '200', ...(isJSON ? { answer: got.json } : { text: got.text }) }
  } catch (error) {
    const problem = problemOf(error)
    return { ok: false, ms: ms(), cid: problem.cid ?? '', note: problem.code, error }
  }
}

export const start = (cluster: string, service: string, input: unknown) => admin<Started>(cluster, `${one(service)}/invoke?async=true`, { method: 'POST', body: input ?? null })

/** How a call is that was started without waiting. */
export const useInvocation = (cluster: string, cid: string | undefined) =>
  useQuery({
    queryKey: ['invocation', cluster, cid], enabled: cid !== undefined, retry: false,
    queryFn: ({ signal }) => admin<Invocation>(cluster, `invocations/${enc(cid as string)}`, { signal }),
    refetchInterval: (query) => (query.state.data?.state === 'running' ? 1_000 : false),
  })
