// From the address to the screen.
import { lazy, Suspense, useEffect, type ReactNode } from 'react'
import { useActive, useLastKnown } from '../api/clusters'
import { useLive } from '../api/live'
import { useApp, useClusters, useFixed, useKinds } from '../api/queries'
import { sees } from '../api/role'
import type { Cluster, Kind } from '../api/types'
import { DefinitionList } from '../definitions/List'
import { DefinitionScreen, NewDefinition } from '../definitions/Definition'
import { AddCluster } from '../screens/AddCluster'
import { ClusterHome } from '../screens/ClusterHome'
import { EditCluster } from '../screens/EditCluster'
import { Home } from '../screens/Home'
import { SignIn } from '../screens/SignIn'
import { t, useLanguage } from '../text'
import { Blank, Loading, Shown } from '../ui/states'
import { resolveLink } from './link'
import { href, replace, useRoute, type Route } from './router'
import { Shell } from './Shell'

const Preferences = lazy(() => import('../screens/Preferences'))
const About = lazy(() => import('../screens/About'))
const CompareClusters = lazy(() => import('../compare/CompareClusters'))
const Services = lazy(() => import('../screens/Services'))
const ServiceScreen = lazy(() => import('../screens/Service'))
const PackageScreen = lazy(() => import('../services/PackageScreen'))
const Nodes = lazy(() => import('../screens/Nodes'))
const History = lazy(() => import('../whole/History'))
const Apply = lazy(() => import('../whole/Apply'))
const Export = lazy(() => import('../whole/Export'))
const Access = lazy(() => import('../whole/Access'))
const Backup = lazy(() => import('../whole/Backup'))
const Odb = lazy(() => import('../whole/Odb'))
const Keys = lazy(() => import('../whole/Keys'))
const Compare = lazy(() => import('../whole/Compare'))
const AtRevision = lazy(() => import('../whole/AtRevision'))
const Audit = lazy(() => import('../whole/Audit'))
const Accounts = lazy(() => import('../whole/Accounts'))

export function App() {
  useLive()
  useActive()
  const language = useLanguage()
  const route = useRoute()
  const clusters = useClusters()
  const cluster = route.path[0] === 'c' ? clusters.data?.find((one) => one.id === route.path[1]) : undefined
  useLastKnown(cluster)
  document.documentElement.lang = language
  return (
    <Shell key={language} clusters={clusters.data ?? []} cluster={cluster} route={route}>
      <Suspense fallback={<Loading />}>
        <Shown of={clusters}>{(list) => <Screen route={route} clusters={list} cluster={cluster} />}</Shown>
      </Suspense>
    </Shell>
  )
}

function Screen({ route, clusters, cluster }: { route: Route; clusters: Cluster[]; cluster: Cluster | undefined }): ReactNode {
  const [area, , section] = route.path
  const app = useApp()
  const only = app.data?.fixed ? clusters[0] : undefined
  if (area === undefined) return only ? <Forward to={href(['c', only.id])} /> : <Shown of={app}>{() => <Home clusters={clusters} />}</Shown>
  // The short link that a node prints: its one-time code is never in the address of a request.
  if (area === 'claim' && only) return <Forward to={href(['c', only.id, 'sign-in'], { code: route.path[1] })} />
  if (only && (['add', 'preferences', 'about', 'compare'].includes(area) || section === 'settings')) return <Missing />
  if (area === 'add') return <AddCluster key={route.query.by} link={route.query.link ?? ''} by={route.query.by ?? ''} />
  if (area === 'open') return <OpenLink clusters={clusters} query={route.query} />
  if (area === 'preferences') return <Preferences />
  if (area === 'about') return <About />
  if (area === 'compare') return <CompareClusters clusters={clusters} route={route} />
  if (area !== 'c') return <Missing />
  if (!cluster) return <Blank title={t('cluster.gone')}><a href={href([])}>{t('home.title')}</a></Blank>
  if (section === 'settings') return <EditCluster key={cluster.id} cluster={cluster} />
  if (!cluster.signed_in_as || section === 'sign-in') return <SignIn key={cluster.id} cluster={cluster} code={route.query.code ?? ''} />
  return <Inside key={cluster.id} route={route} cluster={cluster} />
}

function Inside({ route, cluster }: { route: Route; cluster: Cluster }): ReactNode {
  const [, , section, ...rest] = route.path
  switch (section) {
    case undefined: return <ClusterHome cluster={cluster} />
    case 'd': return <OfKind cluster={cluster} kind={rest[0] ?? ''}>{(kind) => (rest[1] === undefined ? <DefinitionList key={kind.name} cluster={cluster} kind={kind} /> : <DefinitionScreen key={rest.join('/')} cluster={cluster} kind={kind} name={rest[1]} tab={route.query.tab ?? 'form'} />)}</OfKind>
    case 'new': return <OfKind cluster={cluster} kind={rest[0] ?? ''}>{(kind) => <NewDefinition key={kind.name + (route.query.from ?? '') + (route.query.draft ?? '') + (route.query.at ?? '')} cluster={cluster} kind={kind} query={route.query} view={route.query.tab === 'yaml' ? 'yaml' : 'form'} />}</OfKind>
    case 'services': return rest[0] === undefined ? <Services cluster={cluster} /> : <ServiceScreen key={rest[0]} cluster={cluster} name={rest[0]} />
    case 'package': return <PackageScreen key={rest[0] ?? ''} cluster={cluster} route={route} />
    case 'nodes': return <Nodes cluster={cluster} path={rest} tab={route.query.tab ?? ''} />
    case 'history': return rest[0] === undefined
      ? <History cluster={cluster} route={route} />
      : rest[0] === 'compare' ? <Compare key={href(rest, route.query)} cluster={cluster} route={route} /> : <AtRevision key={rest[0]} cluster={cluster} revision={Number(rest[0])} />
    case 'apply': return sees(cluster, 'developer') ? <Apply cluster={cluster} /> : <NotAllowed role="developer" />
    case 'export': return <Export cluster={cluster} />
    case 'keys': return <Keys cluster={cluster} route={route} />
    case 'odb': return <Odb cluster={cluster} />
    case 'backup': return sees(cluster, 'admin') ? <Backup cluster={cluster} /> : <NotAllowed />
    case 'access': return <Access cluster={cluster} />
    case 'audit': return sees(cluster, 'admin') ? <Audit cluster={cluster} route={route} /> : <NotAllowed />
    case 'accounts': return sees(cluster, 'admin') ? <Accounts cluster={cluster} route={route} /> : <NotAllowed />
    default: return <Missing />
  }
}

function OfKind({ cluster, kind, children }: { cluster: Cluster; kind: string; children: (kind: Kind) => ReactNode }) {
  const kinds = useKinds(cluster.id)
  return (
    <Shown of={kinds}>
      {(list) => {
        const one = list.find((other) => other.name === kind)
        return one ? children(one) : <Missing />
      }}
    </Shown>
  )
}

/** Goes on to another place, which takes this one's step in the history. */
function Forward({ to }: { to: string }) {
  useEffect(() => replace(to), [to])
  return <Loading />
}

/** Goes to the place that a link of somebody else's app means. */
function OpenLink({ clusters, query }: { clusters: Cluster[]; query: Record<string, string> }) {
  const to = resolveLink(clusters, query)
  const fixed = useFixed()
  if (to) return <Forward to={to} />
  return <Blank title={t('link.unknown', { name: query.cluster ?? '' })}><p className="quiet">{t('link.help')} <code>{query.ca}</code></p>{!fixed && <a href={href(['add'])}>{t('add.title')}</a>}</Blank>
}

const Missing = () => <Blank title={t('error.title.missing')}><a href={href([])}>{t('home.title')}</a></Blank>
const NotAllowed = ({ role = 'admin' }: { role?: string }) => <Blank title={t('error.title.forbidden')}><p>{t('role.needs', { role })}</p></Blank>
