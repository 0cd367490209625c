// Certificates and keys: what ends when, and the change of the keys of gossip and of secrets.
import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { admin } from '../api/queries'
import { confirmed, may } from '../api/role'
import { useCertificates, useGossipKeys, useSecrets } from '../api/whole'
import type { Certificate, Cluster, ForgottenKeys, KeyRotation, Rotation, SecretPlace, Secrets } from '../api/types'
import { DataTable, type ShownColumn } from '../list/DataTable'
import { href, replace, type Route } from '../shell/router'
import { number, span, t } from '../text'
import { Confirm } from '../ui/Confirm'
import { copyText } from '../ui/copy'
import { CopyCommand } from '../ui/CopyCommand'
import { notify } from '../ui/notice'
import { Blank, Failed, Loading, Shown } from '../ui/states'
import { At } from '../ui/time'
import { Tabs } from './Tabs'

export default function Keys({ cluster, route }: { cluster: Cluster; route: Route }) {
  const tab = route.query.tab === 'gossip' || route.query.tab === 'secrets' ? route.query.tab : 'certificates'
  return (
    <div className="page full">
      <div className="head"><div className="grow"><h1>{t('place.keys')}</h1><div className="quiet">{t('keys.help')}</div></div></div>
      <Tabs label={t('place.keys')} now={tab} tabs={[['certificates', t('keys.certificates')], ['gossip', t('keys.gossip')], ['secrets', t('keys.secrets')]]} onTab={(next) => replace(href(['c', cluster.id, 'keys'], { tab: next === 'certificates' ? undefined : next }))} />
      {tab === 'certificates' && <Certificates cluster={cluster} />}
      {tab === 'gossip' && <Gossip cluster={cluster} />}
      {tab === 'secrets' && <Sealing cluster={cluster} />}
    </div>
  )
}

const day = 86_400_000
const left = (cert: Certificate) => Date.parse(cert.until) - Date.now()

/** An end that is near is bad; one that is put off in time by itself is near only when that did not happen. */
function End({ of, renews }: { of: Certificate; renews?: string | undefined }) {
  const rest = left(of)
  const bad = renews === undefined ? rest < 30 * day : Date.parse(renews) + day < Date.now()
  return <span style={bad ? { color: 'var(--sb-down)', fontWeight: 600 } : {}}><At at={of.until} /> {rest < 0 ? t('keys.over') : t('keys.in', { span: span(rest / 1000) })}</span>
}

function Certificates({ cluster }: { cluster: Cluster }) {
  const all = useCertificates(cluster.id)
  return (
    <div style={{ overflow: 'auto', paddingBottom: 24 }} tabIndex={-1}>
      <Shown of={all}>
        {({ authority, nodes }) => (
          <>
            <h2 style={{ marginTop: 0 }}>{t('keys.authority')}</h2>
            <dl className="facts">
              <dt>{t('column.name')}</dt><dd>{authority.subject}</dd>
              <dt>{t('keys.fingerprint')}</dt><dd><code>sha256:{authority.sha256}</code> <button type="button" className="link" onClick={() => void copyText('sha256:' + authority.sha256)}>{t('action.copy')}</button></dd>
              <dt>{t('keys.pinned')}</dt><dd>{cluster.fingerprint.replace(/^sha256:/, '') === authority.sha256 ? <span style={{ color: 'var(--sb-up)' }}>{t('keys.pinned.yes')}</span> : <span style={{ color: 'var(--sb-down)' }}>{t('keys.pinned.no')}</span>}</dd>
              <dt>{t('keys.end')}</dt><dd><End of={authority} /></dd>
            </dl>
            <h2>{t('keys.ofNodes')}</h2>
            <table className="plain" aria-label={t('keys.ofNodes')}>
              <thead><tr><th>{t('column.node')}</th><th>{t('keys.port')}</th><th>{t('keys.end')}</th><th>{t('keys.renewal')}</th><th>{t('keys.serial')}</th></tr></thead>
              <tbody>
                {nodes.flatMap((node) => [
                  node.error && <tr key={node.node + '!'}><td>{node.node}</td><td colSpan={4} className="bad">{node.error}</td></tr>,
                  node.control && <tr key={node.node + 'c'}><td>{node.node}</td><td>{t('keys.control')}</td><td><End of={node.control} renews={node.renews} /></td><td>{node.renews && t('keys.renews', { span: span(Math.max(0, Date.parse(node.renews) - Date.now()) / 1000) })}</td><td><code title={(node.control.hosts ?? []).join(', ')}>{node.control.serial}</code></td></tr>,
                  node.traffic && <tr key={node.node + 't'}><td>{node.node}</td><td>{t('keys.traffic')}</td><td><End of={node.traffic} /></td><td>{t('keys.yours')}</td><td><code title={(node.traffic.hosts ?? []).join(', ')}>{node.traffic.serial}</code></td></tr>,
                ])}
              </tbody>
            </table>
            <p style={{ marginTop: 12 }} className="quiet small">{t('keys.plain')}</p>
            <CopyCommand cluster={cluster} words={['certificates']} />
          </>
        )}
      </Shown>
    </div>
  )
}

function Gossip({ cluster }: { cluster: Cluster }) {
  const queries = useQueryClient()
  const nodes = useGossipKeys(cluster.id)
  const [asked, setAsked] = useState(false)
  const act = useMutation({
    mutationFn: () => admin<KeyRotation>(cluster.id, 'gossip-keys/rotate', { method: 'POST', headers: confirmed(cluster) }),
    onSuccess: (done) => {
      setAsked(false)
      notify(done.complete ? t('gossip.done', { key: done.key }) : t('gossip.half', { key: done.key }), !done.complete)
      void queries.invalidateQueries({ queryKey: ['c', cluster.id, 'gossip-keys'] })
    },
  })
  return (
    <div style={{ overflow: 'auto', paddingBottom: 24 }} tabIndex={-1}>
      <p>{t('gossip.help')}</p>
      <div className="tools">{may(cluster, 'admin') && <Button onClick={() => { act.reset(); setAsked(true) }}>{t('gossip.go')}</Button>}<CopyCommand cluster={cluster} words={['gossip-keys', may(cluster, 'admin') && 'rotate']} /></div>
      {act.data && !act.data.complete && <div className="box warn" role="alert">{t('gossip.half', { key: act.data.key })}</div>}
      <Shown of={nodes}>
        {(rows) => {
          const one = new Set(rows.flatMap((row) => row.keys ?? [])).size === 1 && rows.every((row) => !row.error)
          return (
            <>
              <div className={'box ' + (one ? 'good' : 'warn')} role="status">{one ? t('gossip.one') : t('gossip.several')}</div>
              <table className="plain" aria-label={t('keys.gossip')}>
                <thead><tr><th>{t('column.node')}</th><th>{t('gossip.keys')}</th><th>{t('gossip.note')}</th></tr></thead>
                <tbody>{rows.map((row) => <tr key={row.name}><td>{row.name}</td><td><code>{(row.keys ?? []).join(', ')}</code></td><td className="bad">{row.error}</td></tr>)}</tbody>
              </table>
            </>
          )
        }}
      </Shown>
      {asked && (
        <Confirm cluster={cluster} title={t('gossip.go')} action={t('gossip.go')} busy={act.isPending} onConfirm={() => act.mutate()} onClose={() => setAsked(false)}>
          <p>{t('gossip.confirm')}</p>
          {act.isError && <Failed error={act.error} />}
        </Confirm>
      )}
    </div>
  )
}

function Sealing({ cluster }: { cluster: Cluster }) {
  const secrets = useSecrets(cluster.id)
  const [asked, setAsked] = useState<'rotate' | 'forget'>()
  return (
    <>
      <Shown of={secrets}>
        {(found) => (
          <>
            <SealKeys of={found} />
            {found.rotating && <div className="box warn" role="status">{t('sealing.begun')}</div>}
            {may(cluster, 'admin') && (
              <div className="tools">
                <Button onClick={() => setAsked('rotate')}>{found.rotating ? t('sealing.resume') : t('sealing.go')}</Button>
                {found.keys.length > 1 && <Button variant="default" onClick={() => setAsked('forget')}>{t('sealing.forget')}</Button>}
                <CopyCommand cluster={cluster} words={['secrets', 'rotate']} />
              </div>
            )}
            <Places cluster={cluster} of={found} />
          </>
        )}
      </Shown>
      {asked === 'rotate' && <Rotate cluster={cluster} onClose={() => setAsked(undefined)} />}
      {asked === 'forget' && <Forget cluster={cluster} onClose={() => setAsked(undefined)} />}
    </>
  )
}

function SealKeys({ of }: { of: Secrets }) {
  return (
    <table className="plain" aria-label={t('keys.secrets')} style={{ marginBottom: 12 }}>
      <thead><tr><th>{t('sealing.key')}</th><th>{t('column.state')}</th><th className="right">{t('sealing.seals')}</th></tr></thead>
      <tbody>{of.keys.map((key) => <tr key={key.id}><td><code>{key.id}</code></td><td>{key.missing ? <span className="bad">{t('sealing.missing')}</span> : key.primary ? t('sealing.primary') : t('sealing.old')}</td><td className="right">{number(key.secrets)}</td></tr>)}</tbody>
    </table>
  )
}

const placeId = (row: SecretPlace) => `${row.kind}/${row.name}${row.pointer}`
const placeText = (row: SecretPlace) => `${placeId(row)} ${row.scheme} ${row.ref ?? ''} ${row.key ?? ''}`

function Places({ cluster, of }: { cluster: Cluster; of: Secrets }) {
  const columns = useMemo((): ShownColumn<SecretPlace>[] => [
    { id: 'name', title: t('column.name'), standard: true, value: (row) => `${row.kind}/${row.name}` },
    { id: 'pointer', title: t('diff.place'), standard: true, width: 160, value: (row) => row.pointer },
    { id: 'scheme', title: t('sealing.scheme'), standard: true, width: 110, options: ['sealed', 'env', 'file', 'cred'], value: (row) => row.scheme },
    { id: 'ref', title: t('sealing.ref'), standard: true, value: (row) => row.ref ?? row.key, show: (row) => <code>{row.ref ?? row.key}</code> },
  ], [])
  return <DataTable name="secrets" label={t('keys.secrets')} rows={of.secrets} columns={columns} id={placeId} text={placeText} open={(row) => href(['c', cluster.id, 'd', row.kind, row.name])} empty={<Blank title={t('sealing.none')} />} />
}

function Rotate({ cluster, onClose }: { cluster: Cluster; onClose: () => void }) {
  const queries = useQueryClient()
  const [now, setNow] = useState<Rotation>()
  const stopped = useRef(false)
  // Another screen: the rest is done by whoever resumes it.
  useEffect(() => () => { stopped.current = true }, [])
  const act = useMutation({
    mutationFn: async () => {
      for (let key = ''; !stopped.current;) {
        const part = await admin<Rotation>(cluster.id, 'secrets/rotate', { method: 'POST', body: key ? { key } : {}, headers: confirmed(cluster) })
        setNow(part)
        if (part.finished) return part
        key = part.key
      }
      return undefined
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: ['c', cluster.id] }),
    onSuccess: (done) => {
      if (!done) return
      notify(t('sealing.done', { n: done.total }), done.failed.length > 0)
      if (done.failed.length === 0) onClose()
    },
  })
  return (
    <Confirm cluster={cluster} title={t('sealing.go')} action={t('sealing.go')} busy={act.isPending || (now?.finished ?? false)} onConfirm={() => { stopped.current = false; act.mutate() }} onClose={() => { stopped.current = true; onClose() }}>
      <p>{t('sealing.confirm')}</p>
      {now && <div role="status"><progress max={Math.max(now.total, 1)} value={now.done} aria-label={t('sealing.go')} style={{ width: '100%' }} /> {t('sealing.progress', { done: number(now.done), n: now.total })}</div>}
      {now && now.failed.length > 0 && <div className="box bad" role="alert"><strong>{t('sealing.failed', { n: now.failed.length })}</strong><ul>{now.failed.map((one) => <li key={one.kind + one.name}>{one.kind}/{one.name}: {one.reason}</li>)}</ul></div>}
      {act.isError && <Failed error={act.error} />}
    </Confirm>
  )
}

function Forget({ cluster, onClose }: { cluster: Cluster; onClose: () => void }) {
  const queries = useQueryClient()
  const dry = useMutation({ mutationFn: () => admin<ForgottenKeys>(cluster.id, 'secrets/forget', { method: 'POST', body: { dry_run: true } }) })
  const asked = useRef(false)
  if (!asked.current) {
    asked.current = true
    queueMicrotask(() => dry.mutate())
  }
  const act = useMutation({
    mutationFn: () => admin<ForgottenKeys>(cluster.id, 'secrets/forget', { method: 'POST', body: {}, headers: confirmed(cluster) }),
    onSuccess: (done) => {
      notify(t('sealing.forgotten', { n: done.keys.length }))
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
      onClose()
    },
  })
  return (
    <Confirm cluster={cluster} title={t('sealing.forget')} action={t('sealing.forget')} busy={act.isPending || !dry.isSuccess || dry.data.keys.length === 0} onConfirm={() => act.mutate()} onClose={onClose}>
      <p>{t('sealing.forget.help')}</p>
      {dry.isPending && <Loading />}
      {dry.isError && <Failed error={dry.error} retry={() => dry.mutate()} />}
      {dry.data?.keys.map((key) => <div key={key.id} className={'box ' + (key.first ? 'warn' : '')}><code>{key.id}</code> {key.first ? t('sealing.needed', { first: key.first, last: key.last ?? key.first }) : t('sealing.unneeded')}</div>)}
      {act.isError && <Failed error={act.error} />}
      <CopyCommand cluster={cluster} words={['secrets', 'rotate', '--forget-old']} />
    </Confirm>
  )
}
