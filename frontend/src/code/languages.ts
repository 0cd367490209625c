import { javascript } from '@codemirror/lang-javascript'
import { json } from '@codemirror/lang-json'
import { python } from '@codemirror/lang-python'
import { yaml } from '@codemirror/lang-yaml'
import { EditorView } from '@codemirror/view'
import type { Extension } from '@codemirror/state'
import type { Language } from './types'

/** Code keeps its lines; data and prose are wrapped. */
export function languageOf(language: Language): Extension {
  return language === 'typescript' || language === 'python' ? grammarOf(language) : [grammarOf(language), EditorView.lineWrapping]
}

function grammarOf(language: Language): Extension {
  switch (language) {
    case 'typescript': return javascript({ typescript: true })
    case 'json': return json()
    case 'python': return python()
    case 'yaml': return yaml()
    default: return []
  }
}
