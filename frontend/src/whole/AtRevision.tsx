// Time travel: the whole configuration as it was at a revision.
import { Button } from '@mantine/core'
import { useMemo, useState } from 'react'
import { may } from '../api/role'
import type { Cluster, Definition } from '../api/types'
import { useRevision, useStateAt } from '../api/whole'
import { toYAML } from '../definitions/document'
import { unsealed } from '../diff/diff'
import { DataTable, type ShownColumn } from '../list/DataTable'
import { href } from '../shell/router'
import { t } from '../text'
import { copyText } from '../ui/copy'
import { CopyCommand } from '../ui/CopyCommand'
import { Dialog } from '../ui/Dialog'
import { Blank, Shown } from '../ui/states'
import { Ago, At } from '../ui/time'
import { Inside } from './History'
import { RollBack } from './RollBack'

const id = (row: Definition) => row.id
const text = (row: Definition) => row.kind + '/' + row.name + ' ' + JSON.stringify(row.spec)

export default function AtRevision({ cluster, revision }: { cluster: Cluster; revision: number }) {
  const state = useStateAt(cluster.id, revision)
  const about = useRevision(cluster.id, revision)
  const [shown, setShown] = useState<Definition>()
  const [own, setOwn] = useState(false)
  const [back, setBack] = useState(false)
  const kinds = useMemo(() => [...new Set(state.data?.definitions.map((one) => one.kind))].sort(), [state.data])
  const columns = useMemo(() => columnsOf(kinds, setShown), [kinds])
  return (
    <div className="page full">
      <div className="head">
        <div className="grow">
          <h1>{t('state.title', { n: revision })}</h1>
          <div className="quiet"><a href={href(['c', cluster.id, 'history'])}>{t('place.history')}</a>{about.data && <> · {about.data.actor}, <At at={about.data.at} />{about.data.reason && ` · ${about.data.reason}`}</>}</div>
        </div>
        <div className="actions">
          {revision > 1 && <Button component="a" variant="default" href={href(['c', cluster.id, 'history', String(revision - 1)])}>{t('state.before')}</Button>}
          <Button component="a" variant="default" href={href(['c', cluster.id, 'history', String(revision + 1)])}>{t('state.after')}</Button>
          <Button variant="default" onClick={() => setOwn(true)}>{t('state.own')}</Button>
          <Button component="a" variant="default" href={href(['c', cluster.id, 'history', 'compare'], { from: String(revision) })}>{t('history.compareNow')}</Button>
          {may(cluster, 'developer') && <Button variant="default" onClick={() => setBack(true)}>{t('history.go')}</Button>}
        </div>
      </div>
      <Shown of={state}>
        {(found) => <DataTable name="state" label={t('state.title', { n: revision })} rows={found.definitions} columns={columns} id={id} text={text} empty={<Blank title={t('state.empty')} />} />}
      </Shown>
      {shown && (
        <Dialog onClose={() => setShown(undefined)} size="xl" title={t('state.one', { name: `${shown.kind}/${shown.name}`, n: revision })}>
          <pre className="yaml" tabIndex={0} aria-label="YAML">{toYAML(shown.kind, shown.name, unsealed(shown.spec))}</pre>
          <div className="row" style={{ marginTop: 12 }}>
            <span className="grow quiet small">{t('history.version', { n: shown.version })}, <Ago at={shown.updated} /></span>
            <Button variant="default" onClick={() => void copyText(toYAML(shown.kind, shown.name, shown.spec))}>{t('action.copy')}</Button>
            <Button component="a" variant="default" href={href(['c', cluster.id, 'd', shown.kind, shown.name])}>{t('history.open', { name: shown.name })}</Button>
          </div>
        </Dialog>
      )}
      {own && (
        <Dialog onClose={() => setOwn(false)} size="xl" title={t('state.own.title', { n: revision })}>
          <Inside cluster={cluster} revision={revision} />
          <CopyCommand cluster={cluster} words={['diff', String(revision - 1), String(revision)]} />
        </Dialog>
      )}
      {back && <RollBack cluster={cluster} revision={revision} onClose={() => setBack(false)} />}
    </div>
  )
}

function columnsOf(kinds: string[], show: (row: Definition) => void): ShownColumn<Definition>[] {
  return [
    { id: 'kind', title: t('column.kind'), standard: true, width: 120, options: kinds, value: (row) => row.kind },
    { id: 'name', title: t('column.name'), standard: true, value: (row) => row.name, show: (row) => <button type="button" className="link" onClick={() => show(row)}>{row.name}</button> },
    { id: 'version', title: t('column.version'), standard: true, align: 'right', width: 80, value: (row) => row.version },
    { id: 'revision', title: t('state.changedIn'), standard: true, align: 'right', width: 140, value: (row) => row.revision },
    { id: 'updated', title: t('column.updated'), standard: true, width: 130, value: (row) => row.updated, show: (row) => <Ago at={row.updated} /> },
  ]
}
