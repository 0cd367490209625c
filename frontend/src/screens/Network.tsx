// Clusters that announce themselves on the local network.
import { Button, Loader } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { discover } from '../api/clusters'
import type { FoundCluster, SaveCluster } from '../api/types'
import { href } from '../shell/router'
import { t } from '../text'
import { Blank, Failed } from '../ui/states'

export default function Network({ onChoose }: { onChoose: (cluster: SaveCluster) => void }) {
  const found = useQuery({ queryKey: ['discover'], queryFn: ({ signal }) => discover(signal), retry: false, staleTime: 10_000, refetchOnWindowFocus: false })
  return (
    <div>
      <div className="row" style={{ marginBottom: 12 }} role="status">
        {found.isFetching ? <><Loader size="xs" type="dots" /><span className="quiet">{t('found.look')}</span></> : <Button variant="default" onClick={() => void found.refetch()}>{t('found.again')}</Button>}
      </div>
      {found.isError && <Failed error={found.error} />}
      {found.data?.length === 0 && !found.isFetching && <Blank title={t('found.none')}><p className="quiet">{t('found.none.help')}</p></Blank>}
      {found.data?.map((one) => <Found key={one.cluster.fingerprint} one={one} onChoose={() => onChoose(one.cluster)} />)}
    </div>
  )
}

function Found({ one, onChoose }: { one: FoundCluster; onChoose: () => void }) {
  return (
    <article className="box" aria-label={one.cluster.name}>
      <div className="row wrap">
        <strong className="grow cut">{one.cluster.name}</strong>
        {one.exists ? <a href={href(['c', one.exists])}>{t('add.exists')}</a> : <Button onClick={onChoose}>{t('found.take')}</Button>}
      </div>
      <dl className="facts" style={{ margin: '6px 0 0' }}>
        <dt>{t('add.fingerprint')}</dt><dd className="mono">{one.cluster.fingerprint}</dd>
        <dt>{t('address.title')}</dt><dd className="mono">{one.cluster.urls.join(' ')}</dd>
        <dt>{t('column.nodes')}</dt><dd>{t('found.nodes', { n: one.nodes.length, names: one.nodes.join(', ') })}, {t('found.from')} {one.from.join(', ')}</dd>
      </dl>
    </article>
  )
}
