// A rolling restart: what is looked at before, the order, how far it is node by node, its
// end. The cluster drives it, so the page may be closed, and the node that answers restarts too.
import { Button, Checkbox, NumberInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { over, useRestart, useRestartPlan, useTopology } from '../api/nodes'
import { admin } from '../api/queries'
import { confirmed, may } from '../api/role'
import type { BeginRestart, Cluster, RestartCheck, RestartStep, RollingRestart } from '../api/types'
import { href } from '../shell/router'
import { span, t, type Key } from '../text'
import { Confirm } from '../ui/Confirm'
import { CopyCommand } from '../ui/CopyCommand'
import { Failed, Shown } from '../ui/states'
import { Ago, At, For } from '../ui/time'
import { nodePath, rotationText } from './words'

export default function Restart({ cluster }: { cluster: Cluster }) {
  const restart = useRestart(cluster.id)
  const [again, setAgain] = useState('')
  return (
    <div className="page">
      <div className="head">
        <div className="grow">
          <div className="small"><a href={href(['c', cluster.id, 'nodes'])}>{t('place.nodes')}</a></div>
          <h1>{t('restart.title')}</h1>
          <div className="quiet">{t('restart.help')}</div>
        </div>
      </div>
      <Shown of={restart}>
        {(now) => {
          const idle = now.state === 'none' || over(now)
          return (
            <>
              {now.state !== 'none' && <Progress cluster={cluster} now={now} read={restart.dataUpdatedAt} />}
              {idle && may(cluster, 'operator') && (now.state === 'none' || again === now.id
                ? <Begin cluster={cluster} />
                : <div><Button variant="default" onClick={() => setAgain(now.id ?? '')}>{t('restart.again')}</Button></div>)}
              {idle && now.state === 'none' && !may(cluster, 'operator') && <p className="quiet">{t('restart.none')}</p>}
            </>
          )
        }}
      </Shown>
    </div>
  )
}

/** What is looked at, who takes part, and the question before it begins. */
function Begin({ cluster }: { cluster: Cluster }) {
  const topology = useTopology(cluster.id)
  const [left, setLeft] = useState<readonly string[]>([])
  const [minutes, setMinutes] = useState(5)
  const [asked, setAsked] = useState(false)
  const queries = useQueryClient()
  const all = topology.data?.nodes.map((node) => node.name) ?? []
  const some = left.some((name) => all.includes(name))
  const chosen = some ? all.filter((name) => !left.includes(name)) : []
  const nobody = some && chosen.length === 0
  const plan = useRestartPlan(cluster.id, chosen, all.length > 0 && !nobody)
  const begin = useMutation({
    mutationFn: () => admin<RollingRestart>(cluster.id, 'restart', { method: 'POST', body: { timeout_seconds: Math.round(minutes * 60), ...(some && { nodes: chosen }) } satisfies BeginRestart, headers: confirmed(cluster) }),
    onSuccess: (now) => {
      setAsked(false)
      queries.setQueryData(['c', cluster.id, 'restart'], now)
    },
  })
  const warned = plan.data?.checks.filter((check) => !check.ok && !check.blocks) ?? []
  const running = plan.data?.nodes.reduce((sum, node) => sum + node.in_flight, 0) ?? 0
  const words = ['restart', ...(some ? chosen : ['--rolling']), '--wait', ...(minutes === 5 ? [] : ['--timeout', `${Math.round(minutes * 60)}s`])]
  return (
    <>
      <h2>{t('restart.who')}</h2>
      <div className="row wrap" style={{ gap: 16, marginBottom: 12 }}>
        {all.map((name) => (
          <Checkbox key={name} label={name} checked={!left.includes(name)} onChange={(event) => setLeft(event.currentTarget.checked ? left.filter((one) => one !== name) : [...left, name])} />
        ))}
      </div>
      <NumberInput label={t('restart.wait')} description={t('restart.wait.help')} value={minutes} min={0.1} max={1440} step={1} w={320} onChange={(value) => setMinutes(typeof value === 'number' && value > 0 ? Math.min(value, 1440) : 5)} />
      {!nobody && (
        <Shown of={plan}>
          {(data) => (
            <>
              <h2>{t('restart.checks')}</h2>
              <ul className="checks">{data.checks.map((check) => <Check key={check.id} check={check} />)}</ul>
              <h2>{t('restart.order')}</h2>
              <Steps cluster={cluster} steps={data.nodes} />
              <div className="row">
                <Button color="red" disabled={!data.possible} onClick={() => { begin.reset(); setAsked(true) }}>{t('restart.begin', { n: data.nodes.length })}</Button>
                <CopyCommand cluster={cluster} words={words} />
                {!data.possible && <span>{t('restart.blocked')}</span>}
              </div>
            </>
          )}
        </Shown>
      )}
      {asked && plan.data && (
        <Confirm cluster={cluster} title={t('restart.ask', { n: plan.data.nodes.length })} action={t('restart.begin', { n: plan.data.nodes.length })} busy={begin.isPending} onConfirm={() => begin.mutate()} onClose={() => setAsked(false)}>
          <p>{t('restart.stops', { n: running })}</p>
          {warned.map((check) => <div className="box warn" key={check.id}>{check.text}</div>)}
          <CopyCommand open cluster={cluster} words={words} />
          {begin.isError && <Failed error={begin.error} />}
        </Confirm>
      )}
    </>
  )
}

function Check({ check }: { check: RestartCheck }) {
  const state = check.ok ? undefined : check.blocks ? 'blocks' : 'warn'
  return <li data-bad={state}><span>{t(`check.node.${check.id}` as Key)}{check.text && <>: <strong>{check.text}</strong></>}{state && <span className="sr"> {t(`check.${state}` as Key)}</span>}</span></li>
}

function Progress({ cluster, now, read }: { cluster: Cluster; now: RollingRestart; read: number }) {
  const queries = useQueryClient()
  const abort = useMutation({
    mutationFn: () => admin<RollingRestart>(cluster.id, 'restart/abort', { method: 'POST', body: {} }),
    onSuccess: (next) => queries.setQueryData(['c', cluster.id, 'restart'], next),
  })
  const done = now.nodes.filter((step) => step.state === 'done').length
  const going = !over(now)
  const took = now.ended ? (Date.parse(now.ended) - Date.parse(now.begun)) / 1000 : 0
  return (
    <section aria-label={t('restart.progress')}>
      <div className={'box' + (now.state === 'failed' ? ' bad' : now.state === 'aborted' || now.state === 'aborting' ? ' warn' : '')}>
        <div className="row wrap">
          <strong role="status" data-restart={now.state}>{t(`restart.state.${now.state}` as Key, { n: done, of: now.nodes.length })}</strong>
          {going && <span className="bar-track grow" role="progressbar" aria-label={t('restart.progress')} aria-valuemin={0} aria-valuemax={now.nodes.length} aria-valuenow={done}><span style={{ width: `${(100 * done) / Math.max(1, now.nodes.length)}%` }} /></span>}
          {now.state === 'running' && may(cluster, 'operator') && <Button variant="default" loading={abort.isPending} onClick={() => abort.mutate()}>{t('restart.abort')}</Button>}
          {going && <CopyCommand cluster={cluster} words={['restart', now.state === 'running' && may(cluster, 'operator') ? '--abort' : '--status']} />}
        </div>
        {now.error && <p style={{ margin: '6px 0 0' }}>{now.error}</p>}
        <div className="small quiet" style={{ marginTop: 6 }}>
          {t('restart.by', { name: now.by ?? '' })} <At at={now.begun} />
          {now.aborted_by && <> · {t('restart.abortedBy', { name: now.aborted_by })}</>}
          {going ? <> · {t('restart.driver', { name: now.driver ?? '' })} · {t('overview.read')} <Ago at={new Date(read).toISOString()} /></> : <> · {t('restart.took', { span: span(took) })}</>}
        </div>
        {now.state === 'running' && <div className="small quiet">{t('restart.abort.help')}</div>}
        {now.state === 'aborted' && <div className="small">{t('restart.aborted.help')}</div>}
        {abort.isError && <Failed error={abort.error} />}
      </div>
      <Steps cluster={cluster} steps={now.nodes} />
    </section>
  )
}

const chain = ['draining', 'restarting', 'returning', 'done'] as const

/** The nodes in the order of their turns, each with how far it is. */
function Steps({ cluster, steps }: { cluster: Cluster; steps: readonly RestartStep[] }) {
  return (
    <ol className="steps">
      {steps.map((step, i) => {
        const at = chain.indexOf(step.state as (typeof chain)[number])
        const going = at >= 0 && at < 3
        return (
          <li key={step.id} data-state={step.state} data-step={step.name} data-now={going || undefined} aria-current={going ? 'step' : undefined}>
            <span className="n">{i + 1}</span>
            <a className="cut" href={href(nodePath(cluster.id, step.name))}><strong>{step.name}</strong></a>
            {at >= 0
              ? <ul className="chain">{chain.map((one, j) => <li key={one} data-done={j < at || step.state === 'done' || undefined} data-now={(j === at && going) || undefined}>{t(`step.${one}`)}</li>)}</ul>
              : <span className={step.state === 'waiting' ? 'quiet' : undefined}><span style={{ fontWeight: step.state === 'failed' ? 600 : 400 }}>{t(`step.${step.state}` as Key)}</span>{step.error && (step.begun || step.state !== 'left') && <> · {step.error}</>}</span>}
            <span className="small quiet">
              {step.state === 'draining' && t('drains.runs', { n: step.in_flight })}
              {(step.state === 'restarting' || step.state === 'returning') && <For at={step.since} />}
              {step.state === 'done' && step.begun && step.ended && t('restart.took', { span: span((Date.parse(step.ended) - Date.parse(step.begun)) / 1000) })}
              {step.state === 'waiting' && step.rotation && rotationText(step.rotation)}
            </span>
          </li>
        )
      })}
    </ol>
  )
}
