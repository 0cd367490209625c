import { openFiles, saveFile, type Opened, type OpenOptions } from '../api/shell'
import { notifyFailure } from './notice'

/** A name as every system takes it for a file. */
export const fileName = (name: string): string => name.replace(/[^\p{L}\p{N}._-]+/gu, '-')

/** Saves a text under a name that the user may change. */
export function saveText(name: string, text: string, type = 'text/plain'): void {
  saveFile(fileName(name), new Blob([text], { type: `${type};charset=utf-8` })).catch(notifyFailure)
}

/** Lets the user pick files and hands them on; what fails of either is said. */
export function pickFiles(options: OpenOptions, take: (opened: Opened) => unknown): void {
  openFiles(options).then(take).catch(notifyFailure)
}
