// Completion and help for a package on a cluster. The sources of the SDK come with the first
// editor, not with the start.
import { useEffect, useMemo, useRef } from 'react'
import { parse } from 'yaml'
import { useDefinitions, useServices } from '../../api/queries'
import type { Cluster } from '../../api/types'
import { askLanguage, completionsOf, lspPlace, useLanguageServer } from '../../api/language'
import type { Completion, CompletionList, CompletionSource, HoverSource } from '../../code/types'
import { isObject } from '../../form/pointer'
import { languageOf, paths, settingsFile, textOf, type Files } from '../files'
import type { Sdk } from './sdk'
import type { Names } from './source'

let loading: Promise<{ sdk: Sdk; source: typeof import('./source') }> | undefined

function load() {
  loading ??= Promise.all([import('./files'), import('./sdk'), import('./source')]).then(([files, sdk, source]) => ({ sdk: sdk.readSdk(files.sdkFiles), source }))
  return loading
}

export function useServiceCompletions(cluster: Cluster, name: string, files: Files, path: string): { completions: CompletionSource; hover: HoverSource } {
  const services = useServices(cluster.id)
  const outgoings = useDefinitions(cluster.id, 'outgoing')
  const names = useMemo<Names>(() => ({
    services: (services.data ?? []).map(({ name, doc }) => ({ name, doc })),
    outgoings: (outgoings.data ?? []).map(({ name, spec }) => ({ name, type: typeOf(spec) })),
    settings: settingsOf(files),
    files: paths(files).filter((path) => languageOf(path) === 'typescript'),
  }), [services.data, outgoings.data, files])
  const server = useLanguageServer().data?.available === true
  const held = useRef({ names, name, files, path, server })
  held.current = { names, name, files, path, server }
  useEffect(() => void load(), [])
  return useMemo(() => ({
    completions: async (cursor) => {
      const { sdk, source } = await load()
      const now = held.current
      const own = source.completeService(sdk, now.names, cursor)
      const before = cursor.text.slice(0, cursor.offset)
      // What is named in quotes is the cluster's, and a dot or a word is worth asking for.
      if (!now.server || source.inQuotes(cursor) || !(cursor.explicit || /[\w$.]$/.test(before))) return own
      try {
        const found = completionsOf((await askLanguage({ ...questionOf(now, cursor), ask: 'completion' })).completions ?? [])
        return found.length > 0 ? { from: cursor.offset - (/[\w$]*$/.exec(before)?.[0].length ?? 0), options: withHelp(found, own) } : own
      } catch {
        return own // without the server it is as on a machine that has none
      }
    },
    hover: async ({ text, offset }) => {
      const { sdk, source } = await load()
      const now = held.current
      const own = source.helpAt(sdk, text, offset)
      if (!now.server) return own
      try {
        return (await askLanguage({ ...questionOf(now, { text, offset }), ask: 'hover' })).hover ?? own
      } catch {
        return own
      }
    },
  }), [])
}

interface Now {
  name: string
  files: Files
  path: string
}

const questionOf = ({ name, files, path }: Now, { text, offset }: { text: string; offset: number }) => ({ package: name, files: { ...files, [path]: { text } }, path, ...lspPlace(text, offset) })

/** What the server lists, with the help that our own list has for it. */
function withHelp(found: Completion[], own: CompletionList | null): Completion[] {
  const help = new Map(own?.options.map((one) => [one.label, one]))
  return found.map((one) => ({ ...help.get(one.label), ...one }))
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
