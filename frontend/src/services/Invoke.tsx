// Calls a service. The form comes from the schema of its input; JSON is there always.
import { Button, Checkbox, SegmentedControl } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { problemOf } from '../api/http'
import { invoke, start, useInvocation, type Called } from '../api/services'
import type { Cluster, Service } from '../api/types'
import { CodeEditor } from '../code/CodeEditor'
import { check, place, shownPointers, type Fault } from '../form/check'
import { FormParts } from '../form/context'
import { Fields } from '../form/Fields'
import { fieldsOf, prune, type Schema } from '../form/model'
import { isObject, setAt } from '../form/pointer'
import { withoutSecrets } from '../form/secrets'
import { t } from '../text'
import { CopyCommand } from '../ui/CopyCommand'
import { Failed, Loading } from '../ui/states'
import { Answer } from './Answer'
import { Cases } from './Cases'
import { keepCases, ran, readCases, type Case, type Outcome } from './cases'

export function Invoke({ cluster, service }: { cluster: Cluster; service: Service }) {
  const fields = useMemo(() => (isObject(service.input) ? fieldsOf(service.input as Schema) : []), [service.input])
  const [input, setInput] = useState<unknown>(fields.length > 0 ? {} : undefined)
  const [view, setView] = useState<'form' | 'json'>(fields.length > 0 ? 'form' : 'json')
  const [text, setText] = useState(fields.length > 0 ? '{}' : '')
  const [faults, setFaults] = useState<Fault[]>([])
  const [later, setLater] = useState(false)
  const [cases, setCases] = useState(() => readCases(cluster.id, service.name))
  const [chosen, setChosen] = useState<string>()
  const keep = (next: Case[]) => { setCases(next); keepCases(cluster.id, service.name, next) }
  const typed = view === 'json' ? parsed(text) : { value: prune(fields, input) }
  // What is kept on this machine, and what a command shows, has no secret in it.
  const plain = 'fault' in typed ? undefined : withoutSecrets(fields, typed.value)
  const run = useMutation({
    mutationFn: async ({ body, name }: { body: unknown; name: string | undefined }) => {
      const before = name === undefined ? undefined : cases.find((one) => one.name === name)?.last
      return { called: await invoke(cluster.id, service.name, body), before, name }
    },
    onSuccess: ({ called, name }) => {
      if (!called.ok) setFaults(problemOf(called.error).errors ?? [])
      if (name !== undefined) keep(ran(readCases(cluster.id, service.name), name, outcomeOf(called)))
    },
  })
  const started = useMutation({ mutationFn: (body: unknown) => start(cluster.id, service.name, body) })
  const placed = place(faults, new Set(shownPointers(fields, input)))
  const go = () => {
    if ('fault' in typed) return
    const found = view === 'form' ? check(fields, typed.value, t) : []
    setFaults(found)
    if (found.length > 0) return
    const same = cases.find((one) => one.name === chosen)
    if (later) started.mutate(typed.value)
    else run.mutate({ body: typed.value, name: same && JSON.stringify(same.input ?? null) === JSON.stringify(plain ?? null) ? same.name : undefined })
    ;(later ? run : started).reset()
  }
  const show = (next: 'form' | 'json') => {
    if (next === view || 'fault' in typed) return
    if (next === 'json') setText(JSON.stringify(typed.value ?? null, null, 2))
    else setInput(isObject(typed.value) ? typed.value : {})
    setFaults([])
    setView(next)
  }
  const take = (one: Case) => {
    setChosen(one.name)
    setFaults([])
    run.reset()
    started.reset()
    setText(one.input === undefined ? '' : JSON.stringify(one.input, null, 2))
    setInput(isObject(one.input) ? one.input : {})
  }
  return (
    <div className="calling">
      <div className="form">
        {fields.length > 0 && <SegmentedControl size="xs" aria-label={t('invoke.view')} value={view} style={{ justifySelf: 'start' }} data={[{ value: 'form', label: t('invoke.form') }, { value: 'json', label: 'JSON' }]} onChange={(next) => show(next as 'form' | 'json')} />}
        {view === 'form'
          ? (
            <FormParts value={{ spec: input, stored: input, faults: placed.at, readOnly: false, names: () => undefined, change: (path, value) => setInput((now: unknown) => setAt(now, path, value) ?? {}) }}>
              <Fields fields={fields} at={[]} />
            </FormParts>
          )
          : <CodeEditor label={t('invoke.input')} language="json" minHeight="7em" maxHeight="40vh" value={text} onChange={setText} onSave={go} diagnostics={'fault' in typed ? [{ line: 1, column: 1, message: typed.fault, severity: 'error' }] : []} />}
        {view === 'json' && 'fault' in typed && <div className="fault small bad-text" role="alert">{typed.fault}</div>}
        <div className="row wrap">
          <Button loading={run.isPending || started.isPending} disabled={'fault' in typed} onClick={go}>{t('invoke.go')}</Button>
          <Checkbox label={t('invoke.later')} checked={later} onChange={(event) => setLater(event.currentTarget.checked)} />
          <span className="grow" />
          <CopyCommand cluster={cluster} words={['invoke', service.name, ...('fault' in typed || typed.value === undefined ? [] : ['-d', plain === typed.value ? JSON.stringify(plain) : '-']), later && '--async']} />
        </div>
        {started.isError && <Failed error={started.error} />}
        {started.data && <Later cluster={cluster.id} cid={started.data.cid} />}
        {run.data && <Answer called={run.data.called} before={run.data.before} named={run.data.name} />}
      </div>
      <Cases cases={cases} chosen={chosen} input={plain} canSave={!('fault' in typed)} onTake={take} onKeep={keep} onChosen={setChosen} />
    </div>
  )
}

function Later({ cluster, cid }: { cluster: string; cid: string }) {
  const seen = useInvocation(cluster, cid)
  const one = seen.data
  if (seen.isError) return <Failed error={seen.error} />
  if (!one) return <Loading />
  if (one.state === 'running') return <div className="box" role="status">{t('invoke.running')} <code>{cid}</code></div>
  const called: Called = one.problem
    ? { ok: false, ms: one.duration_ms, cid, note: one.problem.code, error: undefined }
    : { ok: true, ms: one.duration_ms, cid, note: String(one.status ?? 200), ...(one.body ? { text: one.body.text ?? one.body.base64 ?? '' } : { answer: one.answer }) }
  return <Answer called={called} problem={one.problem} cut={one.cut ?? false} />
}

function parsed(text: string): { value: unknown } | { fault: string } {
  if (text.trim() === '') return { value: undefined }
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    return { fault: t('invoke.notJSON', { why: error instanceof Error ? error.message : '' }) }
  }
}

const outcomeOf = (called: Called): Outcome => ({
  ok: called.ok, ms: called.ms, at: new Date().toISOString(), cid: called.cid, note: called.note,
  answer: called.ok ? (called.text ?? called.answer) : problemOf(called.error).detail,
})
