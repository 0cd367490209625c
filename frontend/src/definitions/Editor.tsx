// One definition in its form: draft, faults at their fields, review, conflict.
import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { may } from '../api/role'
import { problemOf } from '../api/http'
import type { Cluster, Definition, Kind } from '../api/types'
import { same } from '../diff/diff'
import { check, place, shownPointers, type Fault } from '../form/check'
import { FormParts, type FormContext } from '../form/context'
import { Fields } from '../form/Fields'
import { prune, type Field } from '../form/model'
import { setAt } from '../form/pointer'
import { go, href } from '../shell/router'
import { t } from '../text'
import { notify } from '../ui/notice'
import { Ago } from '../ui/time'
import { Conflict } from './Conflict'
import { forgetDraft, keepDraft, readDraft } from './draft'
import { Review } from './Review'
import { conflictOf, nameFault, save, specFaults } from './save'
import { useNames } from './names'

interface Props {
  cluster: Cluster
  kind: Kind
  fields: Field[]
  /** What is stored; undefined while a new one is made. */
  stored?: Definition
  /** Where a new one begins, such as a copy. */
  start?: unknown
}

interface Edit {
  name: string
  spec: unknown
  base: unknown
  version: number
  restored?: string
}

export function Editor({ cluster, kind, fields, stored, start }: Props) {
  const queries = useQueryClient()
  const [edit, setEdit] = useState<Edit>(() => begin(cluster, kind, stored, start))
  const [faults, setFaults] = useState<Fault[]>([])
  const [step, setStep] = useState<'review' | 'conflict'>()
  const names = useNames(cluster)
  const form = useRef<HTMLDivElement>(null)
  const writes = may(cluster, 'developer')
  const spec = useMemo(() => prune(fields, edit.spec), [fields, edit.spec])
  const dirty = !same(spec, edit.base) || edit.version === 0
  const behind = stored !== undefined && stored.version > edit.version

  // Without edits the form follows what is stored.
  useEffect(() => {
    if (stored && behind && same(edit.spec, edit.base)) setEdit({ name: stored.name, spec: stored.spec, base: stored.spec, version: stored.version })
  }, [stored, behind, edit])
  useEffect(() => {
    keepDraft([cluster.id, kind.name, stored?.name ?? ''], fields, { spec: edit.spec, base: edit.base, version: edit.version })
  }, [cluster.id, kind.name, stored?.name, fields, edit])

  const write = useMutation({
    mutationFn: (reason: string) => save(cluster, { kind: kind.name, name: edit.name, spec, version: edit.version, reason }),
    onSuccess: (written) => {
      forgetDraft(cluster.id, kind.name, stored?.name ?? '')
      setEdit({ name: written.name, spec: written.spec, base: written.spec, version: written.version })
      setStep(undefined)
      setFaults([])
      queries.setQueryData(['c', cluster.id, 'definition', kind.name, written.name], written)
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
      const trouble = written.problems?.find((one) => one.name === written.name)
      notify(trouble ? t('save.notInForce', { why: trouble.reason }) : t('save.done', { revision: written.revision }), trouble !== undefined)
      if (!stored) go(href(['c', cluster.id, 'd', kind.name, written.name]))
    },
    onError: (error) => {
      if (conflictOf(error) && stored) setStep('conflict')
      else if ((problemOf(error).errors ?? []).length > 0) showFaults(specFaults(problemOf(error), false))
    },
  })
  const showFaults = (found: Fault[]) => {
    setFaults(found)
    setStep(undefined)
    setTimeout(() => form.current?.querySelector('.fault, .box.bad')?.scrollIntoView({ block: 'center' }))
  }
  const review = () => {
    const found = check(fields, spec, t)
    if (edit.name.trim() === '') found.unshift({ pointer: nameFault, message: t('check.required') })
    if (found.length > 0) showFaults(found)
    else {
      write.reset()
      setFaults([])
      setStep('review')
    }
  }
  const discard = () => {
    forgetDraft(cluster.id, kind.name, stored?.name ?? '')
    setFaults([])
    if (stored) setEdit({ name: stored.name, spec: stored.spec, base: stored.spec, version: stored.version })
    else go(href(['c', cluster.id, 'd', kind.name]))
  }
  const placed = place(faults.filter((fault) => fault.pointer !== nameFault), new Set(shownPointers(fields, spec)))
  const parts: FormContext = {
    spec, stored: edit.base, faults: placed.at, readOnly: !writes, names,
    link: (other, name) => href(['c', cluster.id, 'd', other, name]),
    change: (path, value) => setEdit((now) => ({ ...now, spec: setAt(now.spec, path, value) ?? {} })),
  }
  const theirs = conflictOf(write.error) ?? (behind ? stored : undefined)
  return (
    <div ref={form} data-saves onKeyDown={(event) => {
      if (!writes || !dirty || !(event.ctrlKey || event.metaKey) || event.key !== 's') return
      event.preventDefault()
      review()
    }}>
      {edit.restored && <div className="box warn small row"><span className="grow">{t('draft.restored')} <Ago at={edit.restored} />. {t('draft.noSecrets')}</span><Button variant="default" onClick={discard}>{t('action.discard')}</Button></div>}
      {behind && dirty && <div className="box warn row"><span className="grow">{t('conflict.meanwhile')} <Ago at={stored.updated} /></span><Button variant="default" onClick={() => setStep('conflict')}>{t('conflict.look')}</Button></div>}
      {placed.rest.length > 0 && <div className="box bad" role="alert">{placed.rest.map((fault) => <div key={fault.pointer + fault.message}><code>{fault.pointer}</code> {fault.message}</div>)}</div>}
      <FormParts value={parts}>
        <div className="form">
          {!stored && (
            <div className="field">
              <label className="label" htmlFor="name">{t('column.name')}</label>
              <TextInput id="name" value={edit.name} autoFocus error={faults.find((fault) => fault.pointer === nameFault)?.message} onChange={(event) => setEdit({ ...edit, name: event.currentTarget.value })} />
            </div>
          )}
          <Fields fields={fields} at={[]} />
          {writes && (
            <div className="foot">
              <Button disabled={!dirty} onClick={review}>{t('save.review')}</Button>
              {(dirty || !stored) && <Button variant="default" onClick={discard}>{stored ? t('action.discard') : t('action.cancel')}</Button>}
              {dirty && stored && <span className="quiet small">{t('save.unsaved')}</span>}
            </div>
          )}
        </div>
      </FormParts>
      {step === 'review' && (
        <Review
          cluster={cluster} fields={fields} before={stored ? edit.base : {}} title={t('save.title', { name: edit.name })} busy={write.isPending} failure={write.error}
          wanted={{ kind: kind.name, name: edit.name.trim(), spec, version: edit.version, reason: '' }} onSave={(reason) => write.mutate(reason)} onFaults={showFaults} onClose={() => setStep(undefined)}
        />
      )}
      {step === 'conflict' && theirs && (
        <Conflict
          base={edit.base} mine={spec} theirs={theirs} onClose={() => setStep(undefined)}
          onMerged={(merged) => {
            setEdit({ name: theirs.name, spec: merged, base: theirs.spec, version: theirs.version })
            write.reset()
            setStep(undefined)
          }}
        />
      )}
    </div>
  )
}

function begin(cluster: Cluster, kind: Kind, stored: Definition | undefined, start: unknown): Edit {
  const draft = start === undefined ? readDraft(cluster.id, kind.name, stored?.name ?? '') : null
  if (draft && (draft.version === 0) === (stored === undefined)) return { name: stored?.name ?? '', spec: draft.spec, base: draft.base, version: draft.version, restored: draft.at }
  if (stored) return { name: stored.name, spec: stored.spec, base: stored.spec, version: stored.version }
  return { name: '', spec: start ?? {}, base: {}, version: 0 }
}
