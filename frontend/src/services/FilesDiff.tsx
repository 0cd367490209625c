// What differs between two versions of a package: file by file, line by line.
import type { File } from '../api/types'
import { t } from '../text'
import { changedFiles, isText, textOf, type Files } from './files'
import { diffLines, hunks } from './lines'

export function FilesDiff({ before, after, open = 5 }: { before: Files; after: Files; open?: number }) {
  const changes = changedFiles(before, after)
  if (changes.length === 0) return <p className="quiet">{t('source.same')}</p>
  return (
    <div className="changes">
      {changes.map((change) => (
        <details key={change.path} className="entry change" data-op={!change.before ? 'create' : !change.after ? 'delete' : 'update'} open={changes.length <= open}>
          <summary>
            <span className="op">{t(!change.before ? 'op.create' : !change.after ? 'op.delete' : 'op.update')}</span>
            <code className="grow cut">{change.path}</code>
          </summary>
          <div><TextDiff path={change.path} before={change.before} after={change.after} /></div>
        </details>
      ))}
    </div>
  )
}

function TextDiff({ path, before, after }: { path: string; before?: File | undefined; after?: File | undefined }) {
  if ((before && !isText(before)) || (after && !isText(after))) return <p className="quiet">{t('source.binary')}</p>
  const lines = hunks(diffLines(textOf(before), textOf(after)))
  if (lines.length === 0) return <p className="quiet">{t('source.ending')}</p>
  return (
    <pre className="yaml lines numbered" tabIndex={0} aria-label={t('source.diffOf', { path })}>
      {lines.map((line, i) => line
        ? <span key={i} data-sign={line.sign}><span className="number">{line.before ?? ''}</span><span className="number">{line.after ?? ''}</span><span className="sign">{line.sign}</span>{line.text}{'\n'}</span>
        : <span key={i} className="gap">⋯{'\n'}</span>)}
    </pre>
  )
}
