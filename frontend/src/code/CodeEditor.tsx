// The code editor. CodeMirror comes with the first editor on a screen, not with the start.
import { lazy, Suspense } from 'react'
import type { CodeEditorProps } from './types'

export type { CodeEditorProps, Completion, CompletionList, CompletionSource, Cursor, Diagnostic, HoverSource, Language } from './types'

const Editor = lazy(() => import('./Editor'))

export function CodeEditor(props: CodeEditorProps) {
  return (
    <Suspense fallback={<pre className="yaml" aria-label={props.label} aria-busy="true" tabIndex={0} style={{ minHeight: props.minHeight, maxHeight: props.maxHeight ?? '60vh' }}>{props.value}</pre>}>
      <Editor {...props} />
    </Suspense>
  )
}
