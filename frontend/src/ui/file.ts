import { openFiles, saveFile, type Opened, type OpenOptions } from '../api/shell'
import { t } from '../text'
import { notify, notifyFailure } from './notice'

/** A name as every system takes it for a file. */
export const fileName = (name: string): string => name.replace(/[^\p{L}\p{N}._-]+/gu, '-')

/** Saves a text under a name that the user may change. */
export function saveText(name: string, text: string, type = 'text/plain'): void {
  saveFile(fileName(name), new Blob([text], { type: `${type};charset=utf-8` })).catch(notifyFailure)
}

/** Says what of picked or dropped files was left out. */
export function notifySkipped([first, ...more]: Opened['skipped']): void {
  if (first) notify(t('drop.skipped', { n: 1 + more.length, why: `${first.path}: ${first.why}` }), true)
}

/** Lets the user pick files and hands them on; what fails of either is said, and that all were left out. */
export function pickFiles(options: OpenOptions, take: (opened: Opened) => unknown): void {
  openFiles(options).then((opened) => (opened.files.length > 0 ? take(opened) : notifySkipped(opened.skipped))).catch(notifyFailure)
}
