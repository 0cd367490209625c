// What the app itself keeps: the list of clusters, where credentials are, its settings.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { call } from './http'
import { useApp } from './queries'
import type { About, Cluster, FoundCluster, Imported, List, Settings, Shown, Topology, Vault, WindowSettings } from './types'

const enc = encodeURIComponent

/** Whether this machine keeps a list of clusters; a node serves its own and keeps nothing here. */
export const useOwnList = (): boolean => {
  const app = useApp()
  return app.data !== undefined && !app.data.fixed
}

export const useVault = () => useQuery({ queryKey: ['vault'], enabled: useOwnList(), queryFn: ({ signal }) => call<Vault>('vault', { signal }), retry: false })
export const useSettings = () => useQuery({ queryKey: ['settings'], enabled: useOwnList(), queryFn: ({ signal }) => call<Settings>('settings', { signal }) })
export const useWindowSettings = (wanted: boolean) => useQuery({ queryKey: ['shell', 'settings'], enabled: wanted, queryFn: ({ signal }) => call<WindowSettings>('shell/settings', { signal }) })
export const useAbout = () => useQuery({ queryKey: ['about'], queryFn: ({ signal }) => call<About>('about', { signal }), refetchInterval: 10_000 })

export const discover = async (signal?: AbortSignal): Promise<FoundCluster[]> =>
  (await call<List<FoundCluster>>('discover', signal ? { method: 'POST', signal } : { method: 'POST' })).items

export const importClusters = (text: string, take?: number[]): Promise<Imported> =>
  call<Imported>('clusters/import', { method: 'POST', body: take ? { text, take } : { text, dry_run: true } })

export const lookAt = async (cluster: string): Promise<Shown[]> => (await call<List<Shown>>(`clusters/${enc(cluster)}/look`, { method: 'POST' })).items

export const restoreCluster = (cluster: string): Promise<Cluster> => call<Cluster>(`clusters/${enc(cluster)}/restore`, { method: 'POST' })

/** The path of the exported list; no ids: all of it. */
export const exportPath = (ids: readonly string[]): string => 'clusters/export' + (ids.length > 0 ? '?' + ids.map((id) => 'id=' + enc(id)).join('&') : '')

const tellEvery = 30_000

/** Tells the app that somebody is there, so that it knows when nobody is. */
export function useActive(): void {
  const own = useOwnList()
  useEffect(() => {
    if (!own) return
    let told = 0
    const here = () => {
      if (Date.now() - told < tellEvery) return
      told = Date.now()
      void call('active', { method: 'POST' }).catch(() => undefined) // the program is gone; its own screen says so
    }
    const events = ['pointermove', 'pointerdown', 'keydown', 'wheel'] as const
    for (const one of events) addEventListener(one, here, { passive: true, capture: true })
    return () => {
      for (const one of events) removeEventListener(one, here, { capture: true })
    }
  }, [own])
}

/**
 * Gives the screens of a cluster that cannot be asked what it last said, with its age, so
 * that they show that until it answers.
 */
export function useLastKnown(cluster: Cluster | undefined): void {
  const queries = useQueryClient()
  const known = cluster?.status
  const id = cluster?.id
  useEffect(() => {
    if (!id || !known) return
    const at = Date.parse(known.at)
    const seed = (key: unknown[], value: unknown) => {
      if (queries.getQueryData(key) === undefined) queries.setQueryData(key, value, { updatedAt: at })
    }
    seed(['c', id, 'nodes'], known.nodes)
    // Who heard whom was not kept: only the nodes, without links and without a verdict on them.
    seed(['c', id, 'topology'], { at: known.at, nodes: known.nodes, links: [], split: false, parts: [], missing: [] } satisfies Topology)
    seed(['c', id, 'status'], known.status)
  }, [queries, id, known])
}
