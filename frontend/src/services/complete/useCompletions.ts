// Completion and help for a package on a cluster. The sources of the SDK come with the first
// editor, not with the start.
import { useEffect, useMemo, useRef } from 'react'
import { parse } from 'yaml'
import { useDefinitions, useServices } from '../../api/queries'
import type { Cluster } from '../../api/types'
import type { CompletionSource, HoverSource } from '../../code/types'
import { isObject } from '../../form/pointer'
import { languageOf, paths, settingsFile, textOf, type Files } from '../files'
import type { Sdk } from './sdk'
import type { Names } from './source'

let loading: Promise<{ sdk: Sdk; source: typeof import('./source') }> | undefined

function load() {
  loading ??= Promise.all([import('./files'), import('./sdk'), import('./source')]).then(([files, sdk, source]) => ({ sdk: sdk.readSdk(files.sdkFiles), source }))
  return loading
}

export function useServiceCompletions(cluster: Cluster, files: Files): { completions: CompletionSource; hover: HoverSource } {
  const services = useServices(cluster.id)
  const outgoings = useDefinitions(cluster.id, 'outgoing')
  const names = useMemo<Names>(() => ({
    services: (services.data ?? []).map(({ name, doc }) => ({ name, doc })),
    outgoings: (outgoings.data ?? []).map(({ name, spec }) => ({ name, type: typeOf(spec) })),
    settings: settingsOf(files),
    files: paths(files).filter((path) => languageOf(path) === 'typescript'),
  }), [services.data, outgoings.data, files])
  const held = useRef(names)
  held.current = names
  useEffect(() => void load(), [])
  return useMemo(() => ({
    completions: async (cursor) => {
      const { sdk, source } = await load()
      return source.completeService(sdk, held.current, cursor)
    },
    hover: async ({ text, offset }) => {
      const { sdk, source } = await load()
      return source.helpAt(sdk, text, offset)
    },
  }), [])
}

const typeOf = (spec: unknown) => (isObject(spec) && typeof spec.type === 'string' ? spec.type : 'http')

function settingsOf(files: Files): string[] {
  try {
    const tree: unknown = parse(textOf(files[settingsFile]))
    return isObject(tree) && isObject(tree.settings) ? Object.keys(tree.settings) : []
  } catch {
    return [] // the check says what is wrong with it
  }
}
