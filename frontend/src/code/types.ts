// What a code editor takes and gives, in words that know no editor library.

export type Language = 'yaml' | 'typescript' | 'json' | 'python' | 'text'

/** Something to say about a place. Lines and columns count from 1, columns in characters. */
export interface Diagnostic {
  line: number
  column: number
  endLine?: number
  endColumn?: number
  message: string
  severity: 'error' | 'warning' | 'info'
}

export interface Completion {
  label: string
  /** What it is: decides the sign before it. */
  type?: 'class' | 'constant' | 'enum' | 'function' | 'interface' | 'keyword' | 'method' | 'property' | 'text' | 'type' | 'variable'
  /** A few words beside the label, such as a type. */
  detail?: string
  /** Help, shown for the chosen one. */
  info?: string
  /** What is put in when it is not the label. */
  apply?: string
  boost?: number
}

export interface CompletionList {
  /** Where the text begins that a chosen one replaces; it ends at the cursor. */
  from: number
  options: Completion[]
}

export interface Cursor {
  text: string
  offset: number // in UTF-16 units
  explicit: boolean // asked for by Ctrl-Space
}

export type CompletionSource = (at: Cursor) => CompletionList | null | Promise<CompletionList | null>

/** Tells about what is under the pointer; plain text. */
export type HoverSource = (at: Omit<Cursor, 'explicit'>) => Promise<string | undefined>

export interface CodeEditorProps {
  /** What a screen reader calls it. */
  label: string
  value: string
  /** Without it the text can only be read. */
  onChange?: (value: string) => void
  language: Language
  readOnly?: boolean
  diagnostics?: Diagnostic[]
  completions?: CompletionSource
  hover?: HoverSource
  /** Ctrl-S and Ctrl-Enter. */
  onSave?: () => void
  /** Which document this is: each keeps its own undo and place while the editor is there. */
  document?: string
  /** Goes to a place when another object is given. */
  at?: { line: number; column: number } | undefined
  /** CSS heights; by default it grows with its text, from 8 lines on, up to 60 % of the window. */
  minHeight?: string
  maxHeight?: string
  /** Fills its parent, a flex column. */
  fill?: boolean
}
