// The states that every screen has: loading, nothing there, refused or failed.
import { Button, Loader } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import { useEffect, useState, type ReactNode } from 'react'
import { problemOf } from '../api/http'
import type { Problem } from '../api/types'
import { t } from '../text'

/** Shown only after a moment, so that a fast answer does not flicker. */
export function Loading() {
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 250)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div className="blank" role="status" aria-live="polite">
      {late && <Loader size="sm" type="dots" />}
      <span className="sr">{t('state.loading')}</span>
    </div>
  )
}

export function Blank({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="blank">
      <h2>{title}</h2>
      {children}
    </div>
  )
}

/** What failed, why, what to try, and the id under which the log has it. */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = problemOf(error)
  return (
    <div className="box bad" role="alert">
      <strong>{titleOf(problem)}</strong>
      <p>{problem.detail}</p>
      {problem.errors && problem.errors.length > 0 && (
        <ul>
          {problem.errors.map((fault) => (
            <li key={fault.pointer + fault.message}>
              {fault.pointer && <code>{fault.pointer}</code>} {fault.message}
            </li>
          ))}
        </ul>
      )}
      <div className="row wrap">
        {retry && <Button variant="default" onClick={retry}>{t('action.retry')}</Button>}
        {problem.cid && <span className="small quiet">{t('error.cid')} <code>{problem.cid}</code></span>}
      </div>
    </div>
  )
}

function titleOf(problem: Problem): string {
  if (problem.status === 0) return t('error.title.app')
  if (problem.status === 403) return t('error.title.forbidden')
  if (problem.status === 404) return t('error.title.missing')
  return problem.status >= 500 ? t('error.title.away') : t('error.title.refused')
}

/** Shows data as soon as there is some; a failure to read it anew stands above what is old. */
export function Shown<T>({ of, children }: { of: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  if (of.data === undefined) {
    if (of.isError) return <Failed error={of.error} retry={() => void of.refetch()} />
    return <Loading />
  }
  return (
    <>
      {of.isError && <div className="box warn small" role="status">{t('state.old', { why: problemOf(of.error).detail ?? '' })}</div>}
      {children(of.data)}
    </>
  )
}
