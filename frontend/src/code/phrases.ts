import { t } from '../text'

/** The words of CodeMirror's own panels in the reader's language. */
export function phrases(): Record<string, string> {
  return {
    'Find': t('code.find'), 'Replace': t('code.replaceWith'), 'next': t('code.next'), 'previous': t('code.previous'), 'all': t('code.all'),
    'match case': t('code.case'), 'regexp': t('code.regexp'), 'by word': t('code.word'), 'replace': t('code.replace'), 'replace all': t('code.replaceAll'),
    'close': t('action.close'), 'Go to line': t('code.line'), 'go': t('code.go'), 'Diagnostics': t('code.problems'), 'No diagnostics': t('code.noProblems'),
    'current match': t('code.current'), 'on line': t('code.onLine'), 'Completions': t('code.completions'), 'Fold line': t('code.fold'), 'Unfold line': t('code.unfold'),
    'replaced $ matches': t('code.replaced'), 'replaced match on line $': t('code.replacedLine'),
  }
}
