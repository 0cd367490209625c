// Adding a cluster: by the link that its console shows, from the local network, or by a file.
import { Button, Checkbox, Tabs, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { call, problemOf } from '../api/http'
import { useDropped, type Opened } from '../api/shell'
import type { Cluster, Parsed, SaveCluster, Shown } from '../api/types'
import { go, href } from '../shell/router'
import { t } from '../text'
import { Failed, Loading } from '../ui/states'
import { ClusterFields, tidied } from './ClusterFields'
import { connectLink } from './link'

const Network = lazy(() => import('./Network'))
const ImportClusters = lazy(() => import('./ImportClusters'))

const ways = ['link', 'network', 'file'] as const

export function AddCluster({ link, by }: { link: string; by: string }) {
  const [way, setWay] = useState<string>((ways as readonly string[]).includes(by) ? by : 'link')
  const [found, setFound] = useState<string>()
  const [dropped, setDropped] = useState<Opened>()
  useDropped('clusters', (opened) => {
    setDropped(opened)
    setWay('file')
  })
  return (
    <div className="page" style={{ maxWidth: way === 'file' ? 900 : 680, margin: '0 auto', width: '100%' }}>
      <div className="head"><div><h1>{t('add.title')}</h1></div></div>
      <Tabs value={way} onChange={(next) => setWay(next ?? 'link')} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="link">{t('add.by.link')}</Tabs.Tab>
          <Tabs.Tab value="network">{t('add.by.network')}</Tabs.Tab>
          <Tabs.Tab value="file">{t('add.by.file')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="link"><ByLink key={link} link={link} announced={false} /></Tabs.Panel>
        <Tabs.Panel value="network">
          <Suspense fallback={<Loading />}>
            {found === undefined
              ? <Network onChoose={(one) => setFound(connectLink(one))} />
              : <ByLink link={found} announced onBack={() => setFound(undefined)} />}
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="file"><Suspense fallback={<Loading />}><ImportClusters dropped={dropped} /></Suspense></Tabs.Panel>
      </Tabs>
    </div>
  )
}

interface ByLinkProps {
  link: string
  /** The link was made of an announcement: its fingerprint is nobody's word. */
  announced: boolean
  onBack?: () => void
}

function ByLink({ link, announced, onBack }: ByLinkProps) {
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
  const sure = parsed?.shown?.matches === true && !announced
  return (
    <>
      <form onSubmit={(event) => { event.preventDefault(); parse.mutate() }}>
        {!announced && <p className="quiet">{t('add.help')}</p>}
        {!announced && <Textarea
          label={t('add.link')} placeholder="signalbox://connect?ca=sha256:…&url=https://…" minRows={2} autoFocus value={text} required spellCheck={false} styles={{ input: { fontFamily: 'var(--sb-mono)' } }}
          onChange={(event) => { setText(event.currentTarget.value); parse.reset(); setWanted(undefined) }}
        />}
        {!wanted && (
          <div className="row" style={{ marginTop: 12 }}>
            <Button type="submit" loading={parse.isPending} disabled={text.trim() === ''} autoFocus={announced}>{t('add.look')}</Button>
            {onBack && <Button variant="default" onClick={onBack}>{t('found.back')}</Button>}
          </div>
        )}
      </form>
      {parse.isError && <div style={{ marginTop: 12 }}><Failed error={parse.error} /></div>}
      {parsed?.exists && <div className="box warn" style={{ marginTop: 12 }}>{t('add.exists')} <a href={href(['c', parsed.exists])}>{t('form.open')}</a></div>}
      {wanted && parsed && (
        <form style={{ display: 'grid', gap: 12, marginTop: 16 }} onSubmit={(event) => { event.preventDefault(); add.mutate(wanted) }}>
          <Certainty shown={parsed.shown} fingerprint={wanted.fingerprint} announced={announced} />
          {!sure && <Checkbox label={t('add.trust')} checked={trusted} onChange={(event) => setTrusted(event.currentTarget.checked)} />}
          <ClusterFields value={wanted} onChange={setWanted} fault={(pointer) => faults.find((one) => one.pointer.startsWith(pointer))?.message} />
          {add.isError && <Failed error={add.error} />}
          <div className="row">
            <Button type="submit" loading={add.isPending} disabled={!(sure || trusted)}>{t('add.go')}</Button>
            {onBack ? <Button variant="default" onClick={onBack}>{t('found.back')}</Button> : <Button variant="default" component="a" href={href([])}>{t('action.cancel')}</Button>}
          </div>
        </form>
      )}
    </>
  )
}

/** What stands at the address, and whether it is who the link means. */
function Certainty({ shown, fingerprint, announced }: { shown: Shown | undefined; fingerprint: string; announced: boolean }) {
  const good = shown?.matches === true && !announced
  const title = good ? t('add.matches') : shown?.matches ? t('add.confirm') : shown?.reachable ? t('add.differs') : t('add.unreachable')
  return (
    <div className={'box ' + (good ? '' : 'warn')}>
      <strong>{title}</strong>
      {shown?.why && <p>{shown.why}</p>}
      <dl className="facts" style={{ margin: '8px 0 0' }}>
        <dt>{t('add.fingerprint')}</dt><dd className="mono">{fingerprint}</dd>
        {shown?.fingerprint && shown.fingerprint !== fingerprint && <><dt>{t('add.shown')}</dt><dd className="mono">{shown.fingerprint}</dd></>}
      </dl>
    </div>
  )
}
