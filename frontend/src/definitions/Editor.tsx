// One definition as form or as text: one draft, faults at their places, review, conflict.
import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react'
import { may } from '../api/role'
import { problemOf } from '../api/http'
import type { Cluster, Definition, Kind, Written } from '../api/types'
import { same } from '../diff/diff'
import { check, place, shownPointers, type Fault } from '../form/check'
import { FormParts, type FormContext } from '../form/context'
import { Fields } from '../form/Fields'
import { prune, type Field } from '../form/model'
import { setAt } from '../form/pointer'
import { useActions } from '../shell/actions'
import { go, href } from '../shell/router'
import { t } from '../text'
import { notify } from '../ui/notice'
import { Loading } from '../ui/states'
import { Ago } from '../ui/time'
import { Conflict } from './Conflict'
import { forgetDraft, keepDraft, readDraft, type Errand } from './draft'
import { useNames } from './names'
import { Review } from './Review'
import { conflictOf, nameFault, save, specFaults } from './save'
import { offerUndo, type Done } from './undo'
import { ChangedBy } from './Writer'

const Yaml = lazy(() => import('./Yaml'))

interface Props {
  cluster: Cluster
  kind: Kind
  fields: Field[]
  view?: 'form' | 'yaml'
  /** What is stored; undefined while a new one is made. */
  stored?: Definition
  /** Where a new one begins, such as a copy. */
  start?: { name: string; spec: unknown }
  /** A form that waits for the new one, to refer to it. */
  errand?: Errand | undefined
}

interface Edit {
  name: string
  spec: unknown
  base: unknown
  version: number
  restored?: string
  /** The text as it was typed, with its comments. */
  text?: string
  /** The text cannot be read: the spec is what could be read before. */
  broken?: boolean
}

export function Editor({ cluster, kind, fields, view = 'form', stored, start, errand }: Props) {
  const queries = useQueryClient()
  const [edit, setEdit] = useState<Edit>(() => begin(cluster, kind, stored, start))
  const [faults, setFaults] = useState<Fault[]>([])
  const [step, setStep] = useState<'review' | 'conflict'>()
  const names = useNames(cluster)
  const form = useRef<HTMLDivElement>(null)
  const writes = may(cluster, 'developer')
  const spec = useMemo(() => prune(fields, edit.spec), [fields, edit.spec])
  const dirty = !same(spec, edit.base) || edit.version === 0 || edit.broken === true
  const behind = stored !== undefined && stored.version > edit.version

  // Without edits the form follows what is stored.
  useEffect(() => {
    if (stored && behind && same(edit.spec, edit.base)) setEdit(asStored(stored))
  }, [stored, behind, edit])
  useEffect(() => {
    keepDraft([cluster.id, kind.name, stored?.name ?? ''], fields, { name: edit.name, spec: edit.spec, base: edit.base, version: edit.version })
  }, [cluster.id, kind.name, stored?.name, fields, edit])

  const write = useMutation({
    mutationFn: (reason: string) => save(cluster, { kind: kind.name, name: edit.name.trim(), spec, version: edit.version, reason }),
    onSuccess: (written) => {
      forgetDraft(cluster.id, kind.name, stored?.name ?? '')
      const before = edit.base
      setEdit((now) => ({ ...asStored(written), ...(now.text !== undefined && { text: now.text }) }))
      setStep(undefined)
      setFaults([])
      queries.setQueryData(['c', cluster.id, 'definition', kind.name, written.name], written)
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
      tell(written, before)
      if (errand && !stored) finish(errand, written.name)
      else if (!stored) go(href(['c', cluster.id, 'd', kind.name, written.name]))
    },
    onError: (error) => {
      if (conflictOf(error) && stored) setStep('conflict')
      else if ((problemOf(error).errors ?? []).length > 0) showFaults(specFaults(problemOf(error), false))
    },
  })
  const tell = (written: Written, before: unknown) => {
    const trouble = written.problems?.find((one) => one.name === written.name)
    if (trouble) notify(t('save.notInForce', { why: trouble.reason }), true)
    if (!written.changed) return notify(t('save.done', { revision: written.revision }))
    const done: Done = stored
      ? { op: 'update', kind: kind.name, name: written.name, version: written.version, before }
      : { op: 'create', kind: kind.name, name: written.name, version: written.version }
    offerUndo(queries, cluster, t('save.done', { revision: written.revision }), [done], () => { if (!stored && location.hash.endsWith(`/${kind.name}/${encodeURIComponent(written.name)}`)) go(href(['c', cluster.id, 'd', kind.name])) })
  }
  const showFaults = (found: Fault[]) => {
    setFaults(found)
    setStep(undefined)
    setTimeout(() => form.current?.querySelector('.fault, .box.bad')?.scrollIntoView({ block: 'center' }))
  }
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
  useActions(writes && dirty ? [{ title: t('save.review'), run: review }, { title: t('action.discard'), run: discard }] : [])
  const placed = place(faults.filter((fault) => fault.pointer !== nameFault), new Set(shownPointers(fields, spec)))
  const parts: FormContext = {
    spec, stored: edit.base, faults: placed.at, readOnly: !writes, names,
    link: (other, name) => href(['c', cluster.id, 'd', other, name]),
    ...(writes && { make: (other: string, pointer: string) => href(['c', cluster.id, 'new', other], { for: kind.name, name: stored?.name ?? '', at: pointer }) }),
    change: (path, value) => setEdit(({ broken: _, ...now }) => ({ ...now, spec: setAt(now.spec, path, value) ?? {} })),
  }
  const theirs = conflictOf(write.error) ?? (behind ? stored : undefined)
  return (
    <div ref={form} data-saves onKeyDown={(event) => {
      if (!writes || !dirty || event.defaultPrevented || !(event.ctrlKey || event.metaKey) || event.key !== 's') return
      event.preventDefault()
      review()
    }}>
      {edit.restored && <div className="box warn small row"><span className="grow">{t('draft.restored')} <Ago at={edit.restored} />. {t('draft.noSecrets')}</span><Button variant="default" onClick={discard}>{t('action.discard')}</Button></div>}
      {behind && dirty && <div className="box warn row" role="status"><span className="grow">{t('conflict.meanwhile')} <ChangedBy cluster={cluster} definition={stored} />.</span><Button variant="default" onClick={() => setStep('conflict')}>{t('conflict.look')}</Button></div>}
      {placed.rest.length > 0 && <div className="box bad" role="alert">{placed.rest.map((fault) => <div key={fault.pointer + fault.message}><code>{fault.pointer}</code> {fault.message}</div>)}</div>}
      {edit.broken && view === 'form' && <div className="box warn small" role="status">{t('yaml.broken')}</div>}
      <FormParts value={parts}>
        <div className={view === 'form' ? 'form' : 'form wide'}>
          {!stored && (
            <div className="field">
              <label className="label" htmlFor="name">{t('column.name')}</label>
              <TextInput id="name" value={edit.name} autoFocus error={faults.find((fault) => fault.pointer === nameFault)?.message} onChange={(event) => setEdit({ ...edit, name: event.currentTarget.value })} />
            </div>
          )}
          {view === 'form'
            ? <Fields fields={fields} at={[]} />
            : (
              <div>
                <Suspense fallback={<Loading />}>
                  <Yaml
                    kind={kind.name} name={edit.name} stored={stored !== undefined} spec={spec} fields={fields} readOnly={!writes} faults={faults.filter((fault) => fault.pointer !== nameFault)} names={names} text={edit.text}
                    onChange={(text, read) => setEdit(({ broken: _, ...now }) => ({ ...now, text, ...(read.spec ? { spec: read.spec } : { broken: true }), ...(!stored && read.name !== undefined && { name: read.name }) }))}
                    onSave={() => { if (writes && dirty) review() }}
                  />
                </Suspense>
              </div>
            )}
          {writes && (
            <div className="foot">
              <Button disabled={!dirty || edit.broken === true} onClick={review}>{t('save.review')}</Button>
              {(dirty || !stored) && <Button variant="default" onClick={discard}>{stored ? t('action.discard') : t('action.cancel')}</Button>}
              {dirty && stored && <span className="quiet small">{t('save.unsaved')}</span>}
            </div>
          )}
        </div>
      </FormParts>
      {step === 'review' && (
        <Review
          cluster={cluster} fields={fields} before={stored ? edit.base : {}} title={t('save.title', { name: edit.name })} busy={write.isPending} failure={write.error} stored={stored}
          wanted={{ kind: kind.name, name: edit.name.trim(), spec, version: edit.version, reason: '' }} onSave={(reason) => write.mutate(reason)} onFaults={showFaults} onClose={() => setStep(undefined)}
        />
      )}
      {step === 'conflict' && theirs && (
        <Conflict
          cluster={cluster} base={edit.base} mine={spec} theirs={theirs} onClose={() => setStep(undefined)}
          onMerged={(merged) => {
            setEdit((now) => ({ name: theirs.name, spec: merged, base: theirs.spec, version: theirs.version, ...(now.text !== undefined && { text: now.text }) }))
            write.reset()
            setStep(undefined)
          }}
        />
      )}
    </div>
  )
}

const asStored = (one: Definition): Edit => ({ name: one.name, spec: one.spec, base: one.spec, version: one.version })

function begin(cluster: Cluster, kind: Kind, stored: Definition | undefined, start: Props['start']): Edit {
  const draft = start === undefined ? readDraft(cluster.id, kind.name, stored?.name ?? '') : null
  if (draft && (draft.version === 0) === (stored === undefined)) return { name: stored?.name ?? draft.name ?? '', spec: draft.spec, base: draft.base, version: draft.version, restored: draft.at }
  if (stored) return asStored(stored)
  return { name: start?.name ?? '', spec: start?.spec ?? {}, base: {}, version: 0 }
}

/** Puts the name of what was made into the draft that waits for it, and goes back to it. */
function finish(errand: Errand, made: string) {
  errand.choose(made)
  notify(t('definition.made', { name: made }))
  go(errand.back)
}
