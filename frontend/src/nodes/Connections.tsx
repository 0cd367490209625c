// How the outgoing connections are, a card each.
import type { Cluster, Connection } from '../api/types'
import { href } from '../shell/router'
import { t } from '../text'
import { StateMark } from '../ui/State'
import { For } from '../ui/time'

export function ConnectionCards({ cluster, list }: { cluster: Cluster; list: readonly Connection[] }) {
  return (
    <div className="grid">
      {list.map((one) => (
        <a className="card" key={one.name} href={href(['c', cluster.id, 'd', 'outgoing', one.name])}>
          <div className="row"><strong className="grow cut">{one.name}</strong>{one.enabled ? <StateMark state={one.state} /> : <span className="quiet">{t('overview.disabled')}</span>}</div>
          <div className="quiet small">{one.type} · <For at={one.since} /></div>
          {one.error && <div className="small" style={{ color: 'var(--sb-down)' }}>{one.error}</div>}
        </a>
      ))}
    </div>
  )
}
