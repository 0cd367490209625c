// Adding a cluster by the link that its console shows.
import { Button, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call, problemOf } from '../api/http'
import type { Cluster, Parsed, SaveCluster, Shown } from '../api/types'
import { go, href } from '../shell/router'
import { t } from '../text'
import { Failed } from '../ui/states'
import { ClusterFields, tidied } from './ClusterFields'

export function AddCluster({ link }: { link: string }) {
  const queries = useQueryClient()
  const [text, setText] = useState(link)
  const [wanted, setWanted] = useState<SaveCluster>()
  const [trusted, setTrusted] = useState(false)
  const parse = useMutation({
    mutationFn: () => call<Parsed>('clusters/parse', { method: 'POST', body: { link: text.trim() } }),
    onSuccess: (parsed) => {
      setTrusted(false)
      setWanted({ colour: '#1d6870', ...parsed.cluster })
    },
  })
  const add = useMutation({
    mutationFn: (body: SaveCluster) => call<Cluster>('clusters', { method: 'POST', body: tidied(body) }),
    onSuccess: async (cluster) => {
      await queries.invalidateQueries({ queryKey: ['clusters'] })
      go(href(['c', cluster.id, 'sign-in'], { code: parse.data?.code }))
    },
  })
  const parsed = parse.data
  const faults = add.isError ? (problemOf(add.error).errors ?? []) : []
  const certain = parsed?.shown?.matches === true || trusted
  return (
    <div className="page" style={{ maxWidth: 640, margin: '0 auto', width: '100%' }}>
      <div className="head"><div><h1>{t('add.title')}</h1><p className="quiet">{t('add.help')}</p></div></div>
      <form onSubmit={(event) => { event.preventDefault(); parse.mutate() }}>
        <Textarea
          label={t('add.link')} placeholder="signalbox://connect?ca=sha256:…&url=https://…" minRows={2} autoFocus value={text} required spellCheck={false} styles={{ input: { fontFamily: 'var(--sb-mono)' } }}
          onChange={(event) => { setText(event.currentTarget.value); parse.reset(); setWanted(undefined) }}
        />
        {!wanted && <Button type="submit" mt="sm" loading={parse.isPending} disabled={text.trim() === ''}>{t('add.look')}</Button>}
      </form>
      {parse.isError && <div style={{ marginTop: 12 }}><Failed error={parse.error} /></div>}
      {parsed?.exists && <div className="box warn" style={{ marginTop: 12 }}>{t('add.exists')} <a href={href(['c', parsed.exists])}>{t('form.open')}</a></div>}
      {wanted && parsed && (
        <form style={{ display: 'grid', gap: 12, marginTop: 16 }} onSubmit={(event) => { event.preventDefault(); add.mutate(wanted) }}>
          <Certainty shown={parsed.shown} fingerprint={wanted.fingerprint} />
          {!parsed.shown?.matches && (
            <label className="row"><input type="checkbox" checked={trusted} onChange={(event) => setTrusted(event.currentTarget.checked)} /> {t('add.trust')}</label>
          )}
          <ClusterFields value={wanted} onChange={setWanted} fault={(pointer) => faults.find((one) => one.pointer.startsWith(pointer))?.message} />
          {add.isError && <Failed error={add.error} />}
          <div className="row"><Button type="submit" loading={add.isPending} disabled={!certain}>{t('add.go')}</Button><Button variant="default" component="a" href={href([])}>{t('action.cancel')}</Button></div>
        </form>
      )}
    </div>
  )
}

/** What stands at the address, and whether it is who the link means. */
function Certainty({ shown, fingerprint }: { shown: Shown | undefined; fingerprint: string }) {
  const good = shown?.matches === true
  return (
    <div className={'box ' + (good ? '' : 'warn')}>
      <strong>{good ? t('add.matches') : shown?.reachable ? t('add.differs') : t('add.unreachable')}</strong>
      {shown?.why && <p>{shown.why}</p>}
      <dl className="facts" style={{ margin: '8px 0 0' }}>
        <dt>{t('add.fingerprint')}</dt><dd className="mono">{fingerprint}</dd>
        {shown?.fingerprint && shown.fingerprint !== fingerprint && <><dt>{t('add.shown')}</dt><dd className="mono">{shown.fingerprint}</dd></>}
      </dl>
    </div>
  )
}
