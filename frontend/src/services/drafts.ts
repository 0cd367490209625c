// Unsaved edits of packages, in local storage: they outlive a crash, a reload and an update.
import { read } from '../ui/store'
import { draftOf, draftShape, type Draft, type Files } from './files'

const key = (cluster: string, name: string) => `package.${cluster}/${name}`

export const readDraft = (cluster: string, name: string): Draft => read(key(cluster, name), draftShape, null)

/** An edit of a package: its files and what they began from. */
export interface Edit {
  /** Version in force when the edit began, and the one whose files were opened. */
  base: string
  from: string
  opened: Files
  files: Files
  /** Of a draft that came back: when it was kept. */
  restored?: string | undefined
}

/** Keeps an edit, or forgets it when nothing differs. False: this machine has no room for it. */
export function writeDraft(cluster: string, name: string, { base, from, opened, files }: Edit): boolean {
  const changed = draftOf(opened, files)
  if (Object.keys(changed).length === 0) {
    forgetDraft(cluster, name)
    return true
  }
  try {
    localStorage.setItem('signalbox.' + key(cluster, name), JSON.stringify({ base, from, files: changed, at: new Date().toISOString() }))
    return true
  } catch {
    return false
  }
}

export function forgetDraft(cluster: string, name: string): void {
  localStorage.removeItem('signalbox.' + key(cluster, name))
}

/** The packages of a cluster with unsaved edits, with their times. */
export function listDrafts(cluster: string): { name: string; at: string }[] {
  const start = `signalbox.${key(cluster, '')}`
  const names = Object.keys(localStorage).filter((one) => one.startsWith(start)).map((one) => one.slice(start.length))
  return names.flatMap((name) => {
    const draft = readDraft(cluster, name)
    return draft ? [{ name, at: draft.at }] : []
  }).sort((a, b) => a.name.localeCompare(b.name))
}

let made = ''

/** Tells the editor that a draft was made just now, and is no edit that came back. */
export function justMade(name: string): void {
  made = name
}

export function wasJustMade(name: string): boolean {
  const was = made === name
  made = ''
  return was
}
