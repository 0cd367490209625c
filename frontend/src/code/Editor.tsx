// CodeMirror 6 behind CodeEditor's properties. It runs without eval and inline script, so the
// content security policy stays as it is.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type Completion, type CompletionContext } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from '@codemirror/language'
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState, Prec, type Extension } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, hoverTooltip, keymap, lineNumbers } from '@codemirror/view'
import { useEffect, useId, useRef } from 'react'
import { t } from '../text'
import { languageOf } from './languages'
import { look } from './look'
import { phrases } from './phrases'
import { offsetOf } from './place'
import type { CodeEditorProps, Diagnostic, Language } from './types'

export default function Editor(props: CodeEditorProps) {
  const box = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const parked = useRef(new Map<string, { state: EditorState; language: Language }>())
  const shown = useRef({ document: '', language: props.language })
  const now = useRef(props)
  const parts = useRef({ language: new Compartment(), writing: new Compartment() })
  const help = useId()
  now.current = props

  const readOnly = props.readOnly === true || props.onChange === undefined
  const name = props.document ?? ''

  useEffect(() => {
    const editor = new EditorView({ parent: box.current as HTMLElement, state: fresh() })
    view.current = editor
    shown.current = { document: now.current.document ?? '', language: now.current.language }
    return () => {
      editor.destroy()
      view.current = undefined
    }
  }, [])

  function fresh(): EditorState {
    const { value, language } = now.current
    return EditorState.create({
      doc: value,
      extensions: [basics, EditorState.phrases.of(phrases()), parts.current.language.of(languageOf(language)), parts.current.writing.of(writing(now.current)), ours()],
    })
  }

  /** What asks the properties as they are when it is asked. */
  function ours(): Extension {
    // One and the same each time: the editor tells sources apart by what they are, and would ask anew for ever.
    const sources = [{ autocomplete: (context: CompletionContext) => completed(context, now.current) }]
    return [
      EditorView.contentAttributes.of(() => ({ 'aria-label': now.current.label, 'aria-describedby': help, tabindex: '0' })),
      EditorView.updateListener.of((update) => {
        if (update.docChanged && !update.transactions.some((one) => one.isUserEvent('given'))) now.current.onChange?.(update.state.doc.toString())
      }),
      EditorState.languageData.of(() => sources),
      hoverTooltip(async (editor, offset) => {
        const said = await now.current.hover?.({ text: editor.state.doc.toString(), offset })
        if (!said) return null
        return { pos: offset, create: () => ({ dom: hovered(said) }) }
      }),
      Prec.high(keymap.of(['Mod-s', 'Mod-Enter'].map((key) => ({
        key,
        run: () => {
          if (!now.current.onSave) return false
          now.current.onSave()
          return true
        },
      })))),
    ]
  }

  // Another document: the one before keeps its undo and its place.
  useEffect(() => {
    const editor = view.current
    if (!editor || shown.current.document === name) return
    parked.current.set(shown.current.document, { state: editor.state, language: shown.current.language })
    const kept = parked.current.get(name)
    editor.setState(kept?.state ?? fresh())
    shown.current = { document: name, language: kept?.language ?? props.language }
  }, [name])

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
    view.current?.dispatch({ effects: parts.current.writing.reconfigure(writing(now.current)) })
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

  const style = { '--code-min': props.minHeight ?? '12em', '--code-max': props.maxHeight ?? '60vh' } as React.CSSProperties
  return (
    <div className={props.fill ? 'code fill' : 'code'} style={style}>
      <div ref={box} className="code-box" />
      <span id={help} className="sr">{readOnly ? t('code.reading') : t('code.leave')}</span>
    </div>
  )
}

const basics: Extension = [
  lineNumbers(), foldGutter(), lintGutter(), highlightActiveLine(), highlightActiveLineGutter(), history(), drawSelection(), indentOnInput(), bracketMatching(),
  closeBrackets(), autocompletion({ icons: false }), highlightSelectionMatches(), search({ top: true }), indentUnit.of('  '), EditorState.tabSize.of(2),
  // Tab indents; Escape and then Tab leaves, which the view knows by itself.
  keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap, ...lintKeymap, indentWithTab]),
  look,
]

function writing({ readOnly, onChange }: CodeEditorProps): Extension {
  const closed = readOnly === true || onChange === undefined
  // It can be walked through and read aloud also when it cannot be written.
  return [EditorState.readOnly.of(closed), EditorView.contentAttributes.of(closed ? { 'aria-readonly': 'true' } : {})]
}

async function completed(context: CompletionContext, { completions, readOnly }: CodeEditorProps) {
  if (!completions || readOnly) return null
  const list = await completions({ text: context.state.doc.toString(), offset: context.pos, explicit: context.explicit })
  if (!list || context.aborted) return null
  return { from: list.from, options: list.options as Completion[], validFor: /^[\w$]*$/ }
}

function hovered(said: string): HTMLElement {
  const dom = document.createElement('div')
  dom.className = 'cm-hover'
  dom.textContent = said
  return dom
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
