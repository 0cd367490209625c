// The files of a package beside its editor: one is chosen; others come, go and get other names.
import { Button, Menu, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Opened } from '../api/shell'
import { t } from '../text'
import { Dialog } from '../ui/Dialog'
import { pickFiles } from '../ui/file'
import { FileList } from './FileList'
import { firstFile, pathFault, settingsFile, type Files } from './files'

interface Props {
  files: Files
  chosen: string
  /** Files with faults, and files that were changed. */
  faulty: ReadonlySet<string>
  changed: ReadonlySet<string>
  onChoose: (path: string) => void
  /** Other files, and which of them is shown then. */
  onChange: (files: Files, path: string) => void
  onPicked: (opened: Opened) => void
}

export function FileSide({ files, chosen, faulty, changed, onChoose, onChange, onPicked }: Props) {
  const [naming, setNaming] = useState<'new' | 'rename'>()
  const { [chosen]: file, ...others } = files
  const name = (to: string) => {
    onChange(naming === 'rename' ? { ...others, [to]: file ?? {} } : { ...files, [to]: { text: '' } }, to)
    setNaming(undefined)
  }
  return (
    <div className="side">
      <FileList files={files} chosen={chosen} onChoose={onChoose} faulty={faulty} changed={changed} />
      <div className="row wrap">
        <Menu position="top-start">
          <Menu.Target><Button size="compact-xs" variant="default">{t('files.add')}</Button></Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => setNaming('new')}>{t('files.new')}</Menu.Item>
            <Menu.Item onClick={() => pickFiles({ multiple: true, title: t('package.pick') }, onPicked)}>{t('files.pick')}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
        {file && <Button size="compact-xs" variant="subtle" onClick={() => setNaming('rename')}>{t('files.rename')}</Button>}
        {file && <Button size="compact-xs" variant="subtle" onClick={() => onChange(others, firstFile(others, undefined))}>{t('files.remove')}</Button>}
      </div>
      {naming && <NamePath files={files} first={naming === 'rename' ? chosen : 'src/'} title={t(`files.${naming}`)} onName={name} onClose={() => setNaming(undefined)} />}
    </div>
  )
}

function NamePath({ files, first, title, onName, onClose }: { files: Files; first: string; title: string; onName: (path: string) => void; onClose: () => void }) {
  const [path, setPath] = useState(first)
  const fault = path === first ? undefined : pathFault(path.trim(), files)
  const ready = path !== first && !fault
  return (
    <Dialog onClose={onClose} title={title}>
      <form onSubmit={(event) => { event.preventDefault(); if (ready) onName(path.trim()) }}>
        <TextInput label={t('files.path')} description={t('files.pathHelp', { settings: settingsFile })} data-autofocus value={path} error={fault && t(fault)} onChange={(event) => setPath(event.currentTarget.value)} />
        <div className="row end" style={{ marginTop: 16 }}>
          <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" disabled={!ready}>{t('files.ok')}</Button>
        </div>
      </form>
    </Dialog>
  )
}
