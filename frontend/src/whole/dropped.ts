// Files and folders dropped on a page in a browser, folders read whole.
import { ignored, ofBrowser, type Opened, type OpenedFile } from '../api/shell'

export async function filesOf(data: DataTransfer): Promise<Opened> {
  // All is asked of the event before the first wait: after that it is empty.
  const given = [...data.items].filter((item) => item.kind === 'file').map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }))
  const files = (await Promise.all(given.map(async ({ entry, file }) => (entry ? read(entry) : file ? [ofBrowser(file)] : [])))).flat()
  const first = given[0]?.entry
  return { files: files.filter((file) => !ignored(file.path)), skipped: [], root: given.length === 1 && first?.isDirectory ? first.name : '' }
}

async function read(entry: FileSystemEntry): Promise<OpenedFile[]> {
  const path = entry.fullPath.replace(/^\//, '')
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    return [ofBrowser(file, path)]
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const inside: FileSystemEntry[] = []
  for (;;) { // a reader gives some at a time
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) break
    inside.push(...some)
  }
  return (await Promise.all(inside.filter((one) => !ignored(one.name)).map(read))).flat()
}
