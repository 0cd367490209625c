// What files are, and so the screen that they are for: told by their names, and of JSON by
// what is in it.
import { ignored, ofBrowser, type DropKind, type Opened, type OpenedFile } from '../../api/shell'

const code = /\.(ts|js|mts|mjs|py)$/
const settings = /(^|\/)signalbox\.ya?ml$/
const definitions = /\.(ya?ml|json)$/i

/** The kind of what was given; undefined: nothing that we know. */
export async function kindOf({ files, root }: Opened): Promise<DropKind | undefined> {
  const below = (path: string) => (root && path.startsWith(root + '/') ? path.slice(root.length + 1) : path)
  const names = files.map((file) => below(file.path))
  // Code at the root or in src makes a package, as for signalbox deploy; its own settings and samples go with it.
  if (names.some((name) => settings.test(name) || (code.test(name) && /^(src\/)?[^/]+$/.test(name)))) return 'package'
  const config = files.filter((file) => definitions.test(file.path))
  const [only] = config
  if (files.length === 1 && only?.name.toLowerCase().endsWith('.json') && (await isClusters(only))) return 'clusters'
  return config.length > 0 ? 'definitions' : undefined
}

/** Whether a file is an exported list of clusters, or a node's run file with its link. */
async function isClusters(file: OpenedFile): Promise<boolean> {
  if (file.size > 1 << 20) return false
  try {
    const seen = JSON.parse(await file.text()) as { signalbox?: unknown; link?: unknown } | null
    return seen?.signalbox === 'clusters/1' || (typeof seen?.link === 'string' && seen.link.startsWith('signalbox:'))
  } catch {
    return false
  }
}

const most = 2000
const largest = 64 << 20

/** Files and folders dropped on the page, folders read whole; undefined: too much. */
export async function filesOf(data: DataTransfer): Promise<Opened | undefined> {
  // All is asked of the event before the first wait: after that it is empty.
  const given = [...data.items].filter((item) => item.kind === 'file').map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }))
  const entries = given.map((one) => one.entry).filter((entry) => entry !== null)
  const files: OpenedFile[] = given.flatMap(({ entry, file }) => (entry || !file ? [] : [ofBrowser(file)]))
  let size = files.reduce((sum, file) => sum + file.size, 0)
  const read = async (entry: FileSystemEntry): Promise<boolean> => {
    if (ignored(entry.name)) return true
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
      files.push(ofBrowser(file, entry.fullPath.replace(/^\//, '')))
      size += file.size
      return files.length <= most && size <= largest
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader()
    for (;;) { // a reader gives some at a time
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
      if (some.length === 0) return true
      for (const one of some) if (!(await read(one))) return false
    }
  }
  for (const entry of entries) if (!(await read(entry))) return undefined
  return { files, skipped: [], root: entries.length === 1 && entries[0]?.isDirectory ? entries[0].name : '' }
}
