// The frame around every screen: band, bar, strip of the connection, navigation.
import { Button, Menu } from '@mantine/core'
import { Fragment, useState, type ReactNode } from 'react'
import { useFixed, useKinds } from '../api/queries'
import type { Cluster } from '../api/types'
import { languages, setLanguage, t, type Language } from '../text'
import { looks, useLook } from '../theme/mode'
import { dismiss, useNotices } from '../ui/notice'
import { StateMark } from '../ui/State'
import { Ago, For } from '../ui/time'
import { KeySheet } from './KeySheet'
import { useKeys } from './keys'
import { LockStrip } from './LockStrip'
import { Palette } from './Palette'
import { ClusterAgain, PageAgain } from './Reconnect'
import { groups, places, type Group } from './places'
import { go, href, type Route } from './router'
import { Boundary } from './window/Boundary'
import { AppNotice } from './window/Notice'
import { Window } from './window/Window'

interface Props {
  clusters: Cluster[]
  cluster: Cluster | undefined
  route: Route
  children: ReactNode
}

export function Shell({ clusters, cluster, route, children }: Props) {
  const [open, setOpen] = useState<'palette' | 'switcher' | 'help'>()
  const fixed = useFixed()
  useKeys({
    palette: () => setOpen('palette'),
    help: () => setOpen('help'),
    switcher: () => { if (!fixed) setOpen('switcher') },
    goTo: (key) => {
      if (key === 'h') go(href([]))
      const place = places.find((one) => one.key === key)
      if (place && cluster && place.shown(cluster)) go(place.to(cluster))
    },
    cluster: (n) => {
      const one = clusters[n - 1]
      if (one) go(href(['c', one.id]))
    },
  })
  return (
    <div className="shell">
      {cluster?.protected ? <div className="band">{t('shell.protected', { name: cluster.name })}</div> : <span hidden />}
      <Bar clusters={clusters} cluster={cluster} onOpen={setOpen} />
      <div className="strips"><AppNotice /><PageAgain /><LockStrip />{cluster && <Connection cluster={cluster} />}</div>
      {cluster?.signed_in_as && <Navigation cluster={cluster} route={route} />}
      <main className={'main' + (cluster?.signed_in_as ? '' : ' wide')} id="main" tabIndex={-1}><Boundary at={route.path.join('/')}>{children}</Boundary></main>
      {open === 'help' && <KeySheet onClose={() => setOpen(undefined)} />}
      {(open === 'palette' || open === 'switcher') && <Palette clusters={clusters} cluster={cluster} only={open === 'switcher' ? 'clusters' : undefined} onClose={() => setOpen(undefined)} />}
      <Window clusters={clusters} cluster={cluster} onOpen={setOpen} />
      <Notices />
    </div>
  )
}

function Bar({ clusters, cluster, onOpen }: { clusters: Cluster[]; cluster: Cluster | undefined; onOpen: (what: 'palette' | 'switcher' | 'help') => void }) {
  const [look, setLook] = useLook()
  const fixed = useFixed()
  const named = cluster && <><span className="dot" style={{ background: cluster.colour || 'var(--sb-accent)' }} /><span className="cut">{cluster.name}</span>{cluster.environment && <span className="tag">{cluster.environment}</span>}{cluster.tag && <span className="tag">{cluster.tag}</span>}</>
  return (
    <header className="bar">
      <a href={href([])} className="row" style={{ fontWeight: 700, color: 'inherit' }} title={fixed ? t('place.overview') : t('home.title')}>
        <img src="./icon.svg" width={22} height={22} alt="" /> Signalbox
      </a>
      {fixed
        ? <span className="row" style={{ fontWeight: 600, minWidth: 0 }}>{named}</span>
        : <button type="button" className="switch" aria-haspopup="dialog" onClick={() => onOpen('switcher')}>{named ?? <span>{t('shell.choose', { n: clusters.length })}</span>}<span aria-hidden>▾</span></button>}
      {cluster && <StateMark state={cluster.state} />}
      {cluster?.read_only && <span className="tag">{t('shell.readOnly')}</span>}
      <button type="button" className="switch find" aria-haspopup="dialog" onClick={() => onOpen('palette')}>{t('shell.find')} <kbd>Ctrl K</kbd></button>
      <Menu position="bottom-end">
        <Menu.Target><Button variant="default">{t('shell.menu')}</Button></Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t('shell.look')}</Menu.Label>
          {looks.map((one) => <Menu.Item key={one} role="menuitemradio" aria-checked={look === one} onClick={() => setLook(one)} rightSection={look === one ? '✓' : ''}>{t(`look.${one}`)}</Menu.Item>)}
          <Menu.Label>{t('shell.language')}</Menu.Label>
          {(Object.keys(languages) as Language[]).map((one) => <Menu.Item key={one} lang={one} onClick={() => setLanguage(one)}>{String(languages[one]['language.name'])}</Menu.Item>)}
          <Menu.Divider />
          <Menu.Item onClick={() => onOpen('help')} rightSection={<kbd>?</kbd>}>{t('keys.title')}</Menu.Item>
          {!fixed && ownList()}
        </Menu.Dropdown>
      </Menu>
    </header>
  )
}

/** What there is where a list of clusters is kept. */
function ownList() {
  return (
    <>
      <Menu.Item component="a" href={href(['add'])}>{t('add.title')}</Menu.Item>
      <Menu.Item component="a" href={href(['compare'])}>{t('drift.title')}</Menu.Item>
      <Menu.Item component="a" href={href(['preferences'])}>{t('prefs.title')}</Menu.Item>
      <Menu.Item component="a" href={href(['about'])}>{t('about.title')}</Menu.Item>
    </>
  )
}

/** Says that what is shown is old, since when and why. Never in the way. */
function Connection({ cluster }: { cluster: Cluster }) {
  if (cluster.foreign_authority) return <div className="strip" data-state="down" role="alert"><strong>{t('foreign.title')}.</strong> {t('foreign.strip')} <a href={href(['c', cluster.id, 'settings'])}>{t('settings.title')}</a></div>
  if (cluster.sign_in_ended) return <div className="strip" role="status">{t('shell.signInEnded', { why: cluster.sign_in_ended })} <a href={href(['c', cluster.id, 'sign-in'])}>{t('signIn.title')}</a></div>
  if (cluster.expires_soon) return <div className="strip" role="status">{t('shell.expiresSoon')} <a href={href(['c', cluster.id, 'sign-in'])}>{t('signIn.title')}</a></div>
  if (cluster.state === 'up') return <span hidden />
  return (
    <div className="strip" data-state={cluster.state} role="status">
      <strong>{cluster.state === 'down' ? t('shell.down') : t('shell.unknown')}</strong>{' '}
      <For at={cluster.since} />, {t('shell.seen')} <Ago at={cluster.seen} />. {t('shell.lastKnown')} <ClusterAgain cluster={cluster} /> {cluster.why && <span className="quiet">{cluster.why}</span>}
    </div>
  )
}

function Navigation({ cluster, route }: { cluster: Cluster; route: Route }) {
  const kinds = useKinds(cluster.id)
  const fixed = useFixed()
  const [, , section, kind] = route.path
  const current = (yes: boolean) => (yes ? ('page' as const) : undefined)
  const placed = (group: Group | undefined) => places.filter((place) => place.group === group && place.shown(cluster)).map((place) => (
    <a key={place.id} href={place.to(cluster)} aria-current={current((section ?? '') === place.id)}>{t(place.title)}</a>
  ))
  return (
    <nav className="nav" aria-label={t('shell.nav')}>
      {placed(undefined)}
      {kinds.data && <h2>{t('shell.definitions')}</h2>}
      {kinds.data?.map((one) => (
        <a key={one.name} href={href(['c', cluster.id, 'd', one.name])} aria-current={current((section === 'd' || section === 'new') && kind === one.name)}>
          <span className="cut">{one.title}</span><span className="quiet small">{one.count}</span>
        </a>
      ))}
      {groups.map((group) => {
        const links = placed(group)
        return links.length > 0 && <Fragment key={group}><h2>{t(`place.group.${group}`)}</h2>{links}</Fragment>
      })}
      <h2>{t('shell.connection')}</h2>
      <a href={href(['c', cluster.id, 'sign-in'])} aria-current={current(section === 'sign-in')}><span className="cut">{cluster.signed_in_as}</span><span className="quiet small">{cluster.role}</span></a>
      {!fixed && <a href={href(['c', cluster.id, 'settings'])} aria-current={current(section === 'settings')}>{t('settings.title')}</a>}
    </nav>
  )
}

function Notices() {
  const notices = useNotices()
  return (
    <div role="status" aria-live="polite" className="notices">
      {notices.map((one) => (
        <div key={one.id} className={'box row' + (one.bad ? ' bad' : '')}>
          <span className="grow">{one.text}</span>
          {one.act && <Button variant="default" onClick={() => { dismiss(one.id); one.act?.run() }}>{one.act.label}</Button>}
          <button type="button" className="close" aria-label={t('action.close')} onClick={() => dismiss(one.id)}>✕</button>
        </div>
      ))}
    </div>
  )
}
