// Who calls a service and what it calls, as the code and the definitions in force name it.
import { useCalls } from '../api/services'
import type { Caller, Calls, Cluster, Service, ServiceCall } from '../api/types'
import { href } from '../shell/router'
import { t, type Key } from '../text'
import { Shown } from '../ui/states'

export function CallsOf({ cluster, service }: { cluster: Cluster; service: Service }) {
  const calls = useCalls(cluster.id, service.name)
  return (
    <Shown of={calls}>
      {(one) => (
        <>
          <p className="quiet">{t('calls.help')}</p>
          <Incoming cluster={cluster} calls={one} />
          <Outgoing cluster={cluster} service={service} calls={one} />
        </>
      )}
    </Shown>
  )
}

function Incoming({ cluster, calls: { used, callers } }: { cluster: Cluster; calls: Calls }) {
  return (
    <section aria-labelledby="calls-in">
      <h2 id="calls-in">{t('calls.in')}</h2>
      {used.length + callers.length === 0 && <p className="quiet">{t('calls.nobody')}</p>}
      <ul className="uses">
        {used.map((one) => <li key={one.kind + one.name + one.pointer}><span className="tag">{one.kind}</span><a href={href(['c', cluster.id, 'd', one.kind, one.name])}>{one.name}</a></li>)}
        {grouped(callers, (one) => one.service).map(([name, places]) => (
          <li key={name}><span className="tag">service</span><a href={href(['c', cluster.id, 'services', name])}>{name}</a><Places cluster={cluster} service={name} places={places} /></li>
        ))}
      </ul>
    </section>
  )
}

function Outgoing({ cluster, service, calls: { known, calls } }: { cluster: Cluster; service: Service; calls: Calls }) {
  const to = (one: ServiceCall) => href(one.kind === 'service' ? ['c', cluster.id, 'services', one.name] : ['c', cluster.id, 'd', 'outgoing', one.name])
  return (
    <section aria-labelledby="calls-out">
      <h2 id="calls-out">{t('calls.out')}</h2>
      {!known ? <p className="quiet">{t('calls.unknown')}</p> : calls.length === 0 && <p className="quiet">{t('calls.nothing')}</p>}
      <ul className="uses">
        {grouped(calls, (one) => `${one.kind} ${one.name}`).map(([key, places]) => {
          const one = places[0] as ServiceCall
          return (
            <li key={key}>
              <span className="tag">{t(`calls.kind.${one.kind}` as Key)}</span>
              {one.name ? <a href={to(one)}>{one.name}</a> : <em className="quiet">{t('calls.computed')}</em>}
              <Places cluster={cluster} service={service.name} places={places} />
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function Places({ cluster, service, places }: { cluster: Cluster; service: string; places: readonly (Caller | ServiceCall)[] }) {
  return (
    <span className="places">
      {places.filter((one) => one.file).map((one) => (
        <a key={`${one.file}:${one.line}:${one.column}`} className="small" href={href(['c', cluster.id, 'services', service], { tab: 'source', file: one.file, line: String(one.line) })}>{one.file}:{one.line}</a>
      ))}
    </span>
  )
}

function grouped<T>(list: readonly T[], key: (one: T) => string): [string, T[]][] {
  const out = new Map<string, T[]>()
  for (const one of list) out.set(key(one), [...(out.get(key(one)) ?? []), one])
  return [...out]
}
