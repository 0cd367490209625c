// Somebody else was faster: what they changed, what I changed, and where both meet.
import { Button } from '@mantine/core'
import { useState } from 'react'
import type { Cluster, Definition } from '../api/types'
import { decide, merge } from '../diff/diff'
import { DiffTable, show } from '../diff/Diff'
import { TakeSide } from '../diff/TakeSide'
import { t } from '../text'
import { Dialog } from '../ui/Dialog'
import { ChangedBy } from './Writer'

interface Props {
  cluster: Cluster
  base: unknown
  mine: unknown
  theirs: Definition
  onMerged: (spec: unknown) => void
  onClose: () => void
}

export function Conflict({ cluster, base, mine, theirs, onMerged, onClose }: Props) {
  const result = merge(base, theirs.spec, mine)
  const [choices, setChoices] = useState<ReadonlyMap<string, boolean>>(new Map())
  return (
    <Dialog onClose={onClose} title={t('conflict.title')} size="xl">
      <p>{t('conflict.what', { version: theirs.version })} <ChangedBy cluster={cluster} definition={theirs} />. {t('conflict.safe')}</p>
      <h2>{t('conflict.theirs')}</h2>
      <DiffTable changes={result.theirs} heads={[t('conflict.base'), t('conflict.now')]} />
      <h2>{t('conflict.mine')}</h2>
      <DiffTable changes={result.mine} heads={[t('conflict.base'), t('conflict.draft')]} />
      {result.conflicts.length > 0 && <h2>{t('conflict.both', { n: result.conflicts.length })}</h2>}
      {result.conflicts.map((conflict) => (
        <div className="box warn" key={conflict.pointer}>
          <div className="row wrap">
            <code className="grow">{conflict.pointer.slice(1) || '/'}</code>
            <TakeSide place={conflict.pointer} mine={choices.get(conflict.pointer) === true} onMine={(mine) => setChoices(new Map(choices).set(conflict.pointer, mine))} />
          </div>
          <pre style={{ margin: '8px 0 0', whiteSpace: 'pre-wrap' }}>
            {t('conflict.base')}: {show(conflict.base)}{'\n'}
            {t('conflict.now')}: {show(conflict.theirs)}{'\n'}
            {t('conflict.draft')}: {show(conflict.mine)}
          </pre>
        </div>
      ))}
      <div className="row end" style={{ marginTop: 16 }}>
        <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
        <Button onClick={() => onMerged(decide(result, choices))}>{t('conflict.go')}</Button>
      </div>
    </Dialog>
  )
}
