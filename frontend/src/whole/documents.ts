// Files of definitions on their way to the cluster: which fit, and where in them a fault is.
import { isCollection, isSeq, LineCounter, parseAllDocuments, type Node } from 'yaml'
import type { OpenedFile } from '../api/shell'
import type { Problem } from '../api/types'
import { parsePointer } from '../form/pointer'
import { t } from '../text'

export interface Held {
  /** Path below what was given; unique. */
  path: string
  text: string
}

/** Where a fault is; what is not known is not there. Lines and columns count from 1. */
export interface Place {
  path?: string
  document?: number
  key?: string
  pointer: string
  line?: number
  column?: number
  message: string
}

/** Whether a file can hold definitions. */
export const fits = (path: string) => /\.(ya?ml|json)$/i.test(path) && !/(^|\/)signalbox\.ya?ml$/i.test(path)

/** The most that is held at once, in bytes: half of what the cluster takes in one request. */
const most = 32 << 20

/** Reads files beside those that are held. One that holds no definitions, or is too much, is left out unread, with the reason. */
export async function read(files: readonly OpenedFile[], held: readonly Held[]): Promise<{ more: Held[]; left: string[] }> {
  const more: Held[] = []
  const left: string[] = []
  let room = most - held.filter((one) => !files.some((file) => file.path === one.path)).reduce((sum, one) => sum + one.text.length, 0)
  for (const file of files) {
    if (!fits(file.path)) left.push(t('apply.unfit', { path: file.path }))
    else if (file.size > room) left.push(t('apply.large', { path: file.path, n: most >> 20 }))
    else {
      room -= file.size
      more.push({ path: file.path, text: await file.text() })
    }
  }
  return { more, left }
}

/** The held files with more; one of the same path is replaced. */
export function withFiles(held: readonly Held[], more: readonly Held[]): Held[] {
  const fresh = new Map(more.map((one) => [one.path, one]))
  return [...held.map((one) => fresh.get(one.path) ?? one), ...[...fresh.values()].filter((one) => !held.some((other) => other.path === one.path))]
}

/** The faults of a refused plan at their places. The server names file and document in its words. */
export function places(problem: Problem, held: readonly Held[]): Place[] {
  const faults = problem.errors ?? []
  if (faults.length === 0) return [{ pointer: '', message: problem.detail ?? problem.title }]
  const longest = [...held].sort((a, b) => b.path.length - a.path.length)
  return faults.map((fault) => {
    const text = fault.message.replace(/^read /, '')
    const file = longest.find((one) => text.startsWith(one.path))
    if (!file) return { pointer: fault.pointer, message: fault.message }
    const found = /^(?:, document (\d+))?(?: \(([^)]*)\))?: ([\s\S]*)$/.exec(text.slice(file.path.length))
    if (!found) return { path: file.path, pointer: '', message: fault.message }
    const [, number, key, words = ''] = found
    const document = number === undefined ? undefined : Number(number)
    const said = /^line (\d+), column (\d+): ([\s\S]*)$/.exec(words)
    const pointer = fault.pointer.startsWith('/documents/') ? '' : fault.pointer
    const at = said ? { line: Number(said[1]), column: Number(said[2]) } : document === undefined ? undefined : lineOf(file.text, document, pointer)
    return { path: file.path, pointer, message: said?.[3] ?? words, ...(document !== undefined && { document }), ...(key && { key }), ...at }
  })
}

/** Where the n-th document's value at a pointer into its spec stands, or the nearest place around it. */
export function lineOf(text: string, document: number, pointer: string): { line: number; column: number } | undefined {
  const counter = new LineCounter()
  let left = document
  try {
    for (const parsed of parseAllDocuments(text, { lineCounter: counter, strict: false })) {
      const root = parsed.contents as Node | null
      const items = isSeq(root) ? (root.items as Node[]) : root ? [root] : []
      if (left > items.length) {
        left -= items.length
        continue
      }
      const offset = nearest(items[left - 1], ['spec', ...parsePointer(pointer)])
      if (offset === undefined) return undefined
      const { line, col } = counter.linePos(offset)
      return { line, column: col }
    }
  } catch {
    // What cannot be read has its place in the server's words.
  }
  return undefined
}

function nearest(node: Node | undefined, path: readonly string[]): number | undefined {
  let at: unknown = node
  let offset = node?.range?.[0]
  for (const part of path) {
    if (!isCollection(at)) break
    const pair = 'items' in at ? (at.items as { key?: Node; value?: unknown }[]).find((one) => String((one.key as { value?: unknown } | undefined)?.value) === part) : undefined
    const next = isSeq(at) ? at.items[Number(part)] : pair?.value
    const start = (pair?.key ?? (next as Node | undefined))?.range?.[0]
    if (next === undefined || start === undefined) break
    offset = start
    at = next
  }
  return offset
}

/** How many definitions a text holds; undefined when it cannot be read. */
export function countOf(text: string): number | undefined {
  try {
    const parsed = parseAllDocuments(text, { strict: false })
    if (!Array.isArray(parsed) || parsed.some((one) => one.errors.length > 0)) return undefined
    return parsed.reduce((sum, one) => sum + (isSeq(one.contents) ? one.contents.items.length : one.contents ? 1 : 0), 0)
  } catch {
    return undefined
  }
}
