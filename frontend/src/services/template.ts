// The package to start from: the very files that "signalbox new" writes.
import type { Files } from './files'

const found = import.meta.glob<string>('../../../node/cli/skeleton/*.tmpl', { query: '?raw', import: 'default', eager: true })

const places: Record<string, string> = { 'hello.ts.tmpl': 'src/hello.ts', 'hello.test.ts.tmpl': 'src/hello.test.ts', 'signalbox.yaml.tmpl': 'signalbox.yaml' }

export function template(name: string): Files {
  const files: Files = {}
  for (const [path, text] of Object.entries(found)) {
    const place = places[path.slice(path.lastIndexOf('/') + 1)]
    if (place) files[place] = { text: text.replaceAll('{{.Name}}', name) }
  }
  return files
}
