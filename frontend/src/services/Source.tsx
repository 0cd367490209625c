// The source of a service: all files of its package, of any version.
import { Button, Select } from '@mantine/core'
import { useState } from 'react'
import { useVersions } from '../api/queries'
import { useSource } from '../api/services'
import { may } from '../api/role'
import type { Cluster, Service } from '../api/types'
import { CodeEditor } from '../code/CodeEditor'
import { href } from '../shell/router'
import { t, time } from '../text'
import { Blank, Shown } from '../ui/states'
import { FileList } from './FileList'
import { firstFile, isText, languageOf, textOf, type Files } from './files'

export function Source({ cluster, service, place }: { cluster: Cluster; service: Service; place: { file?: string | undefined; line?: string | undefined } }) {
  const [hash, setHash] = useState(service.hash)
  const versions = useVersions(cluster.id, service.name)
  const source = useSource(cluster.id, [service.name], hash)
  if (!service.hash) return <Blank title={t('service.noVersions')}><p className="quiet">{t('service.noVersions.help')}</p></Blank>
  return (
    <>
      <div className="tools">
        <Select
          aria-label={t('service.hash')} w={330} value={hash ?? null} allowDeselect={false} onChange={(next) => setHash(next ?? service.hash)}
          data={(versions.data ?? [{ hash: service.hash, uploaded: '', by: '' }]).map((one) => ({
            value: one.hash, label: [one.hash.slice(0, 12), one.hash === service.hash ? t('service.current') : '', one.uploaded && time(one.uploaded), one.by].filter(Boolean).join(' · '),
          }))}
        />
        <span className="grow quiet small">{t('source.help', { name: service.package })}</span>
        {may(cluster, 'developer') && hash !== service.hash && <Button component="a" href={href(['c', cluster.id, 'package', service.package], { hash })}>{t('source.editThis')}</Button>}
      </div>
      <Shown of={source}>{({ files }) => <Viewer files={files} place={place} />}</Shown>
    </>
  )
}

/** Files that can only be read. */
export function Viewer({ files, place }: { files: Files; place: { file?: string | undefined; line?: string | undefined } }) {
  const [path, setPath] = useState(() => firstFile(files, place.file))
  const [at] = useState(() => (place.line ? { line: Number(place.line) || 1, column: 1 } : undefined))
  const shown = files[path] ? path : firstFile(files, undefined)
  return (
    <div className="package">
      <FileList files={files} chosen={shown} onChoose={setPath} />
      {isText(files[shown])
        ? <CodeEditor fill label={t('source.of', { path: shown })} value={textOf(files[shown])} language={languageOf(shown)} document={shown} at={shown === place.file ? at : undefined} />
        : <Blank title={t('source.binary')} />}
    </div>
  )
}
