// Acts on chosen definitions: delete, switch, or set a field of all; each has its own result.
import { Button, Progress as Bar, Select, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { confirmed } from '../api/role'
import { admin, definitionPath } from '../api/queries'
import type { Cluster, Definition, Kind } from '../api/types'
import { same } from '../diff/diff'
import { show } from '../diff/Diff'
import { FormParts } from '../form/context'
import { Value } from '../form/Fields'
import { applies, prune, type Field } from '../form/model'
import { getAt, isObject, setAt } from '../form/pointer'
import { t } from '../text'
import { Confirm } from '../ui/Confirm'
import { CopyCommand } from '../ui/CopyCommand'
import { Dialog } from '../ui/Dialog'
import { runBulk, type Progress } from './bulk'
import { useNames } from './names'
import { save } from './save'
import { StopsOf } from './Stops'
import { offerUndo, type Done } from './undo'
import { changeWords } from './words'

export type BulkAct = { act: 'delete' } | { act: 'set'; field?: Field; value?: unknown }

interface Props {
  cluster: Cluster
  kind: Kind
  fields: Field[]
  rows: Definition[]
  what: BulkAct
  onDone: () => void
  onClose: () => void
}

export function Bulk(props: Props) {
  const [progress, setProgress] = useState<Progress>()
  const stopped = useRef(false)
  const queries = useQueryClient()
  // Nobody could stop it any more once this is gone.
  useEffect(() => {
    stopped.current = false
    return () => { stopped.current = true }
  }, [])
  const start = (rows: Definition[], act: (row: Definition) => Promise<Done | undefined>) => {
    setProgress({ outcomes: [], done: [], running: true })
    void runBulk(rows, act, setProgress, () => stopped.current).then(() => queries.invalidateQueries({ queryKey: ['c', props.cluster.id] }))
  }
  const finish = () => {
    if (progress && progress.done.length > 0) offerUndo(queries, props.cluster, t('bulk.done', { n: progress.done.length }), progress.done)
    props.onDone()
  }
  if (progress) return <Results progress={progress} all={props.rows.length} onStop={() => { stopped.current = true }} onClose={finish} />
  return props.what.act === 'delete' ? <Deleting {...props} start={start} /> : <Setting {...props} start={start} given={props.what} />
}

type Start = (rows: Definition[], act: (row: Definition) => Promise<Done | undefined>) => void

function Deleting({ cluster, rows, start, onClose }: Props & { start: Start }) {
  const [reason, setReason] = useState('')
  const run = async (row: Definition): Promise<Done> => {
    await remove(cluster, row, reason)
    return { op: 'delete', kind: row.kind, name: row.name, before: row.spec }
  }
  const command = <CopyCommand cluster={cluster} words={() => rows.map((row) => ['delete', row.kind, row.name, ...(reason ? ['--reason', reason] : [])])} />
  return (
    <Confirm cluster={cluster} title={t('delete.title', { n: rows.length })} action={t('action.delete')} aside={command} onConfirm={() => start(rows, run)} onClose={onClose}>
      <p>{t('delete.warn')}</p>
      <StopsOf cluster={cluster} definitions={rows} />
      <TextInput label={t('save.reason')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
    </Confirm>
  )
}

function Setting({ cluster, kind, fields, rows, start, given, onClose }: Props & { start: Start; given: { field?: Field; value?: unknown } }) {
  const names = useNames(cluster)
  const choices = useMemo(() => fields.filter((field) => field.type !== 'secret' && field.type !== 'object'), [fields])
  const [name, setName] = useState(given.field?.name ?? choices[0]?.name ?? '')
  const [value, setValue] = useState<unknown>(given.value)
  const [reason, setReason] = useState('')
  const field = choices.find((one) => one.name === name)
  const changed = (row: Definition) => prune(fields, setAt(row.spec, [name], value) ?? {})
  const fits = (row: Definition) => field !== undefined && applies(field, fields, row.spec)
  const differ = rows.filter((row) => fits(row) && !same(changed(row), row.spec))
  const stops = given.field?.type === 'boolean' && value === false
  const run = async (row: Definition): Promise<Done | undefined> => {
    const written = await save(cluster, { kind: kind.name, name: row.name, spec: changed(row), version: row.version, reason })
    return written.changed ? { op: 'update', kind: kind.name, name: row.name, version: written.version, before: row.spec } : undefined
  }
  const command = differ.length > 0 && <CopyCommand cluster={cluster} words={() => differ.map((row) => changeWords(fields, row, changed(row), reason))} />
  const title = given.field ? t(stops ? 'bulk.offTitle' : 'bulk.onTitle', { n: rows.length }) : t('bulk.setTitle', { n: rows.length })
  return (
    <Confirm {...(stops && { cluster })} title={title} action={t('action.save')} calm={!stops} busy={differ.length === 0} aside={command} onConfirm={() => start(differ, run)} onClose={onClose}>
      {!given.field && (
        <FormParts value={{ spec: { [name]: value }, stored: {}, faults: new Map(), readOnly: false, names, change: (path, next) => setValue(getAt(setAt({ [name]: value }, path, next), [name])) }}>
          <div className="form" style={{ paddingBottom: 8 }}>
            <Select label={t('diff.place')} data={choices.map((one) => ({ value: one.name, label: one.title }))} value={name} allowDeselect={false} searchable onChange={(next) => { setName(next ?? ''); setValue(undefined) }} />
            {field && (
              <div className="field" role="group" aria-label={field.title}>
                {field.help && <div className="help">{field.help}</div>}
                <Value key={name} field={field} at={[name]} id={`f/${name}`} />
                {value === undefined && <div className="quiet small">{t('bulk.unset')}</div>}
              </div>
            )}
          </div>
        </FormParts>
      )}
      <p role="status">{t('bulk.differ', { n: differ.length, all: rows.length })}</p>
      {stops && <StopsOf cluster={cluster} definitions={differ} />}
      {!stops && differ.length > 0 && (
        <div style={{ maxHeight: 200, overflow: 'auto', marginBottom: 8 }} tabIndex={0} role="region" aria-label={t('diff.place')}>
          <table className="diff"><tbody>
            {differ.slice(0, 200).map((row) => <tr key={row.name}><td style={{ width: '40%' }}>{row.name}</td><td className="old">{show(isObject(row.spec) ? row.spec[name] : undefined)}</td><td className="new">{show(value)}</td></tr>)}
          </tbody></table>
          {differ.length > 200 && <p className="quiet">{t('bulk.more', { n: differ.length - 200 })}</p>}
        </div>
      )}
      <TextInput label={t('save.reason')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
    </Confirm>
  )
}

function Results({ progress, all, onStop, onClose }: { progress: Progress; all: number; onStop: () => void; onClose: () => void }) {
  const { outcomes, running } = progress
  const failed = outcomes.filter((one) => one.fault !== '')
  const shown: ReactNode[] = [...failed, ...outcomes.filter((one) => one.fault === '')].slice(0, 500).map((one) => (
    <tr key={one.name}><td style={{ width: '40%' }}>{one.name}</td><td className={one.fault ? 'old' : 'new'}>{one.fault || t('bulk.ok')}</td></tr>
  ))
  const title = running ? t('bulk.running', { n: outcomes.length, all }) : t('bulk.result', { n: outcomes.length - failed.length, failed: failed.length })
  return (
    <Dialog onClose={running ? onStop : onClose} title={title} size="lg" closeOnClickOutside={false}>
      {running && <Bar value={(outcomes.length / Math.max(all, 1)) * 100} mb="sm" aria-label={title} transitionDuration={0} />}
      <div style={{ maxHeight: '50vh', overflow: 'auto' }} tabIndex={0} role="region" aria-label={title}><table className="diff"><tbody>{shown}</tbody></table></div>
      <div className="row end" style={{ marginTop: 16 }}>
        {running ? <Button variant="default" onClick={onStop}>{t('bulk.stop')}</Button> : <Button onClick={onClose} data-autofocus>{t('action.close')}</Button>}
      </div>
    </Dialog>
  )
}

/** Deletes one definition as it was seen. */
export async function remove(cluster: Cluster, row: Definition, reason: string): Promise<void> {
  const headers: Record<string, string> = { 'If-Match': `"${row.version}"`, ...confirmed(cluster) }
  if (reason) headers['X-Change-Reason'] = encodeURIComponent(reason)
  await admin(cluster.id, definitionPath(row.kind, row.name), { method: 'DELETE', headers })
}
