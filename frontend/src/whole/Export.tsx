// The configuration as files: chosen kinds or single definitions, byte for byte what the command line gives.
import { Button, Checkbox, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { admin, adminPath, useDefinitions, useKinds } from '../api/queries'
import { saveFile } from '../api/shell'
import type { Cluster, Kind } from '../api/types'
import { t } from '../text'
import { copyText } from '../ui/copy'
import { CopyCommand } from '../ui/CopyCommand'
import { fileName } from '../ui/file'
import { notify, notifyFailure } from '../ui/notice'
import { Blank, Failed, Loading, Shown } from '../ui/states'
import { chosenWords, exportPath, toggleKind, toggleName, type Chosen } from './exported'

export default function Export({ cluster }: { cluster: Cluster }) {
  const kinds = useKinds(cluster.id)
  const [chosen, setChosen] = useState<Chosen>({ kinds: [], names: [] })
  const [open, setOpen] = useState<string>()
  const path = exportPath(chosen)
  const text = useQuery({
    queryKey: ['c', cluster.id, 'export', path],
    queryFn: async ({ signal }) => (await admin<Blob>(cluster.id, path, { as: 'blob', signal })).text(),
    gcTime: 0,
  })
  const save = async () => {
    try {
      const name = `${fileName(cluster.name)}.yaml`
      const where = await saveFile(name, { path: adminPath(cluster.id, path) }, t('export.save'))
      if (where) notify(t('export.saved', { where }))
    } catch (error) {
      notifyFailure(error)
    }
  }
  const all = chosen.kinds.length === 0 && chosen.names.length === 0
  return (
    <div className="page">
      <div className="head">
        <div className="grow"><h1>{t('place.export')}</h1><div className="quiet">{t('export.help')}</div></div>
        <div className="actions">
          <CopyCommand cluster={cluster} words={['export', ...chosenWords(chosen)]} />
          <Button variant="default" disabled={!text.data} onClick={() => void copyText(text.data ?? '')}>{t('action.copy')}</Button>
          <Button disabled={!text.data} onClick={() => void save()}>{t('export.save')}</Button>
        </div>
      </div>
      <div className="two">
        <Shown of={kinds}>
          {(list) => (
            <fieldset className="group">
              <legend>{t('export.what')}</legend>
              <Checkbox label={t('export.all')} checked={all} onChange={() => setChosen({ kinds: [], names: [] })} />
              {list.map((kind) => (
                <div key={kind.name}>
                  <div className="row">
                    <Checkbox className="grow" label={`${kind.title} (${kind.count})`} disabled={kind.count === 0} checked={chosen.kinds.includes(kind.name)} indeterminate={!chosen.kinds.includes(kind.name) && chosen.names.some((one) => one.startsWith(kind.name + '/'))} onChange={() => setChosen(toggleKind(chosen, kind.name))} />
                    {kind.count > 0 && <button type="button" className="link" aria-expanded={open === kind.name} onClick={() => setOpen(open === kind.name ? undefined : kind.name)}>{open === kind.name ? t('export.fold') : t('export.single')}</button>}
                  </div>
                  {open === kind.name && <Names cluster={cluster} kind={kind} chosen={chosen} onChoose={setChosen} />}
                </div>
              ))}
            </fieldset>
          )}
        </Shown>
        <div style={{ minWidth: 0 }}>
          {text.isPending && <Loading />}
          {text.isError && <Failed error={text.error} retry={() => void text.refetch()} />}
          {text.data === '' && <Blank title={t('export.empty')} />}
          {text.data && <><p className="quiet small">{t('export.size', { n: text.data.split('\n').length - 1 })}</p><pre className="yaml" tabIndex={0} aria-label="YAML" style={{ maxHeight: '68vh' }}>{text.data.slice(0, 200_000)}{text.data.length > 200_000 && '\n…'}</pre></>}
        </div>
      </div>
    </div>
  )
}

const most = 200

function Names({ cluster, kind, chosen, onChoose }: { cluster: Cluster; kind: Kind; chosen: Chosen; onChoose: (chosen: Chosen) => void }) {
  const list = useDefinitions(cluster.id, kind.name)
  const [search, setSearch] = useState('')
  const whole = chosen.kinds.includes(kind.name)
  return (
    <div style={{ padding: '4px 0 8px 24px' }}>
      <Shown of={list}>
        {(rows) => {
          const found = rows.filter((row) => row.name.toLowerCase().includes(search.toLowerCase()))
          return (
            <div style={{ display: 'grid', gap: 4 }}>
              {rows.length > 10 && <TextInput placeholder={t('list.search')} aria-label={t('list.search')} value={search} onChange={(event) => setSearch(event.currentTarget.value)} />}
              <div style={{ display: 'grid', gap: 4, maxHeight: 240, overflow: 'auto' }}>
                {found.slice(0, most).map((row) => <Checkbox key={row.id} label={row.name} disabled={whole} checked={whole || chosen.names.includes(`${kind.name}/${row.name}`)} onChange={() => onChoose(toggleName(chosen, `${kind.name}/${row.name}`))} />)}
                {found.length > most && <span className="quiet small">{t('list.some', { n: most, all: found.length })}</span>}
              </div>
            </div>
          )
        }}
      </Shown>
    </div>
  )
}
