// Differences as a table of before and after. What is secret is never shown.
import { veiled } from '../form/secrets'
import { t } from '../text'
import { unsealed } from './diff'

interface Props {
  changes: readonly { pointer: string; before?: unknown; after?: unknown }[]
  /** Pointers of what was typed in clear and must not be read over a shoulder. */
  secrets?: ReadonlySet<string>
  heads?: [string, string]
}

const none: ReadonlySet<string> = new Set()

export function DiffTable({ changes, secrets = none, heads = [t('diff.before'), t('diff.after')] }: Props) {
  if (changes.length === 0) return <p className="quiet">{t('diff.none')}</p>
  return (
    <table className="diff">
      <thead>
        <tr><th style={{ width: '26%' }}>{t('diff.place')}</th><th>{heads[0]}</th><th>{heads[1]}</th></tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.pointer}>
            <td>{change.pointer.slice(1) || '/'}</td>
            <td className={change.before === undefined ? 'quiet' : 'old'}>{show(veiled(change.pointer, change.before, secrets, '•••'))}</td>
            <td className={change.after === undefined ? 'quiet' : 'new'}>{show(veiled(change.pointer, change.after, secrets, '•••'))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

export function show(value: unknown): string {
  if (value === undefined) return t('diff.unset')
  if (typeof value === 'string') return value === '' ? '""' : value
  return JSON.stringify(unsealed(value), null, 1)
}
