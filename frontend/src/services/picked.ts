// Files that were picked or dropped, as files of a package.
import type { Opened } from '../api/shell'
import { t } from '../text'
import { relative, type Files } from './files'

/** The most that a package may hold; the cluster counts again. */
const maxBytes = 8 << 20

export async function read(opened: Opened): Promise<{ files: Files; skipped: string[] }> {
  const names = relative(opened.files, opened.root)
  const files: Files = {}
  const skipped = opened.skipped.map((one) => one.path)
  let size = 0
  for (const [i, file] of opened.files.entries()) {
    size += file.size
    if (size > maxBytes) throw new Error(t('package.tooLarge', { n: maxBytes >> 20, path: file.path }))
    files[names[i] as string] = fileOf(new Uint8Array(await (await file.content()).arrayBuffer()))
  }
  return { files, skipped }
}

/** Text when the bytes are UTF-8, else base64. */
function fileOf(bytes: Uint8Array): Files[string] {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    let binary = ''
    for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192))
    return { base64: btoa(binary) }
  }
}

