import { useRef, useState } from 'react'
import { problemOf } from '../api/http'
import type { Definition } from '../api/types'
import { check, type Fault } from '../form/check'
import { go, href } from '../shell/router'
import { t } from '../text'
import { forgetDraft, type Errand } from './draft'
import { conflictOf, nameFault, specFaults } from './save'
import { asStored, type Edit, type Editing, type Subject } from './useEdit'
import { useWrite } from './useWrite'

/** The way of an edit to what is stored: its faults, the review, the write, a conflict; or it is given up. */
export function useSaving({ cluster, kind, fields, stored }: Subject, { edit, setEdit, spec, behind }: Editing, errand: Errand | undefined) {
  const [faults, setFaults] = useState<Fault[]>([])
  const [step, setStep] = useState<'review' | 'conflict'>()
  const box = useRef<HTMLDivElement>(null)
  const close = () => setStep(undefined)
  const showFaults = (found: Fault[]) => {
    setFaults(found)
    close()
    setTimeout(() => box.current?.querySelector('.fault, .box.bad')?.scrollIntoView({ block: 'center' }))
  }
  const write = useWrite({
    cluster, kind, stored, errand, edit, spec,
    onDone: (written) => {
      setEdit((now) => ({ ...asStored(written), ...textOf(now) }))
      close()
      setFaults([])
    },
    onRefused: (error) => {
      if (conflictOf(error) && stored) setStep('conflict')
      else if ((problemOf(error).errors ?? []).length > 0) showFaults(specFaults(problemOf(error), false))
    },
  })
  const review = () => {
    const found = check(fields, spec, t)
    if (edit.name.trim() === '') found.unshift({ pointer: nameFault, message: t('check.required') })
    if (found.length > 0) showFaults(found)
    else if (!edit.broken) {
      write.reset()
      setFaults([])
      setStep('review')
    }
  }
  const discard = () => {
    forgetDraft(cluster.id, kind.name, stored?.name ?? '')
    setFaults([])
    if (stored) setEdit(asStored(stored))
    else go(href(['c', cluster.id, 'd', kind.name]))
  }
  const merge = (theirs: Definition, merged: unknown) => {
    setEdit((now) => ({ ...asStored(theirs), spec: merged, ...textOf(now) }))
    write.reset()
    close()
  }
  const theirs = conflictOf(write.error) ?? (behind ? stored : undefined)
  return { box, faults, step, setStep, showFaults, write, review, discard, theirs, merge }
}

/** What is kept of an edit when another one begins: its text. */
const textOf = ({ text }: Edit) => (text === undefined ? {} : { text })
