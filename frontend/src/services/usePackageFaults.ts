import { useMemo } from 'react'
import { useTypeFaults } from '../api/language'
import { useCheck } from '../api/services'
import type { BuildMessage, Cluster } from '../api/types'
import type { Diagnostic } from '../code/types'
import type { Files } from './files'

/** What is wrong with a package, as a list and as marks in the file at path. refused: faults of a deployment, in place of those of the check. */
export function usePackageFaults(cluster: Cluster, name: string, files: Files, path: string, refused: BuildMessage[]) {
  const check = useCheck(cluster.id, name, files, true)
  const messages = refused.length > 0 ? refused : (check.checked?.messages ?? [])
  const faulty = useMemo(() => new Set(messages.map((one) => one.file)), [messages])
  // Where the package's compiler finds a fault, the other one says the same once more.
  const allTypes = useTypeFaults(name, files)
  const types = useMemo(() => allTypes.filter((one) => !faulty.has(one.file)), [allTypes, faulty])
  const warnings = useMemo(() => [...(check.checked?.warnings ?? []), ...types.map((one) => ({ file: one.file, line: one.line, column: one.column, text: one.message }))], [check.checked, types])
  const diagnostics = useMemo<Diagnostic[]>(() => [...messages.map((one) => mark(one, 'error')), ...(check.checked?.warnings ?? []).map((one) => mark(one, 'warning')), ...types].filter((one) => one.file === path), [messages, check.checked, types, path])
  return { check, messages, faulty, warnings, diagnostics }
}

function mark(one: BuildMessage, severity: Diagnostic['severity']): Diagnostic & { file: string } {
  return { file: one.file, line: one.line || 1, column: one.column || 1, message: one.text, severity }
}
