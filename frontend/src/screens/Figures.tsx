// What the whole cluster does: requests, errors, times, and when it was changed and backed
// up. Each figure leads to what is behind it.
import type { ReactNode } from 'react'
import { sees } from '../api/role'
import type { Cluster, Requests, Status } from '../api/types'
import { href } from '../shell/router'
import { number, t } from '../text'
import { Ago } from '../ui/time'

export function Figures({ cluster, status }: { cluster: Cluster; status: Status }) {
  const { requests, last_change: change, last_backup: backup } = status
  const size = backup?.bytes ? ', ' + t('node.mebibytes', { n: number(backup.bytes / 2 ** 20, 1) }) : ''
  const away = status.odb.state !== 'up' // what it does not tell is not known
  const at = (...path: string[]) => href(['c', cluster.id, ...path])
  return (
    <section aria-label={t('figures.title')}>
      <div className="figures">
        {requests && <Traffic requests={requests} to={at('d', 'channel')} services={at('services')} />}
        <Figure name={t('figures.change')} to={at('history')} more={change && <span title={change.reason}>{t('figures.change.by', { name: change.by, revision: change.revision })}</span>}>
          {change ? <Ago at={change.at} /> : <span className="quiet">{t(away ? 'figures.away' : 'figures.change.none')}</span>}
        </Figure>
        <Figure name={t('figures.backup')} to={sees(cluster, 'admin') ? at('backup') : undefined} bad={!backup && !away} more={backup && (backup.by ? t('figures.backup.by', { name: backup.by, revision: backup.revision }) : t('figures.backup.stopped', { revision: backup.revision })) + size}>
          {backup ? <Ago at={backup.at} /> : away ? <span className="quiet">{t('figures.away')}</span> : t('figures.backup.never')}
        </Figure>
      </div>
      {requests && requests.coverage.missing.length > 0 && <p className="quiet" role="status">{t('figures.missing', { nodes: requests.coverage.nodes, of: requests.coverage.of, names: requests.coverage.missing.join(', ') })}</p>}
    </section>
  )
}

function Traffic({ requests, to, services }: { requests: Requests; to: string; services: string }) {
  const { recent } = requests
  const none = <span className="quiet">{t('figures.none')}</span>
  return (
    <>
      <Figure name={t('figures.requests')} to={to} more={[t('figures.total', { n: recent.count }), recent.refused > 0 && t('figures.refused', { n: recent.refused })].filter(Boolean).join(', ')}>{t('figures.perSecond', { n: number(recent.per_second, recent.per_second < 10 ? 1 : 0) })}</Figure>
      <Figure name={t('figures.errors')} to={services} bad={recent.errors > 0} more={t('figures.of', { errors: recent.errors, n: recent.count })}>{recent.count === 0 ? none : number((100 * recent.errors) / recent.count, 1) + ' %'}</Figure>
      <Figure name={t('figures.p99')} to={services} more={recent.count > 0 && t('figures.p50', { ms: number(recent.p50_ms, 1) })}>{recent.count === 0 ? none : number(recent.p99_ms, recent.p99_ms < 10 ? 1 : 0) + ' ms'}</Figure>
    </>
  )
}

function Figure({ name, to, bad, more, children }: { name: string; to?: string | undefined; bad?: boolean; more: ReactNode; children: ReactNode }) {
  const inner = (
    <>
      <span className="quiet small">{name}</span>
      <span className="big" data-bad={bad || undefined}>{children}</span>
      <span className="quiet small">{more}</span>
    </>
  )
  return to ? <a className="card figure" href={to}>{inner}</a> : <div className="card figure">{inner}</div>
}
