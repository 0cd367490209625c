// Edits the files of a package: faults as they are typed, tests, deployment, drafts, conflicts.
import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useMemo, useState, type ReactNode } from 'react'
import { useLastChange, type Check } from '../api/services'
import type { BuildMessage, Cluster, Deployed } from '../api/types'
import { CodeEditor } from '../code/CodeEditor'
import type { CodeEditorProps } from '../code/types'
import { href } from '../shell/router'
import { t } from '../text'
import { Blank } from '../ui/states'
import { Ago } from '../ui/time'
import { useServiceCompletions } from './complete/useCompletions'
import { Deploy } from './Deploy'
import type { Edit } from './drafts'
import { changedFiles, firstFile, isText, languageOf, textOf, type Files, type InForce } from './files'
import { FileSide } from './FileSide'
import { Overtaken } from './Overtaken'
import { Panel, type Place } from './Panel'
import { usePackageEdit } from './usePackageEdit'
import { usePackageFaults } from './usePackageFaults'
import { useTaking } from './useTaking'

interface Props {
  cluster: Cluster
  name: string
  /** What is in force of the package now. */
  now: InForce | undefined
  /** Where the edit begins. */
  start: Edit
  place: { file?: string | undefined; line?: string | undefined }
  discard: () => void
}

export function PackageEditor({ cluster, name, now, start, place, discard }: Props) {
  const { edit, setEdit, kept, forget } = usePackageEdit(cluster.id, name, start)
  const { files } = edit
  const [path, setPath] = useState(() => firstFile(files, place.file))
  const [at, setAt] = useState(() => (place.line ? { line: Number(place.line) || 1, column: 1 } : undefined))
  const [step, setStep] = useState<Step>()
  const [refused, setRefused] = useState<BuildMessage[]>([])
  const changed = useMemo(() => new Set(changedFiles(edit.opened, files).map((one) => one.path)), [edit.opened, files])
  const { check, messages, faulty, warnings, diagnostics } = usePackageFaults(cluster, name, files, path, refused)
  const behind = now !== undefined && now.hash !== edit.base
  const change = (next: Files, shown: string) => {
    setRefused([])
    setEdit((before) => ({ ...before, files: next }))
    setPath(shown)
  }
  const take = useTaking(cluster.id, name, (more) => change({ ...files, ...more }, firstFile(more, undefined)))
  const goTo = (to: Place) => {
    if (files[to.file]) setPath(to.file)
    setAt({ line: to.line || 1, column: to.column || 1 })
  }
  const refuse = (found: BuildMessage[]) => {
    setRefused(found)
    const located = found.find((one) => one.file)
    if (located) goTo(located)
  }
  const review = () => setStep(behind ? 'conflict' : 'deploy')
  return (
    <>
      <Head cluster={cluster} name={name} edit={edit} changed={changed.size}>
        {changed.size > 0 && <Button variant="default" onClick={() => { forget(); discard() }}>{t('action.discard')}</Button>}
        <Button disabled={edit.from === now?.hash && changed.size === 0} onClick={review}>{t('deploy.go')}…</Button>
      </Head>
      {!kept && <div className="box warn" role="alert">{t('package.noRoom')}</div>}
      {behind && <Behind cluster={cluster} service={now.services[0]} onShow={() => setStep('conflict')} />}
      <div className="package">
        <FileSide files={files} chosen={path} faulty={faulty} changed={changed} onChoose={(next) => { setPath(next); setAt(undefined) }} onChange={change} onPicked={take} />
        <div className="main-part">
          <FileEditor cluster={cluster} name={name} files={files} path={path} at={at} diagnostics={diagnostics} onSave={review} onChange={(text) => change({ ...files, [path]: { text } }, path)} />
          <Panel cluster={cluster} name={name} files={files} check={check} messages={messages} warnings={warnings} onGo={goTo} />
        </div>
      </div>
      <Steps
        cluster={cluster} name={name} now={now} edit={edit} check={check} step={step} onStep={setStep} onRefused={refuse}
        onDeployed={(next) => { setRefused([]); setEdit(next) }}
        onMerged={(next) => { setEdit(next); setPath((old) => (next.files[old] ? old : firstFile(next.files, undefined))) }}
      />
    </>
  )
}

function Head({ cluster, name, edit: { base, from, restored }, changed, children }: { cluster: Cluster; name: string; edit: Edit; changed: number; children: ReactNode }) {
  const old = from !== base && from !== ''
  return (
    <div className="head">
      <div className="grow">
        <div className="small"><a href={href(['c', cluster.id, 'services'])}>{t('place.services')}</a></div>
        <h1>{name}</h1>
        <div className="quiet small">
          {base === '' ? t('package.isNew') : <>{t('package.began', { hash: from.slice(0, 12) })}{old && <> {t('package.older')}</>}</>}
          {changed > 0 && <> · {t('package.changed', { n: changed })}</>}
          {restored && changed > 0 && <> · {t('package.restored')} <Ago at={restored} /></>}
        </div>
      </div>
      <div className="actions">{children}</div>
    </div>
  )
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

interface FileProps extends Pick<CodeEditorProps, 'at' | 'diagnostics' | 'onSave' | 'onChange'> {
  cluster: Cluster
  name: string
  files: Files
  path: string
}

function FileEditor({ cluster, name, files, path, ...code }: FileProps) {
  const completions = useServiceCompletions(cluster, name, files, path)
  const file = files[path]
  if (file === undefined) return <Blank title={t('files.none')} />
  if (!isText(file)) return <Blank title={t('source.binary')} />
  const language = languageOf(path)
  return <CodeEditor fill label={t('source.of', { path })} value={textOf(file)} language={language} document={path} {...code} {...(language === 'typescript' ? completions : {})} />
}

type Step = 'deploy' | 'conflict' | undefined

interface StepsProps extends Pick<Props, 'cluster' | 'name' | 'now'> {
  edit: Edit
  check: Check
  step: Step
  onStep: (step: Step) => void
  onRefused: (found: BuildMessage[]) => void
  /** Both hand on the edit that begins then. */
  onDeployed: (next: Edit) => void
  onMerged: (next: Edit) => void
}

function Steps({ cluster, name, now, edit, check, step, onStep, onRefused, onDeployed, onMerged }: StepsProps) {
  const queries = useQueryClient()
  const { files } = edit
  const close = () => onStep(undefined)
  const anew = () => queries.invalidateQueries({ queryKey: ['c', cluster.id] })
  const deployed = (done: Deployed) => {
    const hash = done.packages[0]?.hash ?? ''
    onDeployed({ base: hash, from: hash, opened: files, files })
    queries.setQueryData(['source', cluster.id, hash], { package: name, hash, files })
    void anew()
  }
  if (step === 'deploy') {
    return (
      <Deploy
        cluster={cluster} name={name} base={edit.base} files={files} check={check} onClose={close} onDone={deployed}
        onOvertaken={() => { onStep('conflict'); void anew() }} onRefused={(found) => { onRefused(found); close() }}
      />
    )
  }
  if (step !== 'conflict' || !now) return null
  return (
    <Overtaken
      cluster={cluster} now={now} base={edit.base} opened={edit.opened} from={edit.from} mine={files} onClose={close}
      onMerged={(theirs, merged) => { onMerged({ ...edit, base: now.hash, from: now.hash, opened: theirs, files: merged }); close() }}
    />
  )
}
