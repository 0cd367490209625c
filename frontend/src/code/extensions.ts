// What the editor is made of.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type Completion, type CompletionContext } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { bracketMatching, foldGutter, foldKeymap, indentOnInput, indentUnit } from '@codemirror/language'
import { lintGutter, lintKeymap } from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { EditorState, Prec, type Extension } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, hoverTooltip, keymap, lineNumbers } from '@codemirror/view'
import { look } from './look'
import type { CodeEditorProps } from './types'

export const basics: Extension = [
  lineNumbers(), foldGutter(), lintGutter(), highlightActiveLine(), highlightActiveLineGutter(), history(), drawSelection(), indentOnInput(), bracketMatching(),
  closeBrackets(), autocompletion({ icons: false }), highlightSelectionMatches(), search({ top: true }), indentUnit.of('  '), EditorState.tabSize.of(2),
  // Tab indents; Escape and then Tab leaves, which the view knows by itself.
  keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap, ...lintKeymap, indentWithTab]),
  look,
]

export const isReadOnly = ({ readOnly, onChange }: CodeEditorProps) => readOnly === true || onChange === undefined

export function writing(props: CodeEditorProps): Extension {
  const closed = isReadOnly(props)
  // It can be walked through and read aloud also when it cannot be written.
  return [EditorState.readOnly.of(closed), EditorView.contentAttributes.of(closed ? { 'aria-readonly': 'true' } : {})]
}

/** What asks the properties as they are when it is asked; help is the id of what describes the editor. */
export function asking(now: { readonly current: CodeEditorProps }, help: string): Extension {
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
