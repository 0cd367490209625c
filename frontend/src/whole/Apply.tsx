// Plan and apply: files of definitions against the configuration, shown before anything changes.
import { Button, Switch, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { problemOf } from '../api/http'
import { admin } from '../api/queries'
import { confirmed, may } from '../api/role'
import { useDropped, type Opened } from '../api/shell'
import { isConflict, plan as askPlan } from '../api/whole'
import type { Applied, Cluster, Plan } from '../api/types'
import { CodeEditor } from '../code/CodeEditor'
import { t } from '../text'
import { Confirm } from '../ui/Confirm'
import { CopyCommand } from '../ui/CopyCommand'
import { pickFiles } from '../ui/file'
import { notifyFailure } from '../ui/notice'
import { Blank, Failed, Loading } from '../ui/states'
import { Changes } from './Changes'
import { countOf, places, read, withFiles, type Held, type Place } from './documents'
import { grouped, keyOf } from './groups'
import { listed } from './RollBack'
import { doneAs } from './undo'

const pasted = 'pasted.yaml'

export default function Apply({ cluster }: { cluster: Cluster }) {
  const [held, setHeld] = useState<Held[]>([])
  const [prune, setPrune] = useState(false)
  const [open, setOpen] = useState<At>()
  const [left, setLeft] = useState<string[]>([])
  const take = async (opened: Opened) => {
    try {
      const { more, left } = await read(opened.files, held)
      setLeft([...left, ...opened.skipped.map((one) => `${one.path}: ${one.why}`)])
      setHeld((now) => withFiles(now, more))
    } catch (error) {
      notifyFailure(error)
    }
  }
  useDropped('definitions', (opened) => void take(opened))
  const pick = (folder: boolean) => pickFiles({ title: t('apply.pick'), folder, multiple: true, accept: ['.yaml', '.yml', '.json'] }, take)
  const paste = () => {
    setHeld(withFiles(held, held.some((one) => one.path === pasted) ? [] : [{ path: pasted, text: '' }]))
    setOpen({ path: pasted })
  }
  return (
    <div className="page">
      <div className="head"><div className="grow"><h1>{t('place.apply')}</h1><div className="quiet">{t('apply.help')}</div></div></div>
      <div className="drop">
        <span>{t('apply.drop')}</span>
        <Button data-new onClick={() => pick(false)}>{t('apply.files')}</Button>
        <Button variant="default" onClick={() => pick(true)}>{t('apply.folder')}</Button>
        <Button variant="default" onClick={paste}>{t('apply.paste')}</Button>
        {held.length > 0 && <Button variant="subtle" onClick={() => { setHeld([]); setOpen(undefined); setLeft([]) }}>{t('apply.clear')}</Button>}
      </div>
      {left.length > 0 && <div className="box warn small" role="status">{t('apply.left', { n: left.length })} {listed(left)}</div>}
      {held.length === 0 ? <Blank title={t('apply.empty')}><p>{t('apply.empty.help')}</p></Blank> : <Planned cluster={cluster} held={held} setHeld={setHeld} prune={prune} setPrune={setPrune} open={open} setOpen={setOpen} />}
    </div>
  )
}

/** The file that is shown; the editor goes to a place once for each object. */
interface At {
  path: string
  at?: { line: number; column: number }
}

interface PlannedProps {
  cluster: Cluster
  held: Held[]
  setHeld: (held: Held[]) => void
  prune: boolean
  setPrune: (prune: boolean) => void
  open: At | undefined
  setOpen: (at: At | undefined) => void
}

function Planned({ cluster, held, setHeld, prune, setPrune, open, setOpen }: PlannedProps) {
  const settled = useSettledFiles(held)
  const documents = settled.filter((one) => one.text.trim() !== '').map((one) => ({ name: one.path, text: one.text }))
  const plan = useQuery({
    // Below the cluster's key: what somebody changes meanwhile is planned again.
    queryKey: ['c', cluster.id, 'plan', settled, prune],
    enabled: documents.length > 0,
    queryFn: ({ signal }) => askPlan(cluster.id, { documents, ...(prune && { prune }) }, signal),
    retry: false, gcTime: 0, staleTime: Infinity, refetchOnWindowFocus: false,
  })
  const found = plan.isError ? places(problemOf(plan.error), settled) : []
  const faulty = plan.isError && problemOf(plan.error).status === 422
  const shown = open && held.find((one) => one.path === open.path)
  return (
    <>
      <ul className="files">
        {held.map((file) => {
          const bad = found.filter((one) => one.path === file.path).length
          const n = countOf(file.text)
          return (
            <li key={file.path} className="row">
              <span className="grow cut"><button type="button" className="link" aria-expanded={open?.path === file.path} onClick={() => setOpen(open?.path === file.path ? undefined : { path: file.path })}>{file.path}</button></span>
              {bad > 0 && <span className="bad">{t('apply.faults', { n: bad })}</span>}
              <span className="quiet small">{n === undefined ? t('apply.unread') : t('apply.count', { n })}</span>
              <button type="button" className="link" aria-label={t('apply.remove', { name: file.path })} onClick={() => { setHeld(held.filter((one) => one !== file)); if (open?.path === file.path) setOpen(undefined) }}>✕</button>
            </li>
          )
        })}
      </ul>
      {shown && (
        <div style={{ marginBottom: 12 }}>
          <CodeEditor
            label={shown.path} document={shown.path} language={shown.path.toLowerCase().endsWith('.json') ? 'json' : 'yaml'} value={shown.text} maxHeight="40vh" minHeight="140px"
            onChange={(text) => setHeld(held.map((one) => (one.path === shown.path ? { ...one, text } : one)))}
            at={open.at}
            diagnostics={found.flatMap((one) => (one.path === shown.path && one.line !== undefined ? [{ line: one.line, column: one.column ?? 1, message: one.message, severity: 'error' as const }] : []))}
          />
          <p className="quiet small">{t('apply.edit')}</p>
        </div>
      )}
      <Switch label={t('apply.prune')} description={t('apply.prune.help')} checked={prune} onChange={(event) => setPrune(event.currentTarget.checked)} />
      <div style={{ marginTop: 12 }}>
        {plan.isFetching && !plan.data && <Loading />}
        {plan.isError && faulty && <Faults found={found} onOpen={setOpen} />}
        {plan.isError && !faulty && <Failed error={plan.error} retry={() => void plan.refetch()} />}
        {plan.data && !plan.isError && <Result key={prune ? 'prune' : ''} cluster={cluster} plan={plan.data} documents={documents} prune={prune} again={() => void plan.refetch()} />}
      </div>
    </>
  )
}

/** What is typed is planned when the typing stops. */
function useSettledFiles(held: Held[]): Held[] {
  const [settled, setSettled] = useState(held)
  const first = useRef(held)
  useEffect(() => {
    const typed = held.length === first.current.length
    first.current = held
    const timer = setTimeout(() => setSettled(held), typed ? 500 : 0)
    return () => clearTimeout(timer)
  }, [held])
  return settled
}

function Faults({ found, onOpen }: { found: Place[]; onOpen: (at: At) => void }) {
  return (
    <div className="box bad" role="alert">
      <strong>{t('apply.faulty', { n: found.length })}</strong>
      <ul>
        {found.slice(0, 100).map((one, i) => (
          <li key={i}>
            {one.path && <button type="button" className="link" onClick={() => onOpen({ path: one.path ?? '', ...(one.line !== undefined && { at: { line: one.line, column: one.column ?? 1 } }) })}>{one.path}{one.line !== undefined && `:${one.line}`}</button>}{' '}
            {one.document !== undefined && <span className="quiet">{t('apply.document', { n: one.document })}{one.key && ` (${one.key})`}</span>} {one.pointer && <code>{one.pointer}</code>} {one.message}
          </li>
        ))}
      </ul>
    </div>
  )
}

function Result({ cluster, plan, documents, prune, again }: { cluster: Cluster; plan: Plan; documents: { name: string; text: string }[]; prune: boolean; again: () => void }) {
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const [asked, setAsked] = useState(false)
  const first = useRef(plan.revision)
  const [applied, setApplied] = useState<Applied>()
  const act = useMutation({
    mutationFn: () => admin<Applied>(cluster.id, 'apply', { method: 'POST', headers: confirmed(cluster), body: { documents, revision: plan.revision, ...(prune && { prune }), ...(reason && { reason }) } }),
    onSuccess: (done) => {
      setAsked(false)
      setApplied(done)
      first.current = done.revision
      doneAs(cluster, queries, done.revision, plan.revision)
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
    },
    onError: (error) => {
      setAsked(false)
      if (isConflict(error)) again()
    },
  })
  const writes = may(cluster, 'developer')
  const deletes = grouped(plan.changes).find((group) => group.op === 'delete')?.changes ?? []
  const go = () => (deletes.length > 0 || cluster.protected ? setAsked(true) : act.mutate())
  return (
    <>
      {first.current !== plan.revision && <div className="box warn" role="status">{t('apply.moved', { revision: plan.revision })}</div>}
      {applied && plan.changes.length === 0 && (
        <div className="box good" role="status">
          <strong>{t('apply.done', { revision: applied.revision })}</strong> {applied.running ? t('apply.running') : t('apply.notYet')}
          {applied.problems?.map((one) => <div key={keyOf(one)} className="bad">{t('apply.problem', { name: keyOf(one), why: one.reason })}</div>)}
        </div>
      )}
      {act.isError && !isConflict(act.error) && <Failed error={act.error} />}
      {deletes.length > 0 && <div className="box bad" role="alert"><strong>{t('history.deletes', { n: deletes.length })}</strong><div>{listed(deletes.map(keyOf))}</div></div>}
      {plan.changes.length === 0
        ? !applied && <div className="box good" role="status">{t('apply.same', { revision: plan.revision })}</div>
        : <Changes key={plan.revision + String(plan.changes.length)} cluster={cluster} changes={plan.changes} />}
      {plan.changes.length > 0 && (
        <div className="foot">
          {writes && <TextInput className="grow" style={{ maxWidth: 380 }} aria-label={t('save.reason')} placeholder={t('save.reason')} value={reason} maxLength={500} onChange={(event) => setReason(event.currentTarget.value)} />}
          {writes && <Button color={deletes.length > 0 ? 'red' : ''} loading={act.isPending} onClick={go}>{t('apply.go', { n: plan.changes.length })}</Button>}
          <CopyCommand cluster={cluster} words={[writes ? 'apply' : 'plan', ...documents.flatMap((one) => ['-f', one.name]), prune && '--prune', ...(writes ? ['--revision', String(plan.revision), reason && '--reason', reason] : [])]} />
          <span className="quiet small">{t('apply.against', { revision: plan.revision })}</span>
        </div>
      )}
      {asked && (
        <Confirm cluster={cluster} title={t('apply.confirm', { n: plan.changes.length })} action={t('apply.go', { n: plan.changes.length })} busy={act.isPending} onConfirm={() => act.mutate()} onClose={() => setAsked(false)}>
          {deletes.length > 0 && <div className="box bad"><strong>{t('history.deletes', { n: deletes.length })}</strong><div>{listed(deletes.map(keyOf))}</div></div>}
          <p>{t('apply.confirm.help')}</p>
        </Confirm>
      )}
    </>
  )
}
