import { problemOf } from '../api/http'
import { saveFile } from '../api/shell'
import { notify } from './notice'

/** Saves a text under a name that the user may change. */
export function saveText(name: string, text: string, type = 'text/plain'): void {
  saveFile(name.replace(/[^\w.() -]+/g, '_'), new Blob([text], { type: `${type};charset=utf-8` })).catch((error: unknown) => notify(problemOf(error).detail ?? '', true))
}
