// Edits the files of a package: faults as they are typed, tests, deployment, drafts, conflicts.
import { Button, Menu, Modal, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef, useState } from 'react'
import { handOver, useDropped, type Opened } from '../api/shell'
import { useTypeFaults } from '../api/language'
import { useCheck, useLastChange } from '../api/services'
import type { BuildMessage, Cluster, Deployed } from '../api/types'
import { CodeEditor } from '../code/CodeEditor'
import type { Diagnostic } from '../code/types'
import { href } from '../shell/router'
import { t } from '../text'
import { pickFiles } from '../ui/file'
import { notify, notifyFailure } from '../ui/notice'
import { Blank } from '../ui/states'
import { Ago } from '../ui/time'
import { useServiceCompletions } from './complete/useCompletions'
import { Deploy } from './Deploy'
import { writeDraft } from './drafts'
import { FileList } from './FileList'
import { changedFiles, firstFile, isText, languageOf, pathFault, settingsFile, textOf, type Files, type InForce } from './files'
import { Overtaken } from './Overtaken'
import { Panel, type Place } from './Panel'
import { read } from './picked'

interface Props {
  cluster: Cluster
  name: string
  /** What is in force of the package now. */
  now: InForce | undefined
  /** Version in force when the edit began, and the one whose files were opened. */
  base: string
  from: string
  opened: Files
  start: Files
  restored?: string | undefined
  place: { file?: string | undefined; line?: string | undefined }
  discard: () => void
}

interface Edit {
  base: string
  from: string
  opened: Files
  files: Files
}

export function PackageEditor(props: Props) {
  const { cluster, name, now } = props
  const queries = useQueryClient()
  const [edit, setEdit] = useState<Edit>({ base: props.base, from: props.from, opened: props.opened, files: props.start })
  const [path, setPath] = useState(() => firstFile(props.start, props.place.file))
  const [at, setAt] = useState(() => (props.place.line ? { line: Number(props.place.line) || 1, column: 1 } : undefined))
  const [step, setStep] = useState<'deploy' | 'conflict' | 'add' | 'rename'>()
  const [refused, setRefused] = useState<BuildMessage[]>([])
  const [kept, setKept] = useState(true)
  const [restored, setRestored] = useState(props.restored)
  const files = edit.files
  const changed = useMemo(() => new Set(changedFiles(edit.opened, files).map((one) => one.path)), [edit.opened, files])
  const check = useCheck(cluster.id, name, files, true)
  const messages = refused.length > 0 ? refused : (check.checked?.messages ?? [])
  const faulty = useMemo(() => new Set(messages.map((one) => one.file)), [messages])
  // Where the package's compiler finds a fault, the other one says the same once more.
  const allTypes = useTypeFaults(name, files)
  const types = useMemo(() => allTypes.filter((one) => !faulty.has(one.file)), [allTypes, faulty])
  const warnings = useMemo(() => [...(check.checked?.warnings ?? []), ...types.map((one) => ({ file: one.file, line: one.line, column: one.column, text: one.message }))], [check.checked, types])
  const behind = now !== undefined && now.hash !== edit.base
  const completions = useServiceCompletions(cluster, name, files, path)
  const diagnostics = useMemo<Diagnostic[]>(() => [...messages.map((one) => mark(one, 'error')), ...(check.checked?.warnings ?? []).map((one) => mark(one, 'warning')), ...types].filter((one) => one.file === path), [messages, check.checked, types, path])

  const latest = useRef<Edit | undefined>(edit)
  if (latest.current) latest.current = edit
  useEffect(() => {
    const timer = setTimeout(() => setKept(writeDraft(cluster.id, name, edit)), 300)
    return () => clearTimeout(timer)
  }, [cluster.id, name, edit])
  // A page that goes takes nothing with it: what was typed last is kept at once.
  useEffect(() => {
    const keep = () => { if (latest.current) writeDraft(cluster.id, name, latest.current) }
    addEventListener('pagehide', keep)
    return () => {
      removeEventListener('pagehide', keep)
      keep()
    }
  }, [cluster.id, name])
  const discard = () => {
    latest.current = undefined
    props.discard()
  }

  const change = (next: Files) => {
    setRefused([])
    setEdit((before) => ({ ...before, files: next }))
  }
  const goTo = (place: Place) => {
    if (files[place.file]) setPath(place.file)
    setAt({ line: place.line || 1, column: place.column || 1 })
  }
  const take = async (opened: Opened) => {
    try {
      const picked = await read(opened)
      const names = Object.keys(picked.files)
      if (names.length > 0) { change({ ...files, ...picked.files }); setPath(firstFile(picked.files, undefined)) }
      if (picked.skipped.length > 0) notify(t('package.skipped', { files: picked.skipped.join(', ') }), true)
    } catch (error) {
      notifyFailure(error)
    }
  }
  const passedOn = useRef<Opened>(undefined)
  // A folder that is another package is opened as such; the shell leads to where that is done.
  useDropped('package', (opened) => {
    if (opened.root === '' || opened.root === name || passedOn.current === opened) {
      void take(opened)
      location.hash = href(['c', cluster.id, 'package', name])
    } else {
      passedOn.current = opened
      location.hash = href(['c', cluster.id, 'package'])
      setTimeout(() => handOver('package', opened), 50) // when that screen is there
    }
  })
  const remove = () => {
    const { [path]: gone, ...rest } = files
    if (!gone) return
    change(rest)
    setPath(firstFile(rest, undefined))
  }
  const deployed = (done: Deployed) => {
    const hash = done.packages[0]?.hash ?? ''
    setEdit((before) => ({ base: hash, from: hash, opened: before.files, files: before.files }))
    setRefused([])
    setRestored(undefined)
    queries.setQueryData(['source', cluster.id, hash], { package: name, hash, files })
    void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
  }
  const onDeploy = () => setStep(behind ? 'conflict' : 'deploy')
  const old = edit.from !== edit.base && edit.from !== ''
  return (
    <>
      <div className="head">
        <div className="grow">
          <div className="small"><a href={href(['c', cluster.id, 'services'])}>{t('place.services')}</a></div>
          <h1>{name}</h1>
          <div className="quiet small">
            {edit.base === '' ? t('package.isNew') : <>{t('package.began', { hash: edit.from.slice(0, 12) })}{old && <> {t('package.older')}</>}</>}
            {changed.size > 0 && <> · {t('package.changed', { n: changed.size })}</>}
            {restored && changed.size > 0 && <> · {t('package.restored')} <Ago at={restored} /></>}
          </div>
        </div>
        <div className="actions">
          {changed.size > 0 && <Button variant="default" onClick={discard}>{t('action.discard')}</Button>}
          <Button disabled={edit.from === now?.hash && changed.size === 0} onClick={onDeploy}>{t('deploy.go')}…</Button>
        </div>
      </div>
      {!kept && <div className="box warn" role="alert">{t('package.noRoom')}</div>}
      {behind && now && <Behind cluster={cluster} service={now.services[0]} onShow={() => setStep('conflict')} />}
      <div className="package">
        <div className="side">
          <FileList files={files} chosen={path} onChoose={(next) => { setPath(next); setAt(undefined) }} faulty={faulty} changed={changed} />
          <div className="row wrap">
            <Menu position="top-start">
              <Menu.Target><Button size="compact-xs" variant="default">{t('files.add')}</Button></Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={() => setStep('add')}>{t('files.new')}</Menu.Item>
                <Menu.Item onClick={() => pickFiles({ multiple: true, title: t('package.pick') }, take)}>{t('files.pick')}</Menu.Item>
              </Menu.Dropdown>
            </Menu>
            {files[path] && <Button size="compact-xs" variant="subtle" onClick={() => setStep('rename')}>{t('files.rename')}</Button>}
            {files[path] && <Button size="compact-xs" variant="subtle" onClick={remove}>{t('files.remove')}</Button>}
          </div>
        </div>
        <div className="main-part">
          {files[path] === undefined
            ? <Blank title={t('files.none')} />
            : isText(files[path])
              ? <CodeEditor fill label={t('source.of', { path })} value={textOf(files[path])} language={languageOf(path)} document={path} at={at} diagnostics={diagnostics} onSave={onDeploy} onChange={(text) => change({ ...files, [path]: { text } })} {...(languageOf(path) === 'typescript' ? completions : {})} />
              : <Blank title={t('source.binary')} />}
          <Panel cluster={cluster} name={name} files={files} check={check} messages={messages} warnings={warnings} onGo={goTo} />
        </div>
      </div>
      {(step === 'add' || step === 'rename') && (
        <NamePath
          files={files} first={step === 'rename' ? path : 'src/'} title={t(step === 'rename' ? 'files.rename' : 'files.new')} onClose={() => setStep(undefined)}
          onName={(to) => {
            const { [path]: moved, ...rest } = files
            change(step === 'rename' ? { ...rest, [to]: moved ?? {} } : { ...files, [to]: { text: '' } })
            setPath(to)
            setStep(undefined)
          }}
        />
      )}
      {step === 'deploy' && (
        <Deploy
          cluster={cluster} name={name} base={edit.base} files={files} check={check} onClose={() => setStep(undefined)} onDone={deployed}
          onOvertaken={() => { setStep('conflict'); void queries.invalidateQueries({ queryKey: ['c', cluster.id] }) }}
          onRefused={(found) => { setRefused(found); setStep(undefined); const first = found.find((one) => one.file); if (first) goTo(first) }}
        />
      )}
      {step === 'conflict' && now && (
        <Overtaken
          cluster={cluster} now={now} base={edit.base} opened={edit.opened} from={edit.from} mine={files} onClose={() => setStep(undefined)}
          onMerged={(theirs, merged) => { setEdit({ base: now.hash, from: now.hash, opened: theirs, files: merged }); setPath((old) => (merged[old] ? old : firstFile(merged, undefined))); setStep(undefined) }}
        />
      )}
    </>
  )
}

function mark(one: BuildMessage, severity: Diagnostic['severity']): Diagnostic & { file: string } {
  return { file: one.file, line: one.line || 1, column: one.column || 1, message: one.text, severity }
}

function Behind({ cluster, service, onShow }: { cluster: Cluster; service: string | undefined; onShow: () => void }) {
  const last = useLastChange(cluster.id, service, true)
  return (
    <div className="box warn row" role="status">
      <span className="grow">{last.data ? <>{t('package.behindBy', { name: last.data.actor })} <Ago at={last.data.at} />.</> : t('package.behind')} {t('conflict.safe')}</span>
      <Button variant="default" onClick={onShow}>{t('conflict.look')}</Button>
    </div>
  )
}

function NamePath({ files, first, title, onName, onClose }: { files: Files; first: string; title: string; onName: (path: string) => void; onClose: () => void }) {
  const [path, setPath] = useState(first)
  const fault = path === first ? undefined : pathFault(path.trim(), files)
  const ready = path !== first && !fault
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form onSubmit={(event) => { event.preventDefault(); if (ready) onName(path.trim()) }}>
        <TextInput label={t('files.path')} description={t('files.pathHelp', { settings: settingsFile })} data-autofocus value={path} error={fault && t(fault)} onChange={(event) => setPath(event.currentTarget.value)} />
        <div className="row end" style={{ marginTop: 16 }}>
          <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" disabled={!ready}>{t('files.ok')}</Button>
        </div>
      </form>
    </Modal>
  )
}
