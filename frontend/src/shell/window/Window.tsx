// The page's side of the window around it: commands of its menu, links, dropped files, the
// size of everything. In a plain browser there is no window, and only dropping remains.
import { useCallback, useEffect, useRef, useState } from 'react'
import { call } from '../../api/http'
import { onShell } from '../../api/live'
import { useApp } from '../../api/queries'
import { browse, opened, type Opened } from '../../api/shell'
import type { Cluster, List, ShellEvent } from '../../api/types'
import { texts, useLanguage } from '../../text'
import { copyText } from '../../ui/copy'
import { pickFiles } from '../../ui/file'
import { notifyFailure } from '../../ui/notice'
import { appLink, openLink } from '../link'
import { go, href } from '../router'
import { report } from './Boundary'
import { Drop } from './Drop'
import { apply, setSize, step } from './zoom'

interface Props {
  clusters: Cluster[]
  cluster: Cluster | undefined
  /** What the menu can open of the frame. */
  onOpen: (what: 'palette' | 'switcher' | 'help') => void
}

export function Window(props: Props) {
  const app = useApp()
  const [given, setGiven] = useState<Opened>()
  const taken = useCallback(() => setGiven(undefined), [])
  const open = (folder: boolean) => pickFiles({ folder, multiple: true }, setGiven)
  const commands: Record<string, () => void> = {
    add: () => go(href(['add'])),
    open: () => open(false),
    folder: () => open(true),
    settings: () => go(href(['preferences'])),
    about: () => go(href(['about'])),
    find: () => props.onOpen('palette'),
    switch: () => props.onOpen('switcher'),
    keys: () => props.onOpen('help'),
    home: () => go(href([])),
    back: () => history.back(),
    forward: () => history.forward(),
    reload: () => location.reload(),
    larger: () => setSize(step(1)),
    smaller: () => setSize(step(-1)),
    normal: () => setSize(100),
    copyLink: () => void (props.cluster && copyText(appLink(props.cluster))),
  }
  const tell = (event: ShellEvent) => {
    if (event.type === 'command') commands[event.command ?? '']?.()
    else if (event.type === 'cluster' && event.cluster) go(href(['c', event.cluster]))
    else if (event.type === 'drop' && event.dropped) setGiven(opened(event.dropped))
    else if (event.type === 'link' && event.link && !openLink(event.link)) go(href(['add'], { link: event.link }))
  }
  useInbox(app.data?.shell !== undefined, tell)
  useWindow(app.data?.shell !== undefined)
  return <Drop clusters={props.clusters} cluster={props.cluster} byWindow={app.data?.shell?.drop ?? false} given={given} onTaken={taken} />
}

/** Takes what the window tells, what it told before the page ran included. */
function useInbox(there: boolean, tell: (event: ShellEvent) => void): void {
  const held = useRef(tell)
  held.current = tell
  useEffect(() => {
    if (!there) return
    const take = async () => {
      const { items } = await call<List<ShellEvent>>('shell/take', { method: 'POST' })
      for (const event of items ?? []) held.current(event)
    }
    const quietly = () => void take().catch(() => undefined) // it stays in the inbox until the next change
    quietly()
    return onShell(quietly)
  }, [there])
}

/** Tells the window how the page is, and does what a browser around it would do. */
function useWindow(there: boolean): void {
  const language = useLanguage()
  useEffect(() => {
    if (!there) return
    apply()
    const dark = () => getComputedStyle(document.documentElement).colorScheme === 'dark'
    const say = () => void call('shell/page', { method: 'PUT', body: { language, dark: dark(), texts: texts('window.') } }).catch(() => undefined)
    say()
    const looks = new MutationObserver(say)
    looks.observe(document.documentElement, { attributeFilter: ['data-mantine-color-scheme'] })
    let timer: ReturnType<typeof setTimeout> | undefined
    const resized = () => {
      clearTimeout(timer)
      timer = setTimeout(() => void call('shell/resized', { method: 'POST' }).catch(() => undefined), 1000)
    }
    const failed = (event: ErrorEvent) => void report(event.error)
    const rejected = (event: PromiseRejectionEvent) => void report(event.reason)
    addEventListener('resize', resized)
    addEventListener('error', failed)
    addEventListener('unhandledrejection', rejected)
    addEventListener('click', outside)
    addEventListener('keydown', backNotChoose, true)
    return () => {
      clearTimeout(timer)
      looks.disconnect()
      removeEventListener('resize', resized)
      removeEventListener('error', failed)
      removeEventListener('unhandledrejection', rejected)
      removeEventListener('click', outside)
      removeEventListener('keydown', backNotChoose, true)
    }
  }, [there, language])
}

/** A link to elsewhere opens in the system's browser; the window has one page. */
function outside(event: MouseEvent) {
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null
  if (!(link instanceof HTMLAnchorElement) || !/^https?:$/.test(link.protocol) || link.origin === location.origin) return
  event.preventDefault()
  void browse(link.href).catch(notifyFailure)
}

/** The menu goes back and forward by Alt and an arrow; WebKit moves a choice by the same key. */
function backNotChoose(event: KeyboardEvent) {
  if (event.altKey && event.target instanceof HTMLInputElement && event.target.type === 'radio') event.preventDefault()
}
