// What differs between two revisions, object by object.
import { Button, NumberInput } from '@mantine/core'
import { useState } from 'react'
import { may } from '../api/role'
import type { Cluster } from '../api/types'
import { useDiff, useRevision } from '../api/whole'
import { href, replace, type Route } from '../shell/router'
import { t } from '../text'
import { CopyCommand } from '../ui/CopyCommand'
import { Blank, Shown } from '../ui/states'
import { Ago } from '../ui/time'
import { Changes } from './Changes'
import { RollBack } from './RollBack'

export default function Compare({ cluster, route }: { cluster: Cluster; route: Route }) {
  const from = whole(route.query.from) ?? 0
  const to = whole(route.query.to)
  const diff = useDiff(cluster.id, from, to)
  const [typed, setTyped] = useState<{ from: number | string; to: number | string }>({ from, to: to ?? '' })
  const [back, setBack] = useState(false)
  const show = (a: number, b: number | undefined) => {
    setTyped({ from: a, to: b ?? '' })
    replace(href(['c', cluster.id, 'history', 'compare'], { from: String(a), to: b === undefined ? undefined : String(b) }))
  }
  return (
    <div className="page">
      <div className="head">
        <div className="grow"><h1>{t('compare.title')}</h1><div className="quiet"><a href={href(['c', cluster.id, 'history'])}>{t('place.history')}</a> · {t('compare.help')}</div></div>
        <div className="actions"><CopyCommand cluster={cluster} words={['diff', String(from), to !== undefined && String(to)]} /></div>
      </div>
      <form className="tools bottom" onSubmit={(event) => { event.preventDefault(); show(whole(typed.from) ?? 0, whole(typed.to)) }}>
        <NumberInput w={130} label={t('compare.from')} min={0} allowDecimal={false} value={typed.from} onChange={(value) => setTyped({ ...typed, from: value })} />
        <NumberInput w={130} label={t('compare.to')} placeholder={t('compare.newest')} min={0} allowDecimal={false} value={typed.to} onChange={(value) => setTyped({ ...typed, to: value })} />
        <Button type="submit" variant="default">{t('history.compare')}</Button>
        <Button variant="default" disabled={to === undefined} onClick={() => { if (to !== undefined) show(to, from) }}>{t('compare.swap')}</Button>
      </form>
      <Shown of={diff}>
        {(found) => (
          <>
            <div className="row wrap" style={{ marginBottom: 8 }}>
              <About cluster={cluster} revision={found.from} /> <span aria-hidden>→</span> <About cluster={cluster} revision={found.to} />
              {may(cluster, 'developer') && found.changes.length > 0 && to === undefined && found.from > 0 && <Button variant="default" onClick={() => setBack(true)}>{t('history.all', { n: found.from })}</Button>}
            </div>
            {found.changes.length === 0 ? <Blank title={t('compare.same')} /> : <Changes key={`${found.from}-${found.to}`} past cluster={cluster} changes={found.changes} />}
          </>
        )}
      </Shown>
      {back && <RollBack cluster={cluster} revision={from} onClose={() => setBack(false)} />}
    </div>
  )
}

function whole(text: string | number | undefined): number | undefined {
  const n = Number(text)
  return text !== undefined && text !== '' && Number.isInteger(n) && n >= 0 ? n : undefined
}

function About({ cluster, revision }: { cluster: Cluster; revision: number }) {
  const one = useRevision(cluster.id, revision)
  if (revision === 0) return <span className="quiet">{t('compare.empty')}</span>
  return (
    <span>
      <a href={href(['c', cluster.id, 'history', String(revision)])}><strong>{t('history.revision', { n: revision })}</strong></a>
      {one.data && <span className="quiet"> {one.data.actor}, <Ago at={one.data.at} />{one.data.reason && ` · ${one.data.reason}`}</span>}
    </span>
  )
}
