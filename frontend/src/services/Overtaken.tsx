// Somebody deployed the package in between: what they changed, what I changed, and both as one.
import { Button } from '@mantine/core'
import { useState } from 'react'
import { useLastChange, useSource } from '../api/services'
import type { Cluster } from '../api/types'
import { TakeSide } from '../diff/TakeSide'
import { t } from '../text'
import { Dialog } from '../ui/Dialog'
import { Shown } from '../ui/states'
import { Ago } from '../ui/time'
import { mergeFiles, type Files, type InForce } from './files'
import { FilesDiff } from './FilesDiff'

interface Props {
  cluster: Cluster
  now: InForce
  base: string
  /** Version that opened holds. */
  from: string
  opened: Files
  mine: Files
  onMerged: (theirs: Files, merged: Files) => void
  onClose: () => void
}

export function Overtaken(props: Props) {
  const { cluster, now, base, onClose } = props
  const theirs = useSource(cluster.id, now.services, now.hash)
  const common = useSource(cluster.id, now.services, base || undefined)
  const last = useLastChange(cluster.id, now.services[0], true)
  return (
    <Dialog onClose={onClose} title={t('conflict.title')} size="xl">
      <p>{last.data && <>{t('package.behindBy', { name: last.data.actor })} <Ago at={last.data.at} />{last.data.reason && <> ({last.data.reason})</>}. </>}{t('conflict.safe')}</p>
      <Shown of={theirs}>
        {(source) => base === ''
          ? <Choose {...props} base={{}} theirs={source.files} />
          : <Shown of={common}>{(before) => <Choose {...props} base={before.files} theirs={source.files} />}</Shown>}
      </Shown>
    </Dialog>
  )
}

function Choose({ base, theirs, mine, opened, from, onMerged, onClose }: Omit<Props, 'base'> & { base: Files; theirs: Files }) {
  // Mine is measured from what was opened: from an older version that is more than what was typed.
  const start = from === '' ? {} : opened
  const merged = mergeFiles(start, theirs, mine)
  const [takesMine, setTakesMine] = useState<ReadonlySet<string>>(new Set())
  const go = () => {
    const files = { ...merged.files }
    for (const path of takesMine) {
      const own = mine[path]
      if (own) files[path] = own
      else delete files[path]
    }
    onMerged(theirs, files)
  }
  return (
    <>
      <h2>{t('conflict.theirs')}</h2>
      <FilesDiff before={base} after={theirs} open={2} />
      <h2>{t('conflict.mine')}</h2>
      <FilesDiff before={start} after={mine} open={2} />
      {merged.conflicts.length > 0 && <h2>{t('overtaken.both', { n: merged.conflicts.length })}</h2>}
      {merged.conflicts.map((path) => (
        <div className="box warn row" key={path}>
          <code className="grow">{path}</code>
          <TakeSide place={path} mine={takesMine.has(path)} onMine={(on) => setTakesMine((before) => { const next = new Set(before); on ? next.add(path) : next.delete(path); return next })} />
        </div>
      ))}
      <div className="row end" style={{ marginTop: 16 }}>
        <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
        <Button variant="default" onClick={() => onMerged(theirs, theirs)}>{t('overtaken.theirs')}</Button>
        <Button onClick={go}>{t('conflict.go')}</Button>
      </div>
    </>
  )
}
