// A box becomes a node: a token and the command to type on the box, boxes that wait for a
// word, and how far those are that came in.
import { Button, NumberInput, Select, Switch, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useJoinRequests, useJoinTokens, useTopology } from '../api/nodes'
import { admin } from '../api/queries'
import { confirmed, may, sees } from '../api/role'
import type { Cluster, CreateJoinToken, DecideJoin, JoinToken, NewJoinToken, Node, WaitingBox } from '../api/types'
import { href } from '../shell/router'
import { number, t, type Key } from '../text'
import { Confirm } from '../ui/Confirm'
import { CopyCommand } from '../ui/CopyCommand'
import { Dialog } from '../ui/Dialog'
import { notify } from '../ui/notice'
import { Blank, Failed, Shown } from '../ui/states'
import { Ago, At } from '../ui/time'
import { joinStep, joinSteps } from './facts'
import { nodePath } from './words'

/** Where the packages keep a node. */
const folder = '/var/lib/signalbox'
const lives = [900, 3_600, 28_800, 86_400, 604_800, 2_592_000]
/** Nodes that came in within this time are shown with their steps. */
const fresh = 60 * 60 * 1000

export default function Join({ cluster }: { cluster: Cluster }) {
  return (
    <div className="page">
      <div className="head">
        <div className="grow">
          <div className="small"><a href={href(['c', cluster.id, 'nodes'])}>{t('place.nodes')}</a></div>
          <h1>{t('join.title')}</h1>
          <div className="quiet">{t('join.help')}</div>
        </div>
      </div>
      {sees(cluster, 'admin') ? <Inside cluster={cluster} /> : <Blank title={t('error.title.forbidden')}><p>{t('role.needs', { role: 'admin' })}</p></Blank>}
    </div>
  )
}

function Inside({ cluster }: { cluster: Cluster }) {
  const requests = useJoinRequests(cluster.id)
  const tokens = useJoinTokens(cluster.id)
  const topology = useTopology(cluster.id)
  const odb = cluster.status?.status.odb
  const waiting = requests.data?.filter((one) => one.state === 'waiting') ?? []
  const came = topology.data?.nodes.filter((node) => Date.now() - Date.parse(node.joined) < fresh) ?? []
  return (
    <>
      {odb?.kind === 'sqlite' && <div className="box warn">{t('join.sqlite')} <code>signalbox odb copy --to DSN</code></div>}
      {(waiting.length > 0 || requests.isError) && (
        <section aria-label={t('join.waiting')}>
          <h2 style={{ marginTop: 0 }}>{t('join.waiting')}</h2>
          <Shown of={requests}>{() => <div className="halves">{waiting.map((box) => <Waiting key={box.id} cluster={cluster} box={box} />)}</div>}</Shown>
        </section>
      )}
      <div className="halves">
        {may(cluster, 'admin') && <Create cluster={cluster} />}
        <section>
          <h2>{t('join.without')}</h2>
          <p>{t('join.without.help')}</p>
          <CopyCommand open words={['join', '--discover', '--dir', folder]} />
          {waiting.length === 0 && <p className="quiet" role="status" style={{ marginTop: 8 }}>{t('join.nobody')}</p>}
        </section>
      </div>
      {came.length > 0 && (
        <section aria-label={t('join.came')}>
          <h2>{t('join.came')}</h2>
          <ul className="steps">
            {came.map((node) => <Came key={node.id} cluster={cluster} node={node} all={topology.data?.nodes ?? []} />)}
          </ul>
        </section>
      )}
      <Tokens cluster={cluster} tokens={tokens} />
    </>
  )
}

function Waiting({ cluster, box }: { cluster: Cluster; box: WaitingBox }) {
  const queries = useQueryClient()
  const [asked, setAsked] = useState<'approve' | 'refuse'>()
  const decide = useMutation({
    mutationFn: (approve: boolean) => admin(cluster.id, `join-requests/${encodeURIComponent(box.id)}`, { method: 'POST', body: { approve, code: box.code } satisfies DecideJoin, headers: confirmed(cluster) }),
    onSuccess: (_, approve) => {
      notify(t(approve ? 'join.approved' : 'join.refused', { name: box.name }))
      setAsked(undefined)
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
    },
  })
  return (
    <div className="box" data-box={box.name}>
      <div className="row wrap"><strong className="grow">{box.name}</strong><span className="quiet small">{t('join.from', { address: box.addr })} · <Ago at={box.asked} /></span></div>
      <div className="join-code" aria-label={t('join.code')}>{box.code}</div>
      <p className="small">{t('join.compare')}</p>
      <div className="row wrap">
        {may(cluster, 'admin') && <Button onClick={() => { decide.reset(); setAsked('approve') }}>{t('join.approve')}<span className="sr"> {box.name}</span></Button>}
        {may(cluster, 'admin') && <Button variant="default" onClick={() => { decide.reset(); setAsked('refuse') }}>{t('join.refuse')}<span className="sr"> {box.name}</span></Button>}
        {may(cluster, 'admin') && <CopyCommand cluster={cluster} words={['joins', 'approve', box.name, '--code', box.code]} />}
        <span className="quiet small">{t('join.until')} <At at={box.expires} /></span>
      </div>
      {asked && (
        <Confirm cluster={cluster} title={t(`join.ask.${asked}`, { name: box.name })} action={t(`join.${asked}`)} busy={decide.isPending} onConfirm={() => decide.mutate(asked === 'approve')} onClose={() => setAsked(undefined)}>
          {asked === 'approve' ? <><p>{t('join.same')}</p><div className="join-code">{box.code}</div></> : <p>{t('join.turned')}</p>}
          <CopyCommand open cluster={cluster} words={asked === 'approve' ? ['joins', 'approve', box.name, '--code', box.code] : ['joins', 'refuse', box.name]} />
          {decide.isError && <Failed error={decide.error} />}
        </Confirm>
      )}
    </div>
  )
}

function Create({ cluster }: { cluster: Cluster }) {
  const queries = useQueryClient()
  const [want, setWant] = useState<Required<CreateJoinToken>>({ ttl_seconds: 3_600, uses: 1, approve: false, note: '' })
  const [made, setMade] = useState<NewJoinToken>()
  const create = useMutation({
    mutationFn: () => admin<NewJoinToken>(cluster.id, 'join-tokens', { method: 'POST', body: want, headers: confirmed(cluster) }),
    onSuccess: (token) => {
      setMade(token)
      void queries.invalidateQueries({ queryKey: ['c', cluster.id, 'join-tokens'] })
    },
  })
  const words = ['token', 'create', '--ttl', `${want.ttl_seconds / 60}m`, '--uses', String(want.uses), want.approve && '--approve', ...(want.note ? ['--note', want.note] : [])]
  return (
    <section>
      <h2>{t('join.token')}</h2>
      <form className="form" onSubmit={(event) => { event.preventDefault(); create.mutate() }}>
        <Select label={t('join.ttl')} allowDeselect={false} value={String(want.ttl_seconds)} data={lives.map((life) => ({ value: String(life), label: t(`join.ttl.${life}` as Key) }))} onChange={(value) => setWant({ ...want, ttl_seconds: Number(value) })} />
        <NumberInput label={t('join.uses')} value={want.uses} min={1} max={1000} allowDecimal={false} onChange={(value) => setWant({ ...want, uses: typeof value === 'number' && value >= 1 ? value : 1 })} />
        <Switch label={t('join.approval')} description={t('join.approval.help')} checked={want.approve} onChange={(event) => setWant({ ...want, approve: event.currentTarget.checked })} />
        <TextInput label={t('join.note')} value={want.note} maxLength={200} onChange={(event) => setWant({ ...want, note: event.currentTarget.value })} />
        <div className="row"><Button type="submit" loading={create.isPending}>{t('join.create')}</Button><CopyCommand cluster={cluster} words={words} /></div>
        {create.isError && <Failed error={create.error} />}
      </form>
      {made && <Made token={made} onClose={() => setMade(undefined)} />}
    </section>
  )
}

/** The one time that a token is shown. */
function Made({ token, onClose }: { token: NewJoinToken; onClose: () => void }) {
  return (
    <Dialog onClose={onClose} title={t('join.made')} size="xl">
      <p>{t('join.once')}</p>
      <p><strong>{t('join.type')}</strong></p>
      <CopyCommand open words={['join', token.token, '--dir', folder]} />
      <p style={{ marginTop: 12 }}>{t('join.good', { n: token.uses })} <At at={token.expires} />. {token.approve && t('join.then')}</p>
      <p className="quiet">{t('join.watch')}</p>
      <div className="row end"><Button variant="default" onClick={onClose}>{t('action.close')}</Button></div>
    </Dialog>
  )
}

function Came({ cluster, node, all }: { cluster: Cluster; node: Node; all: readonly Node[] }) {
  const done = joinStep(node, all, cluster.status?.status.revision ?? 0)
  return (
    <li data-came={node.name} data-now={done < joinSteps.length || undefined}>
      <span className="n" aria-hidden>{done === joinSteps.length ? '✓' : ''}</span>
      <a className="cut" href={href(nodePath(cluster.id, node.name))}><strong>{node.name}</strong></a>
      <ul className="chain">{joinSteps.map((step, i) => <li key={step} data-done={i < done || undefined} data-now={i === done || undefined}>{t(`join.step.${step}`)}</li>)}</ul>
      <span className="small quiet"><Ago at={node.joined} /></span>
    </li>
  )
}

function Tokens({ cluster, tokens }: { cluster: Cluster; tokens: ReturnType<typeof useJoinTokens> }) {
  const queries = useQueryClient()
  const [wanted, setWanted] = useState<JoinToken>()
  const revoke = useMutation({
    mutationFn: (id: string) => admin(cluster.id, `join-tokens/${encodeURIComponent(id)}`, { method: 'DELETE', headers: confirmed(cluster) }),
    onSuccess: () => {
      setWanted(undefined)
      void queries.invalidateQueries({ queryKey: ['c', cluster.id, 'join-tokens'] })
    },
  })
  const state = (token: JoinToken) => (Date.parse(token.expires) < Date.now() ? t('join.over') : token.left === 0 ? t('join.used') : t('join.open'))
  return (
    <section style={{ paddingBottom: 16 }}>
      <h2>{t('join.tokens')}</h2>
      <Shown of={tokens}>
        {(list) => (list.length === 0
          ? <p className="quiet">{t('join.noTokens')}</p>
          : (
            <table className="diff">
              <thead><tr><th style={{ width: '24%' }}>{t('join.id')}</th><th>{t('column.state')}</th><th>{t('join.left')}</th><th>{t('join.by')}</th><th>{t('join.expires')}</th><th>{t('join.note')}</th><th style={{ width: 96 }}><span className="sr">{t('node.act')}</span></th></tr></thead>
              <tbody>
                {list.map((token) => (
                  <tr key={token.id}>
                    <td className="mono">{token.id}</td><td>{state(token)}{token.approve && <> · {t('join.needsWord')}</>}</td>
                    <td>{t('join.leftOf', { left: number(token.left), uses: number(token.uses) })}</td><td>{token.by}</td><td><At at={token.expires} /></td><td>{token.note}</td>
                    <td>{may(cluster, 'admin') && <Button variant="default" size="compact-xs" aria-label={t('join.revokeOne', { id: token.id })} onClick={() => { revoke.reset(); setWanted(token) }}>{t('join.revoke')}</Button>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          ))}
      </Shown>
      {wanted && (
        <Confirm cluster={cluster} title={t('join.revokeOne', { id: wanted.id })} action={t('join.revoke')} busy={revoke.isPending} onConfirm={() => revoke.mutate(wanted.id)} onClose={() => setWanted(undefined)}>
          <p>{t('join.revoke.help')}</p>
          <CopyCommand open cluster={cluster} words={['token', 'revoke', wanted.id]} />
          {revoke.isError && <Failed error={revoke.error} />}
        </Confirm>
      )}
    </section>
  )
}
