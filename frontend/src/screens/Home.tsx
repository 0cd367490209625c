// All clusters in one dense screen, worst first, also when none can be reached.
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { exportPath } from '../api/clusters'
import { saveFile } from '../api/shell'
import type { Cluster } from '../api/types'
import { DataTable } from '../list/DataTable'
import { href } from '../shell/router'
import { t } from '../text'
import { notify, notifyFailure } from '../ui/notice'
import { Blank } from '../ui/states'
import { columnsOfHome } from './homeColumns'
import { chips, type ChipName } from './homeChips'
import { worstFirst } from './worst'

const id = (row: Cluster) => row.id
const text = (row: Cluster) => [row.name, row.environment, row.tag, row.signed_in_as, ...row.urls].join(' ')

export function Home({ clusters }: { clusters: Cluster[] }) {
  const [only, setOnly] = useState<ChipName>()
  const counted = useMemo(() => chips(clusters), [clusters])
  const active = counted.find((one) => one.name === only && one.rows.length > 0)
  const sorted = useMemo(() => worstFirst(active?.rows ?? clusters), [active, clusters])
  const columns = useMemo(columnsOfHome, [])
  const add = <Button component="a" href={href(['add'])} data-new>{t('add.title')}</Button>
  return (
    <div className="page full">
      <div className="head">
        <div className="grow">
          <h1>{t('home.title')}</h1>
          {clusters.length > 0 && (
            <div className="row wrap">
              <span className="quiet">{t('home.all', { n: clusters.length })} · {t('home.worst')}</span>
              <span className="chips" role="group" aria-label={t('home.summary')}>
                {counted.filter((one) => one.rows.length > 0).map((one) => (
                  <button key={one.name} type="button" className="chip" data-state={one.state} aria-pressed={active?.name === one.name} onClick={() => setOnly(active?.name === one.name ? undefined : one.name)}>{t(one.text, { n: one.n })}</button>
                ))}
              </span>
            </div>
          )}
        </div>
        <div className="actions">{clusters.length > 1 && <Button variant="default" component="a" href={href(['compare'])}>{t('drift.title')}</Button>}{clusters.length > 0 && add}</div>
      </div>
      <DataTable
        name="home" label={t('home.title')} rows={sorted} columns={columns} id={id} text={text} open={(row) => href(['c', row.id])}
        selected={(rows) => <Export rows={rows} />}
        empty={<Blank title={t('home.empty')}><p className="quiet">{t('home.empty.help')}</p><div className="row wrap" style={{ justifyContent: 'center' }}>{add}<Button variant="default" component="a" href={href(['add'], { by: 'network' })}>{t('add.by.network')}</Button><Button variant="default" component="a" href={href(['add'], { by: 'file' })}>{t('prefs.import')}</Button></div></Blank>}
      />
    </div>
  )
}

function Export({ rows }: { rows: Cluster[] }) {
  const save = useMutation({
    mutationFn: () => saveFile('signalbox-clusters.json', { path: exportPath(rows.map(id)) }, t('export.go')),
    onSuccess: (path) => { if (path) notify(t('export.done', { n: rows.length, path })) },
    onError: notifyFailure,
  })
  return <Button variant="default" title={t('export.list.help')} loading={save.isPending} onClick={() => save.mutate()}>{t('export.go')}</Button>
}
