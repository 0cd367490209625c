// What is dropped anywhere on the app goes to the screen that it is for. In a window that
// reads dropped files itself, they come by its inbox; elsewhere from the page's own events.
import { useEffect, useRef, useState } from 'react'
import { handOver, type DropKind, type Opened } from '../../api/shell'
import { useFixed } from '../../api/queries'
import { may } from '../../api/role'
import type { Cluster } from '../../api/types'
import { t } from '../../text'
import { Dialog } from '../../ui/Dialog'
import { notifySkipped } from '../../ui/file'
import { notify } from '../../ui/notice'
import { go, href } from '../router'
import { filesOf, kindOf } from './kind'
import { listen } from './drag'

/** The screen of a cluster that takes what was dropped. */
const screens: Record<Exclude<DropKind, 'clusters'>, string> = { package: 'package', definitions: 'apply' }

interface Given {
  kind: Exclude<DropKind, 'clusters'>
  opened: Opened
}

interface Props {
  clusters: Cluster[]
  cluster: Cluster | undefined
  /** The window reads dropped files. */
  byWindow: boolean
  /** What the window or a dialog gave; it is taken once. */
  given: Opened | undefined
  onTaken: () => void
}

export function Drop({ clusters, cluster, byWindow, given, onTaken }: Props) {
  const [over, setOver] = useState(false)
  const [asked, setAsked] = useState<Given>()
  const fixed = useFixed()
  const targets = clusters.filter((one) => may(one, 'developer'))
  const send = (to: Cluster, { kind, opened }: Given) => {
    setAsked(undefined)
    handOver(kind, opened)
    go(href(['c', to.id, screens[kind]]))
  }
  const sort = async (opened: Opened | undefined) => {
    if (!opened) return notify(t('drop.large'), true)
    notifySkipped(opened.skipped)
    if (opened.files.length === 0) return
    const kind = await kindOf(opened)
    if (!kind || (kind === 'clusters' && fixed)) return notify(t('drop.unknown'), true)
    if (kind === 'clusters') {
      handOver(kind, opened)
      return go(href(['add']))
    }
    const target = cluster && may(cluster, 'developer') ? cluster : targets.length === 1 ? targets[0] : undefined
    if (target) send(target, { kind, opened })
    else if (targets.length === 0) notify(t('drop.none'), true)
    else setAsked({ kind, opened })
  }
  const held = useRef(sort)
  held.current = sort
  useEffect(() => {
    if (!given) return
    onTaken()
    void held.current(given)
  }, [given, onTaken])
  useEffect(() => listen(byWindow, setOver, (data) => void filesOf(data).then((opened) => held.current(opened), () => held.current(undefined))), [byWindow])
  return (
    <>
      {over && <div className="dropping" aria-hidden>{t('drop.here')}</div>}
      {asked && (
        <Dialog onClose={() => setAsked(undefined)} title={t('drop.choose')}>
          <p className="quiet">{asked.kind === 'package' ? t('drop.package', { name: asked.opened.root || (asked.opened.files[0]?.name ?? '') }) : t('drop.definitions', { n: asked.opened.files.length })}</p>
          <div style={{ display: 'grid', gap: 4 }}>
            {targets.map((one, i) => (
              <button key={one.id} type="button" className="switch" data-autofocus={i === 0 || undefined} onClick={() => send(one, asked)}>
                <span className="dot" style={{ background: one.colour || 'var(--sb-accent)' }} /><span className="grow cut" style={{ textAlign: 'left' }}>{one.name}</span>
                {one.environment && <span className="tag">{one.environment}</span>}<span className="quiet small">{t(`state.${one.state}`)}</span>
              </button>
            ))}
          </div>
        </Dialog>
      )}
    </>
  )
}
