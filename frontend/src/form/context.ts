import { createContext, useContext } from 'react'
import type { Path } from './pointer'

/** What every field of a form shares. */
export interface FormContext {
  spec: unknown
  stored: unknown
  faults: ReadonlyMap<string, string[]>
  readOnly: boolean
  change: (path: Path, value: unknown) => void
  /** Names of the definitions that a reference may name; undefined while they are read. */
  names: (kind: string) => string[] | undefined
  /** Address of the definition that a reference names. */
  link?: (kind: string, name: string) => string
  /** Address where a new one is made that the field at a pointer shall name; the draft waits. */
  make?: (kind: string, pointer: string) => string
}

export const FormParts = createContext<FormContext | undefined>(undefined)

export function useForm(): FormContext {
  const context = useContext(FormParts)
  if (!context) throw new Error('a field stands outside of a form')
  return context
}
