// Copying objects to another cluster: what is replaced, what becomes of secrets, what it would
// change there, and then one change set with a reason.
import { Button, PasswordInput, Select, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { stringify } from 'yaml'
import { problemOf } from '../api/http'
import { admin, useKinds } from '../api/queries'
import { confirmed } from '../api/role'
import { isConflict, plan as askPlan } from '../api/whole'
import type { Applied, Cluster, Deployed, Kind, Plan, ServiceVersion } from '../api/types'
import { href } from '../shell/router'
import { t } from '../text'
import { CopyCommand } from '../ui/CopyCommand'
import { Dialog } from '../ui/Dialog'
import { Failed, Loading } from '../ui/states'
import { TypedName, useTypedName } from '../ui/TypedName'
import { useSettled } from '../ui/useSettled'
import { Changes } from '../whole/Changes'
import { places } from '../whole/documents'
import { doneAs } from '../whole/undo'
import { copies, firstChoice, secretPlaces, telling, withoutClear, type Copied, type Replacement, type Row, type SecretChoice, type SecretPlace } from './compare'
import { Code, CodeDone } from './Code'
import { checkCode, codeOf, deployCode } from './packages'
import { along, fieldsByKind, missing } from './references'

interface Props {
  rows: Row[]
  /** Everything on either side. */
  all: readonly Row[]
  from: Cluster
  to: Cluster
  onClose: () => void
}

export function CopyTo({ rows: first, all, from, to, onClose }: Props) {
  const [rows, setRows] = useState(first)
  const kinds = useKinds(to.id)
  const [by, setBy] = useState<Replacement[]>([{ find: '', put: '' }])
  const [choices, setChoices] = useState<ReadonlyMap<string, SecretChoice>>(new Map())
  const secrets = useMemo(() => secretPlaces(rows), [rows])
  const known = useMemo(() => telling(rows.map((row) => row.a?.spec)), [rows])
  const { copied, open } = useMemo(() => copies(rows, by, choices), [rows, by, choices])
  const needs = useMemo(() => needed(rows, all, copied, kinds.data ?? []), [rows, all, copied, kinds.data])
  const settled = useSettled(copied, 400) // what is typed is planned when the typing stops
  const [applied, setApplied] = useState<Applied>()
  const [deployed, setDeployed] = useState<Deployed>()
  // A cluster has the code of all its own revisions.
  const code = useMemo(() => (from.id === to.id ? [] : codeOf(settled, all)), [settled, all, from.id, to.id])
  return (
    <Dialog onClose={onClose} size="xl" title={t('drift.copy.title', { n: rows.length, from: from.name, to: to.name })}>
      {deployed && <CodeDone deployed={deployed} />}
      {applied ? <Done applied={applied} copied={settled} to={to} onClose={onClose} /> : <>
      {to.protected && <div className="band" style={{ marginBottom: 8 }}>{t('shell.protected', { name: to.name })}</div>}
      <Replacements by={by} known={known} onChange={setBy} />
      {secrets.length > 0 && <Secrets secrets={secrets} choices={choices} to={to} onChange={setChoices} />}
      {needs.missing.length > 0 && (
        <div className="box warn row wrap" role="status">
          <span className="grow">{t('drift.missing', { n: needs.missing.length, name: to.name })}: <code>{needs.missing.slice(0, 20).join(', ')}</code></span>
          {needs.along.length > 0 ? <Button variant="default" onClick={() => setRows([...rows, ...needs.along])}>{t('drift.missing.take')}</Button> : t('drift.missing.gone', { name: from.name })}
        </div>
      )}
      {open.length > 0
        ? <div className="box warn" role="status">{t('drift.copy.open', { n: open.length })}</div>
        : <Planned copied={settled} line={withoutClear(settled, secrets, choices)} complete={needs.missing.length === 0} code={deployed ? [] : code} from={from} to={to} onDeployed={setDeployed} onDone={setApplied} onClose={onClose} />}
      </>}
    </Dialog>
  )
}

/** What the objects refer to that the other cluster has not, and what of it can come along. */
function needed(rows: readonly Row[], all: readonly Row[], copied: readonly Copied[], kinds: readonly Kind[]) {
  const fields = fieldsByKind(kinds)
  const there = new Set(all.flatMap((row) => (row.b ? [row.key] : [])))
  const mine = new Map(all.flatMap((row) => (row.a ? [[row.key, row.a] as const] : [])))
  const keys = new Set(along(rows.flatMap((row) => row.a ?? []), mine, fields, there).map((one) => one.kind + '/' + one.name))
  return { missing: missing(copied.map((one) => ({ kind: one.kind, name: one.object, spec: one.spec })), fields, there), along: all.filter((row) => keys.has(row.key)) }
}

function Replacements({ by, known, onChange }: { by: Replacement[]; known: string[]; onChange: (next: Replacement[]) => void }) {
  const set = (i: number, change: Partial<Replacement>) => onChange(by.map((one, j) => (j === i ? { ...one, ...change } : one)))
  return (
    <section aria-labelledby="replace">
      <h2 id="replace" style={{ marginTop: 0 }}>{t('drift.replace')}</h2>
      <p className="quiet small">{t('drift.replace.help')}</p>
      <datalist id="telling">{known.map((one) => <option key={one} value={one} />)}</datalist>
      {by.map((one, i) => (
        <div key={i} className="row" style={{ marginBottom: 6 }}>
          <TextInput className="grow" aria-label={t('drift.find')} placeholder={t('drift.find')} list="telling" value={one.find} onChange={(event) => set(i, { find: event.currentTarget.value })} />
          <span aria-hidden>→</span>
          <TextInput className="grow" aria-label={t('drift.put')} placeholder={t('drift.put')} value={one.put} onChange={(event) => set(i, { put: event.currentTarget.value })} />
          <button type="button" className="link" aria-label={t('drift.less')} onClick={() => onChange(by.length === 1 ? [{ find: '', put: '' }] : by.filter((_, j) => j !== i))}>✕</button>
        </div>
      ))}
      <Button variant="default" onClick={() => onChange([...by, { find: '', put: '' }])}>{t('drift.more')}</Button>
    </section>
  )
}

interface SecretsProps {
  secrets: SecretPlace[]
  choices: ReadonlyMap<string, SecretChoice>
  to: Cluster
  onChange: (next: ReadonlyMap<string, SecretChoice>) => void
}

function Secrets({ secrets, choices, to, onChange }: SecretsProps) {
  const set = (id: string, choice: SecretChoice) => onChange(new Map(choices).set(id, choice))
  return (
    <section aria-labelledby="secrets">
      <h2 id="secrets">{t('drift.secrets')}</h2>
      <p className="quiet small">{t('drift.secrets.help')}</p>
      {secrets.map((place) => {
        const choice = choices.get(place.id) ?? firstChoice(place)
        const options = [...(place.kept ? [{ value: 'keep', label: t('drift.secret.keep', { name: to.name }) }] : []), { value: 'ref', label: t('drift.secret.ref') }, { value: 'new', label: t('drift.secret.new') }]
        return (
          <div key={place.id} className="row wrap" style={{ marginBottom: 6 }}>
            <code className="grow">{place.key} {place.pointer}</code>
            <Select w={200} aria-label={t('drift.secret', { place: `${place.key} ${place.pointer}` })} allowDeselect={false} data={options} value={choice.as} onChange={(as) => set(place.id, { as: (as ?? 'ref') as SecretChoice['as'], text: '' })} />
            {choice.as === 'ref' && <TextInput w={200} aria-label={t('drift.secret.ref')} placeholder="env:NAME" value={choice.text} onChange={(event) => set(place.id, { ...choice, text: event.currentTarget.value })} />}
            {choice.as === 'new' && <PasswordInput w={200} aria-label={t('drift.secret.new')} autoComplete="off" value={choice.text} onChange={(event) => set(place.id, { ...choice, text: event.currentTarget.value })} />}
          </div>
        )
      })}
    </section>
  )
}

const asDocuments = (copied: readonly Copied[]) => copied.map((one) => ({ name: one.name, text: JSON.stringify({ kind: one.kind, name: one.object, spec: one.spec }) }))
const asYAML = (copied: readonly Copied[]) => copied.map((one) => stringify({ kind: one.kind, name: one.object, spec: one.spec }, { lineWidth: 0 })).join('---\n')

interface PlannedProps {
  copied: Copied[]
  line: Copied[]
  /** Nothing that they refer to is missing. */
  complete: boolean
  /** Code that has to be deployed there first. */
  code: ServiceVersion[]
  from: Cluster
  to: Cluster
  onDeployed: (deployed: Deployed) => void
  onDone: (applied: Applied) => void
  onClose: () => void
}

function Planned({ copied, line, complete, code, from, to, onDeployed, onDone, onClose }: PlannedProps) {
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const name = useTypedName(to)
  const documents = useMemo(() => asDocuments(copied), [copied])
  const plan = useQuery({
    // The key has no secret in it: what was typed in clear counts by its place alone.
    queryKey: ['c', to.id, 'copy', line, documents.reduce((sum, one) => sum + one.text.length, 0)], queryFn: ({ signal }) => askPlan(to.id, { documents }, signal),
    retry: false, gcTime: 0, staleTime: Infinity, refetchOnWindowFocus: false,
  })
  const checked = useQuery({
    queryKey: ['c', to.id, 'code', from.id, code], queryFn: ({ signal }) => checkCode(from, to, code, signal), enabled: code.length > 0,
    retry: false, gcTime: 0, staleTime: Infinity, refetchOnWindowFocus: false,
  })
  const packages = code.length > 0 ? checked.data?.checked : []
  const act = useMutation({
    mutationFn: async (planned: Plan): Promise<Applied | undefined> => {
      let now = planned
      if (packages && code.length > 0) {
        const { deployed } = await deployCode(from, to, code, packages, reason)
        if (deployed) onDeployed(deployed)
        now = await askPlan(to.id, { documents })
        if (now.revision > planned.revision + 1) return undefined // somebody else changed something, too: it is shown first
        if (now.changes.length === 0) return { revision: now.revision, changes: [], running: true }
      }
      return admin<Applied>(to.id, 'apply', { method: 'POST', headers: confirmed(to), body: { documents, revision: now.revision, ...(reason && { reason }) } })
    },
    onSuccess: (done, planned) => {
      void queries.invalidateQueries({ queryKey: ['c', to.id] })
      if (!done) return
      onDone(done)
      doneAs(to, queries, done.revision, planned.revision)
    },
    onError: () => {
      void plan.refetch()
      if (code.length > 0) void checked.refetch()
    },
  })
  const ready = complete && plan.data !== undefined && !plan.isError && !plan.isFetching && plan.data.changes.length > 0 && packages !== undefined && packages.every((one) => one.ok) && name.right
  return (
    <section aria-labelledby="dry" style={{ marginTop: 16 }}>
      <h2 id="dry">{t('drift.dry', { name: to.name })}</h2>
      {plan.isFetching && !plan.data && <Loading />}
      {plan.isError && <Refused error={plan.error} copied={copied} retry={() => void plan.refetch()} />}
      {plan.data && !plan.isError && (plan.data.changes.length === 0 ? <p>{t('drift.dry.same')}</p> : <Changes cluster={to} changes={plan.data.changes} />)}
      {checked.isError && code.length > 0 && <Failed error={checked.error} retry={() => void checked.refetch()} />}
      {packages && packages.length > 0 && <Code checked={packages} to={to} />}
      {act.isSuccess && act.data === undefined && <div className="box warn" role="status">{t('drift.moved', { name: to.name })}</div>}
      {act.isError && (isConflict(act.error) ? <div className="box warn" role="status">{t('drift.moved', { name: to.name })}</div> : <Refused error={act.error} copied={copied} />)}
      <TypedName of={name} mt="sm" />
      <TextInput mt="sm" label={t('save.reason')} value={reason} maxLength={500} placeholder={t('drift.reason', { name: from.name })} onChange={(event) => setReason(event.currentTarget.value)} />
      <div className="row end" style={{ marginTop: 12 }}>
        <CopyCommand cluster={to} words={['apply', '-f', '-', reason && '--reason', reason]} input={asYAML(line)} />
        <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
        <Button disabled={!ready} loading={act.isPending} onClick={() => { if (plan.data) act.mutate(plan.data) }}>{t('drift.copy', { n: copied.length, name: to.name })}</Button>
      </div>
    </section>
  )
}

/** Which objects were refused and why; the others would have gone. */
function Refused({ error, copied, retry }: { error: unknown; copied: Copied[]; retry?: () => void }) {
  const problem = problemOf(error)
  if (problem.status !== 422) return <Failed error={error} {...(retry && { retry })} />
  const found = places(problem, copied.map((one) => ({ path: one.name, text: '' })))
  return (
    <div className="box bad" role="alert">
      <strong>{t('drift.refused', { n: new Set(found.map((one) => one.path)).size })}</strong>
      <ul>{found.map((one, i) => <li key={i}><code>{one.path ?? one.key ?? ''} {one.pointer}</code> {one.message}</li>)}</ul>
    </div>
  )
}

function Done({ applied, copied, to, onClose }: { applied: Applied; copied: Copied[]; to: Cluster; onClose: () => void }) {
  const ops = new Map(applied.changes.map((one) => [`${one.kind}/${one.new_name ?? one.name}`, one.op]))
  const trouble = new Map(applied.problems?.map((one) => [`${one.kind}/${one.name}`, one.reason]))
  return (
    <section aria-label={t('drift.done', { revision: applied.revision })}>
      <div className="box good" role="status"><strong>{t('drift.done', { revision: applied.revision })}</strong></div>
      <table className="diff">
        <thead><tr><th>{t('column.name')}</th><th>{t('column.state')}</th></tr></thead>
        <tbody>
          {copied.map((one) => {
            const op = ops.get(one.name)
            const why = trouble.get(one.name)
            return <tr key={one.name}><td><a href={href(['c', to.id, 'd', one.kind, one.object])}>{one.name}</a></td><td className={why ? 'old' : ''}>{op ? t(`op.${op}`) : t('drift.same.short')}{why && `: ${why}`}</td></tr>
          })}
        </tbody>
      </table>
      <div className="row end" style={{ marginTop: 12 }}><Button onClick={onClose}>{t('action.close')}</Button></div>
    </section>
  )
}
