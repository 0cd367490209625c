// One node on one card of the picture.
import type { Node } from '../api/types'
import { number, t, type Key } from '../text'
import { StateMark } from '../ui/State'
import { Ago, For } from '../ui/time'
import { rolesText, rotationText } from './words'

export interface Card {
  node: Node
  to: string
  /** Revisions behind the newest. */
  lag: number
  /** It tells of itself now; else the figures are the last known ones. */
  known: boolean
  /** Its version is not the one that most run. */
  odd: boolean
  /** Of a rolling restart that goes on; empty: it has no part in one. */
  step: string
}

/** A card; seen from far it has few words, large ones. */
export function NodeCard({ card: { node, to, lag, known, odd, step }, far }: { card: Card; far: boolean }) {
  if (far) {
    const notes = [
      step !== '' ? t(`step.${step}` as Key) : node.rotation !== 'online' && rotationText(node.rotation),
      known && lag > 0 && t('node.behind', { n: lag }), node.problems > 0 && t('node.faults', { n: node.problems }), odd && `${node.version} ≠`, node.leader && t('overview.leader'),
    ].filter(Boolean)
    return (
      <a className="node-card far" href={to} data-node={node.name} data-state={node.state} data-rotation={node.rotation} data-stale={!known || undefined}>
        <strong className="cut">{node.name}</strong>
        <span className="row cut"><StateMark state={node.state} /> <span className="quiet cut"><For at={node.since} /></span></span>
        <b className="behind cut">{notes.join(' · ')}</b>
      </a>
    )
  }
  return (
    <a className="node-card" href={to} data-node={node.name} data-state={node.state} data-rotation={node.rotation} data-stale={!known || undefined}>
      <span className="row">
        <strong className="grow cut">{node.name}</strong>
        {node.leader && <span className="tag mark">{t('overview.leader')}</span>}
        {node.local && <span className="tag" title={t('node.local.help')}>{t('node.local')}</span>}
      </span>
      <span className="row cut"><StateMark state={node.state} /> <span className="quiet cut"><For at={node.since} /></span></span>
      <span className="cut">
        <b className={'rotation ' + node.rotation}>{rotationText(node.rotation)}</b>
        {step !== '' && <> · <b>{t(`step.${step}` as Key)}</b></>}
        {' · '}{t('node.running', { n: node.in_flight })}
      </span>
      <span className="cut">
        {known
          ? lag > 0 ? <b className="behind">{t('node.behind', { n: lag })}</b> : <span>{t('node.at', { revision: number(node.revision) })}</span>
          : <span className="quiet">{t('node.heard')} <Ago at={node.heard} /></span>}
        {node.problems > 0 && <b className="faults"> · {t('node.faults', { n: node.problems })}</b>}
      </span>
      <span className="quiet small cut">
        <span className={odd ? 'odd' : undefined} title={odd ? t('node.odd') : undefined}>{node.version || '?'}{odd && ' ≠'}</span> · {rolesText(node.roles)}
      </span>
    </a>
  )
}
