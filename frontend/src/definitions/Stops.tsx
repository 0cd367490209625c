// What stops when a definition goes or is switched off: who refers to it, and who calls it.
import { useQueries } from '@tanstack/react-query'
import { admin, definitionPath, useStats } from '../api/queries'
import type { Cluster, Definition, Figures, List, Reference } from '../api/types'
import { href } from '../shell/router'
import { t } from '../text'
import { time } from '../text'

/** More than these are counted, not looked at one by one. */
const most = 40

export function StopsOf({ cluster, definitions }: { cluster: Cluster; definitions: Definition[] }) {
  const looked = definitions.slice(0, most)
  const stats = useStats(cluster.id)
  const missing = called(looked) ? (stats.data?.coverage.missing ?? []) : []
  const answers = useQueries({
    queries: looked.map((one) => ({
      queryKey: ['c', cluster.id, definitionPath(one.kind, one.name) + '/references'],
      queryFn: async () => (await admin<List<Reference>>(cluster.id, definitionPath(one.kind, one.name) + '/references')).items ?? [],
    })),
  })
  return (
    <div className="stops" tabIndex={0} role="region" aria-label={t('stops.title')}>
      <ul>
        {looked.map((one, i) => {
          const users = answers[i]?.data ?? []
          const figures = figuresOf(one, stats.data)
          return (
            <li key={one.name}>
              <strong>{one.name}</strong>{endpointOf(one)}
              {figures && figures.count > 0 && <div style={{ color: 'var(--sb-down)' }}>{t('stops.calls', { n: figures.count, since: time(figures.from) })}{figures.in_flight > 0 && ' ' + t('stops.now', { n: figures.in_flight })}</div>}
              {figures && figures.count === 0 && <div className="quiet">{t('stops.noCalls')}</div>}
              {users.length > 0 && (
                <div>{t('stops.used', { n: users.length })}{' '}
                  {users.slice(0, 8).map((user, j) => <span key={user.kind + user.name + user.pointer}>{j > 0 && ', '}<a href={href(['c', cluster.id, 'd', user.kind, user.name])}>{user.kind}/{user.name}</a></span>)}
                  {users.length > 8 && ' …'}
                </div>
              )}
            </li>
          )
        })}
      </ul>
      {missing.length > 0 && <p className="quiet">{t('stops.missing', { nodes: missing.join(', ') })}</p>}
      {definitions.length > most && <p className="quiet">{t('bulk.more', { n: definitions.length - most })}</p>}
    </div>
  )
}

/** Whether some of them are things that are called. */
const called = (definitions: readonly Definition[]) => definitions.some((one) => one.kind === 'channel' || one.kind === 'service')

/** Calls on all nodes, when the definition is something that is called. */
function figuresOf(one: { kind: string; name: string }, stats: { services: Figures[]; channels: Figures[] } | undefined): Figures | undefined {
  if (one.kind === 'channel') return stats?.channels?.find((other) => other.channel === one.name)
  if (one.kind === 'service') return stats?.services?.find((other) => other.service === one.name)
  return undefined
}

/** Where it is reached, as far as its spec says in words that all kinds share. */
function endpointOf(one: Definition): string {
  const spec = (one.spec ?? {}) as Record<string, unknown>
  const place = [spec.method, spec.path ?? spec.url ?? spec.host].filter((part) => typeof part === 'string').join(' ')
  return place === '' ? '' : ` · ${place}`
}
