// What is read of the nodes: the picture, each node's own word, rolling restarts, joins.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { admin } from './queries'
import type { WaitingBox, JoinToken, List, NodeDetail, NodeProblem, RestartPlan, RollingRestart, Topology } from './types'

const enc = encodeURIComponent

export const over = (restart: RollingRestart) => restart.state !== 'running' && restart.state !== 'aborting'

/** Whether something of the nodes moves, so that it is worth looking often. */
const moves = (topology: Topology | undefined) => topology?.nodes.some((node) => node.rotation !== 'online' && node.in_flight > 0) ?? false

export const useTopology = (cluster: string, often = false) =>
  useQuery({
    queryKey: ['c', cluster, 'topology'],
    queryFn: ({ signal }) => admin<Topology>(cluster, 'topology', { signal }),
    refetchInterval: ({ state }) => (often || moves(state.data) ? 1_000 : 4_000),
  })

/** The last rolling restart. While it goes on no failure to read it ends the looking: the node that answers may be the one that restarts. */
export const useRestart = (cluster: string) =>
  useQuery({
    queryKey: ['c', cluster, 'restart'],
    queryFn: ({ signal }) => admin<RollingRestart>(cluster, 'restart', { signal }),
    refetchInterval: ({ state }) => (state.data && !over(state.data) ? 700 : 10_000),
  })

export const useRestartPlan = (cluster: string, nodes: readonly string[], wanted: boolean) =>
  useQuery({
    queryKey: ['c', cluster, 'restart', 'plan', nodes],
    enabled: wanted,
    refetchInterval: 5_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => admin<RestartPlan>(cluster, 'restart/plan' + (nodes.length > 0 ? '?' + nodes.map((node) => 'node=' + enc(node)).join('&') : ''), { signal }),
  })

export const useNodeDetail = (cluster: string, node: string) =>
  useQuery({
    queryKey: ['c', cluster, 'node', node],
    queryFn: ({ signal }) => admin<NodeDetail>(cluster, `nodes/${enc(node)}`, { signal }),
    refetchInterval: 3_000,
  })

export const useNodeProblems = (cluster: string, wanted: boolean) =>
  useQuery({
    queryKey: ['c', cluster, 'problems', 'nodes'],
    enabled: wanted,
    queryFn: async ({ signal }) => (await admin<List<NodeProblem>>(cluster, 'problems', { signal })).items ?? [],
    refetchInterval: 15_000,
  })

export const useJoinTokens = (cluster: string) =>
  useQuery({
    queryKey: ['c', cluster, 'join-tokens'],
    queryFn: async ({ signal }) => (await admin<List<JoinToken>>(cluster, 'join-tokens', { signal })).items ?? [],
    refetchInterval: 5_000,
  })

export const useJoinRequests = (cluster: string) =>
  useQuery({
    queryKey: ['c', cluster, 'join-requests'],
    queryFn: async ({ signal }) => (await admin<List<WaitingBox>>(cluster, 'join-requests', { signal })).items ?? [],
    refetchInterval: 2_000,
  })
