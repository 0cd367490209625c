// What is not reachable is asked again by itself: in how many seconds, or at once when wanted.
// Nothing of it is in the way of what is on the screen.
import { useSyncExternalStore } from 'react'
import { call } from '../api/http'
import { lost, onLost, tryNow } from '../api/live'
import type { Cluster } from '../api/types'
import { t } from '../text'
import { useCountdown } from '../ui/time'

function Again({ at, now }: { at: string | number | undefined; now: () => void }) {
  const left = useCountdown(at)
  return (
    <span className="again">
      <span aria-hidden>{left > 0 ? t('again.in', { n: left }) : t('again.now')}</span>{' '}
      <button type="button" className="link" onClick={now}>{t('again.try')}</button>
    </span>
  )
}

/** Of a cluster: the app counts. */
export function ClusterAgain({ cluster }: { cluster: Cluster }) {
  return <Again at={cluster.next_try} now={() => void call(`clusters/${encodeURIComponent(cluster.id)}/retry`, { method: 'POST' }).catch(() => undefined)} />
}

/** Of the program behind the page: the page counts. */
export function PageAgain() {
  const at = useSyncExternalStore(onLost, lost)
  if (at === undefined) return <span hidden />
  return <div className="strip" data-state="down" role="status"><strong>{t('again.page')}</strong> <Again at={at} now={tryNow} /></div>
}
