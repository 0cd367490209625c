// Every address of a cluster: which one is in use, what failed at the others, and what
// answers with another authority.
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { lookAt } from '../api/clusters'
import type { Cluster, Shown } from '../api/types'
import { t } from '../text'
import { Failed } from '../ui/states'
import { StateMark } from '../ui/State'
import { Ago } from '../ui/time'

export function Addresses({ cluster }: { cluster: Cluster }) {
  const look = useMutation({ mutationFn: () => lookAt(cluster.id) })
  const looked = new Map(look.data?.map((one) => [one.url, one]))
  return (
    <section aria-label={t('address.title')}>
      <div className="row"><h2 className="grow">{t('address.title')}</h2><Button variant="default" loading={look.isPending} onClick={() => look.mutate()}>{t('address.look')}</Button></div>
      {look.isError && <Failed error={look.error} />}
      <ul className="plain">
        {cluster.addresses.map((one) => (
          <li key={one.url} className="box" style={{ padding: '6px 12px', marginBottom: 6 }}>
            <div className="row wrap">
              <StateMark state={one.state} />
              <code className="grow">{one.url}</code>
              {one.in_use && <span className="tag">{t('address.inUse')}</span>}
              <span className="quiet small">{one.at ? <>{t('address.tried')} <Ago at={one.at} /></> : t('address.untried')}</span>
            </div>
            {one.why && <div className="small">{one.why}</div>}
            {one.authority && <div className="small">{t('foreign.now')}: <code>{one.authority}</code></div>}
            {looked.has(one.url) && <Looked one={looked.get(one.url)} />}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Looked({ one }: { one: Shown | undefined }) {
  if (!one) return null
  const text = one.matches ? t('address.looked.good') : one.reachable ? t('address.looked.bad') : t('address.looked.none')
  return <div className="small" role="status"><StateMark state={one.matches ? 'up' : 'down'} /> {text}{!one.matches && one.why && `: ${one.why}`}</div>
}
