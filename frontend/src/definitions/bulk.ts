// The same act on many definitions, one after the other, each with its own result.
import { problemOf } from '../api/http'
import type { Definition } from '../api/types'
import { t } from '../text'
import type { Done } from './undo'

export interface Outcome {
  name: string
  /** Why it was not done; empty when it was. */
  fault: string
}

export interface Progress {
  outcomes: Outcome[]
  done: Done[]
  running: boolean
}

/** Runs until all are done or stop is true; what was done stays done. */
export async function runBulk(rows: readonly Definition[], act: (row: Definition) => Promise<Done | undefined>, tell: (progress: Progress) => void, stopped: () => boolean): Promise<void> {
  const outcomes: Outcome[] = []
  const done: Done[] = []
  for (const row of rows) {
    if (stopped()) outcomes.push({ name: row.name, fault: t('bulk.stopped') })
    else {
      try {
        const one = await act(row)
        if (one) done.push(one)
        outcomes.push({ name: row.name, fault: '' })
      } catch (error) {
        outcomes.push({ name: row.name, fault: problemOf(error).detail ?? t('error.title.refused') })
      }
      if (outcomes.length % 10 === 0) tell({ outcomes: [...outcomes], done: [...done], running: true })
    }
  }
  tell({ outcomes, done, running: false })
}
