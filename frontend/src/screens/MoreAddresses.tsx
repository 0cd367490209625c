// Control addresses that the cluster knows of its other nodes and this machine has not saved:
// offered, never taken without a click.
import { Button } from '@mantine/core'
import { useNodes } from '../api/queries'
import type { Cluster } from '../api/types'
import { t } from '../text'
import { mostAddresses, unsaved } from './unsaved'

export function MoreAddresses({ cluster, busy, onAdd }: { cluster: Cluster; busy: boolean; onAdd: (url: string) => void }) {
  const nodes = useNodes(cluster.id)
  const more = unsaved(nodes.data ?? [], cluster.urls)
  if (more.length === 0) return null
  const full = cluster.urls.length >= mostAddresses
  return (
    <section aria-label={t('address.more')}>
      <h2>{t('address.more')}</h2>
      <p className="quiet small">{full ? t('address.more.full', { n: mostAddresses }) : t('address.more.help')}</p>
      <ul className="plain">
        {more.map((one) => (
          <li key={one.url} className="box row wrap" style={{ padding: '6px 12px', marginBottom: 6 }}>
            <code className="grow">{one.url}</code>
            <span className="quiet small">{one.node}</span>
            {!full && <Button variant="default" disabled={busy} aria-label={t('address.add.of', { url: one.url })} onClick={() => onAdd(one.url)}>{t('address.add')}</Button>}
          </li>
        ))}
      </ul>
    </section>
  )
}
