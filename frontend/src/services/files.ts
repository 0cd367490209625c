// A package as files: names, differences, drafts, merging. No screen is needed for it.
import * as z from 'zod/mini'
import type { Language } from '../code/types'
import type { File, Service } from '../api/types'
import { mergeText } from './lines'

export type Files = Record<string, File>

export const settingsFile = 'signalbox.yaml'

export const paths = (files: Files) => Object.keys(files).sort((a, b) => a.localeCompare(b))
export const isTest = (path: string) => /\.test\.m?[tj]s$/.test(path)
export const isText = (file: File | undefined) => file !== undefined && !file.base64
export const textOf = (file: File | undefined) => file?.text ?? ''
const sameFile = (a: File | undefined, b: File | undefined) => (a === undefined) === (b === undefined) && textOf(a) === textOf(b) && (a?.base64 ?? '') === (b?.base64 ?? '')

export function languageOf(path: string): Language {
  switch (/\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase()) {
    case 'ts': case 'js': case 'mts': case 'mjs': return 'typescript'
    case 'json': return 'json'
    case 'yaml': case 'yml': return 'yaml'
    case 'py': return 'python'
    default: return 'text'
  }
}

/** Why a path is no name of a file in a package; undefined when it is one. */
export function pathFault(path: string, files: Files): 'code.path.empty' | 'code.path.bad' | 'code.path.taken' | undefined {
  if (path.trim() === '') return 'code.path.empty'
  if (path.startsWith('/') || path.length > 200 || /[\\\0]/.test(path) || path.split('/').some((part) => part === '' || part === '.' || part === '..')) return 'code.path.bad'
  return files[path] ? 'code.path.taken' : undefined
}

interface FileChange {
  path: string
  before?: File | undefined
  after?: File | undefined
}

/** The files that are not the same in both, by path. */
export function changedFiles(before: Files, after: Files): FileChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort((a, b) => a.localeCompare(b))
    .filter((path) => !sameFile(before[path], after[path]))
    .map((path) => ({ path, before: before[path], after: after[path] }))
}

/** A package that is in force: its version and a service by which it is read. */
export interface InForce {
  hash: string
  services: string[]
}

export function inForce(services: readonly Service[], name: string): InForce | undefined {
  const own = services.filter((one) => one.package === name && one.hash)
  return own[0] ? { hash: own[0].hash as string, services: own.map((one) => one.name) } : undefined
}

const file = z.object({ text: z.optional(z.string()), base64: z.optional(z.string()) })

export const draftShape = z.nullable(z.object({
  /** Version in force when the edit began; empty: there was none. */
  base: z.string(),
  /** Version whose files were opened; empty: a new package. */
  from: z.string(),
  /** What differs from those; null: the file is gone. */
  files: z.record(z.string(), z.nullable(file)),
  at: z.string(),
}))
export type Draft = z.infer<typeof draftShape>

/** What a draft keeps of an edit. */
export function draftOf(opened: Files, files: Files): Record<string, File | null> {
  return Object.fromEntries(changedFiles(opened, files).map((change) => [change.path, change.after ?? null]))
}

export function withDraft(opened: Files, changed: Record<string, File | null>): Files {
  const out = { ...opened }
  for (const [path, one] of Object.entries(changed)) {
    if (one) out[path] = one
    else delete out[path]
  }
  return out
}

interface MergedFiles {
  files: Files
  /** Changed by both in ways that do not go together; theirs stand in files. */
  conflicts: string[]
}

/** My changes on top of theirs. */
export function mergeFiles(base: Files, theirs: Files, mine: Files): MergedFiles {
  const files = { ...theirs }
  const conflicts: string[] = []
  for (const { path, before, after } of changedFiles(base, mine)) {
    if (sameFile(before, theirs[path])) {
      if (after) files[path] = after
      else delete files[path]
    } else if (!sameFile(after, theirs[path])) {
      const merged = isText(before) && isText(after) && isText(theirs[path]) ? mergeText(textOf(before), textOf(theirs[path]), textOf(after)) : undefined
      if (merged === undefined) conflicts.push(path)
      else files[path] = { text: merged }
    }
  }
  return { files, conflicts }
}

/** The files of a package from what was picked or dropped: below a folder's name, paths are cut by it. */
export function relative(files: readonly { path: string }[], root: string): string[] {
  return files.map(({ path }) => (root !== '' && path.startsWith(root + '/') ? path.slice(root.length + 1) : path))
}

/** The name that signalbox.yaml gives; else "". */
export function nameIn(files: Files): string {
  const found = /^name:\s*(?:"([^"]*)"|'([^']*)'|([^#\n]*))/m.exec(textOf(files[settingsFile]))
  return (found?.[1] ?? found?.[2] ?? found?.[3] ?? '').trim()
}

/** The file that is shown first: the one asked for, else code that is no test. */
export function firstFile(files: Files, wanted: string | undefined): string {
  if (wanted && files[wanted]) return wanted
  const all = paths(files)
  return all.find((path) => languageOf(path) === 'typescript' && !isTest(path)) ?? all[0] ?? ''
}
