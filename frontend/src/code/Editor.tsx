// CodeMirror 6 behind CodeEditor's properties. It runs without eval and inline script, so the
// content security policy stays as it is.
import { setDiagnostics } from '@codemirror/lint'
import { Compartment, EditorState } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { useEffect, useId, useRef } from 'react'
import { t } from '../text'
import { asking, basics, isReadOnly, writing } from './extensions'
import { languageOf } from './languages'
import { phrases } from './phrases'
import { offsetOf } from './place'
import type { CodeEditorProps, Diagnostic, Language } from './types'

export default function Editor(props: CodeEditorProps) {
  const help = useId()
  const open = useView(props, help)
  useGiven(props, open)
  const style = { '--code-min': props.minHeight ?? '12em', '--code-max': props.maxHeight ?? '60vh' } as React.CSSProperties
  return (
    <div className={props.fill ? 'code fill' : 'code'} style={style}>
      <div ref={open.box} className="code-box" />
      <span id={help} className="sr">{isReadOnly(props) ? t('code.reading') : t('code.leave')}</span>
    </div>
  )
}

/** The view, with the document that is shown and those that were shown before. */
function useView(props: CodeEditorProps, help: string) {
  const box = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const parked = useRef(new Map<string, { state: EditorState; language: Language }>())
  const shown = useRef({ document: '', language: props.language })
  const now = useRef(props)
  const parts = useRef({ language: new Compartment(), writing: new Compartment() })
  const name = props.document ?? ''
  now.current = props

  const fresh = () => EditorState.create({
    doc: now.current.value,
    extensions: [basics, EditorState.phrases.of(phrases()), parts.current.language.of(languageOf(now.current.language)), parts.current.writing.of(writing(now.current)), asking(now, help)],
  })

  useEffect(() => {
    const editor = new EditorView({ parent: box.current as HTMLElement, state: fresh() })
    view.current = editor
    shown.current = { document: now.current.document ?? '', language: now.current.language }
    return () => {
      editor.destroy()
      view.current = undefined
    }
  }, [])

  // Another document: the one before keeps its undo and its place.
  useEffect(() => {
    const editor = view.current
    if (!editor || shown.current.document === name) return
    parked.current.set(shown.current.document, { state: editor.state, language: shown.current.language })
    const kept = parked.current.get(name)
    editor.setState(kept?.state ?? fresh())
    shown.current = { document: name, language: kept?.language ?? props.language }
  }, [name])
  return { box, view, shown, parts }
}

/** Brings what is given anew into the view: after useView, so that it reaches the document that is shown. */
function useGiven(props: CodeEditorProps, { view, shown, parts }: ReturnType<typeof useView>) {
  const name = props.document ?? ''
  const readOnly = isReadOnly(props)

  useEffect(() => {
    const editor = view.current
    if (!editor) return
    const text = editor.state.doc.toString()
    if (text !== props.value) editor.dispatch({ changes: changeBetween(text, props.value), userEvent: 'given' })
  }, [props.value, name])

  useEffect(() => {
    const editor = view.current
    if (!editor || shown.current.language === props.language) return
    shown.current.language = props.language
    editor.dispatch({ effects: parts.current.language.reconfigure(languageOf(props.language)) })
  }, [props.language, name])

  useEffect(() => {
    view.current?.dispatch({ effects: parts.current.writing.reconfigure(writing(props)) })
  }, [readOnly, name])

  useEffect(() => {
    const editor = view.current
    if (editor) editor.dispatch(setDiagnostics(editor.state, marks(editor.state, props.diagnostics ?? [])))
  }, [props.diagnostics, name])

  useEffect(() => {
    const editor = view.current
    if (!editor || !props.at) return
    const anchor = offsetOf(editor.state.doc.toString(), props.at.line, props.at.column)
    editor.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) })
    editor.focus()
  }, [props.at])
}

function marks(state: EditorState, diagnostics: Diagnostic[]) {
  const text = state.doc.toString()
  return diagnostics.map((one) => {
    const from = offsetOf(text, one.line, one.column)
    const line = state.doc.lineAt(from)
    const word = /^[\w$]+|^./u.exec(line.text.slice(from - line.from))?.[0].length ?? 0
    const to = one.endLine ? offsetOf(text, one.endLine, one.endColumn ?? 1) : from + word
    return { from, to: Math.max(from, to), severity: one.severity, message: one.message }
  }).sort((a, b) => a.from - b.from)
}

/** The one change between two texts, so that the cursor stays where it is. */
function changeBetween(before: string, after: string) {
  let from = 0
  while (from < before.length && from < after.length && before[from] === after[from]) from++
  let cut = 0
  while (cut < before.length - from && cut < after.length - from && before[before.length - 1 - cut] === after[after.length - 1 - cut]) cut++
  return { from, to: before.length - cut, insert: after.slice(from, after.length - cut) }
}
