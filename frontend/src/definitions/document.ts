// A definition as the document that apply takes and export gives.
import { stringify } from 'yaml'

export function toYAML(kind: string, name: string, spec: unknown): string {
  return stringify({ kind, name, spec }, { lineWidth: 0, sortMapEntries: false })
}
