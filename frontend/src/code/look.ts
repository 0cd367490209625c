// How code looks: the tokens of the design system, so that every look has its code.
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

const highlight = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword], color: 'var(--sb-code-keyword)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.character], color: 'var(--sb-code-string)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--sb-code-number)' },
  { tag: [tags.comment, tags.meta], color: 'var(--sb-quiet)', fontStyle: 'italic' },
  { tag: [tags.typeName, tags.className, tags.namespace], color: 'var(--sb-code-type)' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.definition(tags.propertyName), tags.propertyName], color: 'var(--sb-code-name)' },
  { tag: tags.invalid, color: 'var(--sb-down)' },
  { tag: tags.heading, fontWeight: '600' },
])

const view = EditorView.theme({
  '&': { color: 'var(--sb-text)', backgroundColor: 'var(--sb-bg)', border: '1px solid var(--sb-line)', borderRadius: '6px', fontSize: 'var(--sb-body)' },
  '&.cm-focused': { outline: 'none', boxShadow: 'var(--sb-ring)' },
  // The scroller and not the whole cuts off: in WebKitGTK completions would be cut off too.
  '.cm-scroller': { fontFamily: 'var(--sb-mono)', lineHeight: '1.5', overflow: 'auto', borderRadius: '5px' },
  '.cm-content': { padding: '6px 0', caretColor: 'var(--sb-text)' },
  '.cm-cursor, .cm-dropCursor': { borderLeftColor: 'var(--sb-text)', borderLeftWidth: '2px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { background: 'var(--sb-code-selected) !important' },
  '.cm-gutters': { backgroundColor: 'var(--sb-side)', color: 'var(--sb-quiet)', borderRight: '1px solid var(--sb-line)' },
  '.cm-activeLine': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine': { backgroundColor: 'var(--sb-code-line)' },
  '.cm-activeLineGutter': { backgroundColor: 'var(--sb-hover)', color: 'var(--sb-text)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--sb-chosen)', outline: '1px solid var(--sb-accent)' },
  '.cm-searchMatch': { backgroundColor: 'var(--sb-warn)', outline: '1px solid var(--sb-unknown)' },
  '.cm-searchMatch-selected': { backgroundColor: 'var(--sb-chosen)' },
  '.cm-selectionMatch': { backgroundColor: 'var(--sb-hover)' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--sb-hover)', border: '1px solid var(--sb-line)', color: 'var(--sb-quiet)', padding: '0 4px' },
  '.cm-panels': { backgroundColor: 'var(--sb-side)', color: 'var(--sb-text)', fontFamily: 'var(--sb-font)' },
  '.cm-panels.cm-panels-top': { borderBottom: '1px solid var(--sb-line)' },
  '.cm-panels.cm-panels-bottom': { borderTop: '1px solid var(--sb-line)' },
  '.cm-textfield': { backgroundColor: 'var(--sb-bg)', color: 'var(--sb-text)', border: '1px solid var(--sb-line)', borderRadius: '4px', fontSize: 'var(--sb-small)' },
  '.cm-button': { background: 'var(--sb-bg)', color: 'var(--sb-text)', border: '1px solid var(--sb-line)', borderRadius: '4px', fontSize: 'var(--sb-small)' },
  '.cm-panel.cm-search label': { fontSize: 'var(--sb-small)' },
  '.cm-panel.cm-search [name=close], .cm-panel.cm-panel-lint [name=close]': { color: 'var(--sb-text)', fontSize: '16px' },
  '.cm-tooltip': { backgroundColor: 'var(--sb-raised)', color: 'var(--sb-text)', border: '1px solid var(--sb-line)', borderRadius: '4px', maxWidth: '70ch', zIndex: '300' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--sb-mono)', fontSize: 'var(--sb-small)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '2px 6px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--sb-chosen)', color: 'var(--sb-text)' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
  '.cm-completionDetail': { color: 'var(--sb-quiet)', fontStyle: 'normal' },
  '.cm-completionInfo': { padding: '6px 10px', whiteSpace: 'pre-wrap', fontSize: 'var(--sb-small)' },
  '.cm-hover': { padding: '6px 10px', whiteSpace: 'pre-wrap', fontFamily: 'var(--sb-mono)', fontSize: 'var(--sb-small)', maxHeight: '40vh', overflow: 'auto' },
  '.cm-diagnostic': { padding: '4px 10px', fontSize: 'var(--sb-small)', whiteSpace: 'pre-wrap' },
  '.cm-diagnostic-error': { borderLeft: '4px solid var(--sb-down)' },
  '.cm-diagnostic-warning': { borderLeft: '4px solid var(--sb-unknown)' },
  '.cm-diagnostic-info': { borderLeft: '4px solid var(--sb-focus)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--sb-down)', textUnderlineOffset: '3px' },
  '.cm-lintRange-warning': { backgroundImage: 'none', textDecoration: 'underline wavy var(--sb-unknown)', textUnderlineOffset: '3px' },
  '.cm-lintRange-info': { backgroundImage: 'none', textDecoration: 'underline dotted var(--sb-focus)', textUnderlineOffset: '3px' },
  '.cm-lint-marker': { width: '0.8em', height: '0.8em', borderRadius: '50%', marginTop: '0.35em', content: '""' },
  '.cm-lint-marker-error': { content: '""', backgroundColor: 'var(--sb-down)', borderRadius: '1px' },
  '.cm-lint-marker-warning': { content: '""', backgroundColor: 'var(--sb-unknown)' },
  '.cm-lint-marker-info': { content: '""', backgroundColor: 'var(--sb-focus)' },
  '.cm-lintPoint::after': { borderBottomColor: 'var(--sb-down)' },
})

export const look = [view, syntaxHighlighting(highlight)]
