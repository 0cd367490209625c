// Files of the person at the screen, in the window and in a plain browser alike: the window
// has the system's dialogs and reads by Go, a browser has its own inputs and downloads.
import { useEffect, useSyncExternalStore } from 'react'
import { call } from './http'
import type { AppInfo, Picked, PickedFile as Held, Saved, Saving, ShellInfo, SkippedFile } from './types'

/** A file that was picked or dropped. Path is below the folder that was given, with "/". */
export interface OpenedFile {
  name: string
  path: string
  size: number
  content: () => Promise<Blob>
  text: () => Promise<string>
}

/** What was picked or dropped at once. */
export interface Opened {
  files: OpenedFile[]
  /** What was left out, and why. */
  skipped: SkippedFile[]
  /** Name of the folder, when exactly one was given. */
  root: string
}

export interface OpenOptions {
  title?: string
  /** Endings such as .yaml; none: any file. */
  accept?: string[]
  multiple?: boolean
  /** A folder instead of files. */
  folder?: boolean
}

let asked: Promise<ShellInfo | undefined> | undefined

/** What the window around the page can do; undefined in a plain browser. */
export function shellInfo(): Promise<ShellInfo | undefined> {
  asked ??= call<AppInfo>('app').then((app) => app.shell, () => {
    asked = undefined
    return undefined
  })
  return asked
}

/** Lets the user pick files or a folder. No files: he thought better of it. */
export async function openFiles(options: OpenOptions = {}): Promise<Opened> {
  if (!(await shellInfo())?.dialogs) return openInBrowser(options)
  return opened(await call<Picked>('shell/open', { method: 'POST', body: options }))
}

/** Files that the window holds for the page. */
export function opened(picked: Picked): Opened {
  return { files: picked.items.map(held), skipped: picked.skipped ?? [], root: picked.root ?? '' }
}

function held(file: Held): OpenedFile {
  const content = () => call<Blob>('shell/files/' + encodeURIComponent(file.id), { as: 'blob' })
  return { name: file.name, path: file.path, size: file.size, content, text: async () => (await content()).text() }
}

/** A file of the browser as one of ours. */
export function ofBrowser(file: File, path = file.webkitRelativePath || file.name): OpenedFile {
  return { name: file.name, path, size: file.size, content: () => Promise.resolve(file), text: () => file.text() }
}

/** What a package or an import has no use for, as the nodes see it. */
export const ignored = (path: string) => path.split('/').some((part) => part.startsWith('.') || part === 'node_modules' || part.endsWith('~'))

function openInBrowser({ accept, multiple, folder }: OpenOptions): Promise<Opened> {
  return new Promise((resolve) => {
    const input = document.createElement('input')
    input.type = 'file'
    input.multiple = multiple ?? false
    input.webkitdirectory = folder ?? false
    if (accept && !folder) input.accept = accept.join(',')
    const done = () => {
      const files = [...(input.files ?? [])].map((file) => ofBrowser(file)).filter((file) => !ignored(file.path))
      input.remove()
      resolve({ files, skipped: [], root: folder ? (files[0]?.path.split('/')[0] ?? '') : '' })
    }
    input.addEventListener('change', done)
    input.addEventListener('cancel', done)
    // Some browsers open nothing for an input outside the page.
    input.hidden = true
    document.body.append(input)
    input.click()
  })
}

/** A request below /api/clusters whose answer is to be saved. */
interface SaveRequest {
  path: string
  method?: 'GET' | 'POST'
  body?: unknown
  /** Such as X-Confirm. */
  headers?: Record<string, string>
}

/**
 * Saves what there is, or the answer of a request, under a name that the user may change.
 * In the window the answer goes straight to the disk and is known to be whole.
 * Answers where it is when that is known; undefined: the user thought better of it.
 */
export async function saveFile(name: string, what: Blob | SaveRequest, title?: string): Promise<string | undefined> {
  const window = (await shellInfo())?.dialogs
  if (what instanceof Blob) return window ? savePieces(name, what, title) : saveInBrowser(name, what)
  if (!window) return saveInBrowser(name, await fetchWhole(what))
  const { headers, path, method = 'GET', body } = what
  const request = { path: '/api/' + path, method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
  const saved = await call<Saved | undefined>('shell/download', { method: 'POST', body: { name, title, request }, ...(headers ? { headers } : {}) })
  return saved?.path
}

const piece = 1 << 20 // a window of Windows cuts larger bodies

async function savePieces(name: string, what: Blob, title?: string): Promise<string | undefined> {
  const saving = await call<Saving | undefined>('shell/save', { method: 'POST', body: { name, title } })
  if (!saving) return undefined
  const path = 'shell/saves/' + encodeURIComponent(saving.id)
  try {
    for (let at = 0; at < what.size; at += piece) {
      await call(`${path}?at=${at}`, { method: 'PUT', raw: await what.slice(at, at + piece).arrayBuffer() })
    }
    return (await call<Saved>(`${path}?size=${what.size}`, { method: 'POST' })).path
  } catch (error) {
    await call(path, { method: 'DELETE' }).catch(() => undefined) // gone already when the end was refused
    throw error
  }
}

async function fetchWhole({ path, method = 'GET', body, headers }: SaveRequest): Promise<Blob> {
  return call<Blob>(path, { method, body, as: 'blob', ...(headers ? { headers } : {}) })
}

function saveInBrowser(name: string, content: Blob): string {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
  return name
}

/** Opens an address outside: in the system's browser, or a new tab. */
export async function browse(url: string): Promise<void> {
  if (await shellInfo()) await call('shell/browse', { method: 'POST', body: { url } })
  else window.open(url, '_blank', 'noopener,noreferrer')
}

/**
 * What dropped or opened files are, and so the screen that they are for: a package of
 * services (deploy), definitions (plan and apply), a list of clusters or a node's run file
 * (add a cluster).
 */
export type DropKind = 'package' | 'definitions' | 'clusters'

/** Files on their way to the screen that they are for. */
let waiting: { kind: DropKind; opened: Opened } | undefined
const listeners = new Set<() => void>()

export function handOver(kind: DropKind, files: Opened): void {
  waiting = { kind, opened: files }
  for (const listener of listeners) listener()
}

/** Gives a screen the files that were dropped for it, once: before it opened or while it shows. */
export function useDropped(kind: DropKind, take: (opened: Opened) => void): void {
  const now = useSyncExternalStore(
    (changed) => {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
    () => waiting,
  )
  useEffect(() => {
    if (now?.kind !== kind || waiting !== now) return
    waiting = undefined
    take(now.opened)
  })
}
