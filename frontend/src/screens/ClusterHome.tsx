// One cluster at a glance: state, what is not in force, the far sides.
import { useOverview } from '../api/overview'
import { useConnections, useProblems } from '../api/queries'
import type { Cluster } from '../api/types'
import { ConnectionCards } from '../nodes/Connections'
import { href } from '../shell/router'
import { number, t } from '../text'
import { most, Rest } from '../ui/Rest'
import { Shown } from '../ui/states'
import { StateMark } from '../ui/State'
import { Ago, For } from '../ui/time'
import { Figures } from './Figures'

export function ClusterHome({ cluster }: { cluster: Cluster }) {
  const problems = useProblems(cluster.id)
  const connections = useConnections(cluster.id)
  const known = useOverview(cluster)
  const status = known?.status
  const away = cluster.state !== 'up'
  return (
    <div className="page">
      <div className="head"><h1>{cluster.name}</h1></div>
      {status && known && <Figures cluster={cluster} status={status} />}
      {status && known
        ? (
          <dl className="facts">
            <dt>{t('column.state')}</dt><dd><StateMark state={cluster.state} /> <For at={cluster.since} /></dd>
            <dt>{t('overview.read')}</dt><dd><Ago at={known.at} /></dd>
            <dt>{t('column.nodes')}</dt><dd><a href={href(['c', cluster.id, 'nodes'])}>{t('overview.nodes', { up: status.nodes.up, down: status.nodes.down, unknown: status.nodes.unknown })}</a></dd>
            <dt>{t('column.revision')}</dt><dd><a href={href(['c', cluster.id, 'history'])}>{number(status.revision)}</a> · {status.level ? t('home.level') : t('home.notLevel')}</dd>
            <dt>{t('column.odb')}</dt><dd><StateMark state={status.odb.state} /> {status.odb.kind} <span className="quiet">{status.odb.where}</span> {status.odb.error}</dd>
            {status.leader && <><dt>{t('overview.leader')}</dt><dd>{status.leader}</dd></>}
            <dt>{t('column.release')}</dt><dd>{status.version}</dd>
            <dt>{t('column.address')}</dt><dd>{cluster.url ?? cluster.urls.join(', ')} {cluster.addresses.length > 1 && <a href={href(['c', cluster.id, 'settings'])}>{t('address.title')} ({cluster.addresses.length})</a>}</dd>
            <dt>{t('add.fingerprint')}</dt><dd className="mono">{cluster.fingerprint}</dd>
          </dl>
        )
        : <p className="quiet">{t('overview.nothing')}</p>}
      {away && <p className="quiet">{t('overview.away')}</p>}
      {!(away && !problems.data) && <>
      <h2>{t('overview.problems')}</h2>
      <Shown of={problems}>
        {(list) =>
          list.length === 0
            ? <p className="quiet">{t('overview.noProblems')}</p>
            : (
              <><table className="diff">
                <thead><tr><th style={{ width: '15%' }}>{t('column.node')}</th><th style={{ width: '30%' }}>{t('column.name')}</th><th>{t('overview.why')}</th></tr></thead>
                <tbody>{list.slice(0, most).map((one) => <tr key={one.node + one.kind + one.name}><td>{one.node}</td><td><a href={href(['c', cluster.id, 'd', one.kind, one.name])}>{one.kind}/{one.name}</a></td><td className="old">{one.reason}</td></tr>)}</tbody>
              </table><Rest all={list.length} /></>
            )}
      </Shown>
      </>}
      {!(away && !connections.data) && <>
      <h2>{t('overview.connections')}</h2>
      <Shown of={connections}>
        {(list) =>
          list.length === 0
            ? <p className="quiet">{t('overview.noConnections')}</p>
            : <ConnectionCards cluster={cluster} list={list} />}
      </Shown>
      </>}
    </div>
  )
}
