// The language server of the compiler on this machine, where the app has found one.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Completion, Diagnostic } from '../code/types'
import { isText, textOf, type Files } from '../services/files'
import { useSettled } from '../ui/useSettled'
import { call } from './http'
import type { LanguageAnswer, LanguageAsk, LanguageCompletion, LanguageDiagnostic, LanguageInfo } from './types'

/** Whether there is one; a page of a node has none. */
export const useLanguageServer = () =>
  useQuery({ queryKey: ['language'], staleTime: Infinity, retry: false, queryFn: ({ signal }) => call<LanguageInfo>('language', { signal }).catch((): LanguageInfo => ({ available: false })) })

const texts = (files: Files) => Object.fromEntries(Object.entries(files).filter(([, file]) => isText(file)).map(([path, file]) => [path, textOf(file)]))

export const askLanguage = (ask: Omit<LanguageAsk, 'files'> & { files: Files }, signal?: AbortSignal) =>
  call<LanguageAnswer>('language', { method: 'POST', body: { ...ask, files: texts(ask.files) }, ...(signal && { signal }) })

interface TypeFault extends Diagnostic {
  file: string
}

/** Faults of types in a package, a moment after the last key. They stop no deployment. */
export function useTypeFaults(name: string, files: Files): TypeFault[] {
  const server = useLanguageServer()
  const asked = useSettled(files, 400)
  const query = useQuery({
    queryKey: ['language', name, asked], enabled: server.data?.available === true, retry: false, gcTime: 10_000, refetchOnWindowFocus: false, placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => faultsOf((await askLanguage({ package: name, files: asked, ask: 'diagnostics' }, signal)).diagnostics ?? [], asked),
  })
  return useMemo(() => query.data ?? [], [query.data])
}

/** Places as people count them: from 1, in characters. */
export function faultsOf(found: readonly LanguageDiagnostic[], files: Files): TypeFault[] {
  return found.map((one) => {
    const lines = textOf(files[one.path]).split('\n')
    const column = (line: number, units: number) => [...(lines[line] ?? '').slice(0, units)].length + 1
    return {
      file: one.path, severity: 'warning', message: one.message,
      line: one.line + 1, column: column(one.line, one.character), endLine: one.end_line + 1, endColumn: column(one.end_line, one.end_character),
    }
  })
}

/** An offset as the protocol has it. */
export function lspPlace(text: string, offset: number): { line: number; character: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length - 1, character: offset - before.lastIndexOf('\n') - 1 }
}

const kinds: Record<number, Completion['type']> = { 2: 'method', 3: 'function', 4: 'class', 5: 'property', 6: 'variable', 7: 'class', 8: 'interface', 9: 'type', 10: 'property', 13: 'enum', 14: 'keyword', 21: 'constant', 25: 'type' }

/** In the server's order. */
export function completionsOf(found: readonly LanguageCompletion[]): Completion[] {
  return found.map((one, i) => ({ label: one.label, boost: -Math.min(i, 90), ...(kinds[one.kind] && { type: kinds[one.kind] }), ...(one.detail && { detail: one.detail }) }))
}
