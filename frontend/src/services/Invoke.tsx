// Calls a service. The form comes from the schema of its input; JSON is there always.
import { Button, Checkbox } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { problemOf } from '../api/http'
import { invoke, start, useInvocation, type Called } from '../api/services'
import type { Cluster, Service } from '../api/types'
import { check, type Fault } from '../form/check'
import { t } from '../text'
import { CopyCommand } from '../ui/CopyCommand'
import { Failed, Loading } from '../ui/states'
import { Answer } from './Answer'
import { CallInput, useCallInput } from './CallInput'
import { Cases } from './Cases'
import { keepCases, ran, readCases, type Case, type Outcome } from './cases'

export function Invoke({ cluster, service }: { cluster: Cluster; service: Service }) {
  const input = useCallInput(service)
  const { fields, view, typed, plain } = input
  const [faults, setFaults] = useState<Fault[]>([])
  const [later, setLater] = useState(false)
  const [cases, setCases] = useState(() => readCases(cluster.id, service.name))
  const [chosen, setChosen] = useState<string>()
  const keep = (next: Case[]) => { setCases(next); keepCases(cluster.id, service.name, next) }
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
  const take = (one: Case) => {
    setChosen(one.name)
    setFaults([])
    run.reset()
    started.reset()
    input.put(one.input)
  }
  return (
    <div className="calling">
      <div className="form">
        <CallInput of={input} faults={faults} onShown={() => setFaults([])} onSave={go} />
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

const outcomeOf = (called: Called): Outcome => ({
  ok: called.ok, ms: called.ms, at: new Date().toISOString(), cid: called.cid, note: called.note,
  answer: called.ok ? (called.text ?? called.answer) : problemOf(called.error).detail,
})
