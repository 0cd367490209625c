import { useWriter } from '../api/queries'
import type { Cluster, Definition } from '../api/types'
import { t } from '../text'
import { Ago } from '../ui/time'

/** "by ann 12 s ago", with the reason when one was given. */
export function ChangedBy({ cluster, definition }: { cluster: Cluster; definition: Definition }) {
  const writer = useWriter(cluster.id, definition, true)
  return (
    <>
      {writer.data && <strong>{t('conflict.by', { name: writer.data.actor })} </strong>}
      <Ago at={definition.updated} />
      {writer.data?.reason && <span className="quiet">: {writer.data.reason}</span>}
    </>
  )
}
