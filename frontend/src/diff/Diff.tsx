// Differences as a table of before and after. What is secret is never shown.
import { t } from '../text'
import { isSecretRef } from './diff'

interface Props {
  changes: readonly { pointer: string; before?: unknown; after?: unknown }[]
  /** Pointers of what was typed in clear and must not be read over a shoulder. */
  secrets?: ReadonlySet<string>
  heads?: [string, string]
}

export function DiffTable({ changes, secrets, heads = [t('diff.before'), t('diff.after')] }: Props) {
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
            <td className={change.before === undefined ? 'quiet' : 'old'}>{show(change.before, secrets?.has(change.pointer))}</td>
            <td className={change.after === undefined ? 'quiet' : 'new'}>{show(change.after, secrets?.has(change.pointer))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

export function show(value: unknown, secret = false): string {
  if (value === undefined) return t('diff.unset')
  if (secret && typeof value === 'string') return '•••'
  if (typeof value === 'string') return value === '' ? '""' : value
  return JSON.stringify(hidden(value), null, 1)
}

/** Sealed secrets as dots: their cipher text says nothing to a person. */
function hidden(value: unknown): unknown {
  if (isSecretRef(value)) return value.ref.startsWith('sealed:') ? '•••' : value
  if (Array.isArray(value)) return value.map(hidden)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, hidden(one)]))
}

