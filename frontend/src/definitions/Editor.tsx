// One definition as form or as text: one draft, faults at their places, review, conflict.
import { Button, TextInput } from '@mantine/core'
import { lazy, Suspense, type Dispatch, type ReactNode, type SetStateAction } from 'react'
import { may } from '../api/role'
import { place, shownPointers, type Fault } from '../form/check'
import { FormParts, type FormContext } from '../form/context'
import { Fields } from '../form/Fields'
import { setAt } from '../form/pointer'
import { useActions } from '../shell/actions'
import { href } from '../shell/router'
import { t } from '../text'
import { Loading } from '../ui/states'
import { Ago } from '../ui/time'
import { Conflict } from './Conflict'
import type { Errand } from './draft'
import { useNames } from './names'
import { Review } from './Review'
import { nameFault } from './save'
import { useEdit, type Edit, type Subject } from './useEdit'
import { useSaving } from './useSaving'
import { ChangedBy } from './Writer'

const Yaml = lazy(() => import('./Yaml'))

interface Props extends Subject {
  view?: 'form' | 'yaml'
  /** A form that waits for the new one, to refer to it. */
  errand?: Errand | undefined
}

export function Editor({ view = 'form', errand, ...subject }: Props) {
  const { cluster, kind, fields, stored } = subject
  const editing = useEdit(subject)
  const { edit, setEdit, spec, dirty, behind } = editing
  const { box, faults, step, setStep, showFaults, write, review, discard, theirs, merge } = useSaving(subject, editing, errand)
  const writes = may(cluster, 'developer')
  const close = () => setStep(undefined)
  useActions(writes && dirty ? [{ title: t('save.review'), run: review }, { title: t('action.discard'), run: discard }] : [])
  const placed = place(faults.filter((fault) => fault.pointer !== nameFault), new Set(shownPointers(fields, spec)))
  return (
    <div ref={box} data-saves onKeyDown={(event) => {
      if (!writes || !dirty || event.defaultPrevented || !(event.ctrlKey || event.metaKey) || event.key !== 's') return
      event.preventDefault()
      review()
    }}>
      {edit.restored && <div className="box warn small row"><span className="grow">{t('draft.restored')} <Ago at={edit.restored} />. {t('draft.noSecrets')}</span><Button variant="default" onClick={discard}>{t('action.discard')}</Button></div>}
      {stored && behind && dirty && <div className="box warn row" role="status"><span className="grow">{t('conflict.meanwhile')} <ChangedBy cluster={cluster} definition={stored} />.</span><Button variant="default" onClick={() => setStep('conflict')}>{t('conflict.look')}</Button></div>}
      {placed.rest.length > 0 && <div className="box bad" role="alert">{placed.rest.map((fault) => <div key={fault.pointer + fault.message}><code>{fault.pointer}</code> {fault.message}</div>)}</div>}
      {edit.broken && view === 'form' && <div className="box warn small" role="status">{t('yaml.broken')}</div>}
      <Draft {...subject} view={view} edit={edit} setEdit={setEdit} spec={spec} faults={faults} at={placed.at} writes={writes} onSave={() => { if (writes && dirty) review() }}>
        {writes && (
          <div className="foot">
            <Button disabled={!dirty || edit.broken === true} onClick={review}>{t('save.review')}</Button>
            {(dirty || !stored) && <Button variant="default" onClick={discard}>{stored ? t('action.discard') : t('action.cancel')}</Button>}
            {dirty && stored && <span className="quiet small">{t('save.unsaved')}</span>}
          </div>
        )}
      </Draft>
      {step === 'review' && (
        <Review
          cluster={cluster} fields={fields} before={stored ? edit.base : {}} title={t('save.title', { name: edit.name })} busy={write.isPending} failure={write.error} stored={stored}
          wanted={{ kind: kind.name, name: edit.name.trim(), spec, version: edit.version, reason: '' }} onSave={(reason) => write.mutate(reason)} onFaults={showFaults} onClose={close}
        />
      )}
      {step === 'conflict' && theirs && <Conflict cluster={cluster} base={edit.base} mine={spec} theirs={theirs} onClose={close} onMerged={(merged) => merge(theirs, merged)} />}
    </div>
  )
}

interface DraftProps extends Subject {
  view: 'form' | 'yaml'
  edit: Edit
  setEdit: Dispatch<SetStateAction<Edit>>
  /** The edit's spec as it would be sent. */
  spec: unknown
  faults: readonly Fault[]
  /** Those of the fields that are shown. */
  at: FormContext['faults']
  writes: boolean
  onSave: () => void
  children: ReactNode
}

function Draft({ cluster, kind, fields, stored, view, edit, setEdit, spec, faults, at, writes, onSave, children }: DraftProps) {
  const names = useNames(cluster)
  const parts: FormContext = {
    spec, stored: edit.base, faults: at, readOnly: !writes, names,
    link: (other, name) => href(['c', cluster.id, 'd', other, name]),
    ...(writes && { make: (other: string, pointer: string) => href(['c', cluster.id, 'new', other], { for: kind.name, name: stored?.name ?? '', at: pointer }) }),
    change: (path, value) => setEdit(({ broken: _, ...now }) => ({ ...now, spec: setAt(now.spec, path, value) ?? {} })),
  }
  return (
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
                  onSave={onSave}
                />
              </Suspense>
            </div>
          )}
        {children}
      </div>
    </FormParts>
  )
}
