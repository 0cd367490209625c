// Backup of the whole cluster into a file, a look into one, and the way to restore it.
import { Button, PasswordInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { faultAt } from '../api/http'
import { useStatus } from '../api/overview'
import { adminPath } from '../api/queries'
import { saveFile, shellInfo, type OpenedFile } from '../api/shell'
import type { Cluster, InspectedBackup } from '../api/types'
import { number, t } from '../text'
import { CopyCommand } from '../ui/CopyCommand'
import { fileName, pickFiles } from '../ui/file'
import { notify } from '../ui/notice'
import { Failed, Shown } from '../ui/states'
import { Ago, At } from '../ui/time'
import { postBlob, postFile } from './lines'
import { strength } from './passphrase'

const inspect = (cluster: Cluster, file: Blob, passphrase: string) => postFile<InspectedBackup>(adminPath(cluster.id, 'backup/inspect'), file, { 'X-Passphrase': encodeURIComponent(passphrase) })

export default function Backup({ cluster }: { cluster: Cluster }) {
  const status = useStatus(cluster.id)
  return (
    <div className="page">
      <div className="head"><div className="grow"><h1>{t('place.backup')}</h1><div className="quiet">{t('backup.help')}</div></div></div>
      <Shown of={status}>
        {({ last_backup: last, odb }) => last
          ? <div className="box"><strong>{t('backup.last')}</strong> <Ago at={last.at} /> · <At at={last.at} /> · {t('history.revision', { n: last.revision })} · {last.by || t('backup.stopped')}</div>
          : <div className="box warn">{odb.state === 'up' ? <strong>{t('backup.none')}</strong> : <>{t('backup.last')}: {t('figures.away')}</>}</div>}
      </Shown>
      <Make cluster={cluster} />
      <Inspect cluster={cluster} />
      <Restore />
    </div>
  )
}

function Make({ cluster }: { cluster: Cluster }) {
  const queries = useQueryClient()
  const [value, setValue] = useState({ passphrase: '', again: '' })
  const [phase, setPhase] = useState<string>()
  const [failure, setFailure] = useState<unknown>()
  const [made, setMade] = useState<{ where: string; summary?: InspectedBackup }>()
  const running = useRef<AbortController>(undefined)
  const good = strength(value.passphrase)
  const usable = good === 'fair' || good === 'good'
  const fault = faultAt(failure, '/passphrase')
  const name = `${fileName(cluster.name)}-${new Date().toISOString().slice(0, 10)}.sbx`
  const make = async () => {
    const stop = new AbortController()
    running.current = stop
    setFailure(undefined)
    setMade(undefined)
    setPhase(t('backup.running'))
    try {
      const done = await write(cluster, name, value.passphrase, setPhase, stop.signal)
      if (done) {
        setMade(done)
        setValue({ passphrase: '', again: '' })
        notify(t('backup.done'))
      }
    } catch (error) {
      if (!stop.signal.aborted) setFailure(error)
    } finally {
      setPhase(undefined)
      void queries.invalidateQueries({ queryKey: ['c', cluster.id, 'status'] })
    }
  }
  return (
    <>
      <h2>{t('backup.make')}</h2>
      <form className="form" style={{ maxWidth: 460 }} onSubmit={(event) => { event.preventDefault(); if (usable && value.again === value.passphrase && phase === undefined) void make() }}>
        <div className="box warn" style={{ margin: 0 }}>{t('backup.warn')}</div>
        <PasswordInput label={t('backup.passphrase')} autoComplete="new-password" value={value.passphrase} error={fault} description={t('backup.passphrase.help')} onChange={(event) => setValue({ ...value, passphrase: event.currentTarget.value })} />
        {value.passphrase && <div className="small" role="status" style={{ color: usable ? 'var(--sb-up)' : 'var(--sb-down)' }}>{t(`passphrase.${good}`)}</div>}
        <PasswordInput label={t('backup.again')} autoComplete="new-password" value={value.again} error={value.again && value.again !== value.passphrase ? t('passphrase.differ') : undefined} onChange={(event) => setValue({ ...value, again: event.currentTarget.value })} />
        <div className="row wrap">
          <Button type="submit" loading={phase !== undefined} disabled={!usable || value.again !== value.passphrase}>{t('backup.go')}</Button>
          {phase !== undefined && <Button variant="default" onClick={() => running.current?.abort()}>{t('verify.stop')}</Button>}
          <CopyCommand cluster={cluster} words={['backup', '-o', name]} />
          {phase !== undefined && <span role="status">{phase}</span>}
        </div>
        {failure !== undefined && !fault && <Failed error={failure} />}
        {made && <div className="box good" role="status" style={{ margin: 0 }}><strong>{t('backup.written', { where: made.where })}</strong>{made.summary && <Summary of={made.summary} />}</div>}
      </form>
    </>
  )
}

/** Has the window write the file, or takes it into the page, has it read back whole, and saves it. */
async function write(cluster: Cluster, name: string, passphrase: string, tell: (phase: string) => void, signal: AbortSignal): Promise<{ where: string; summary?: InspectedBackup } | undefined> {
  const request = { path: adminPath(cluster.id, 'backup'), method: 'POST' as const, body: { passphrase } }
  if ((await shellInfo())?.dialogs) {
    const where = await saveFile(name, request, t('backup.make'))
    return where === undefined ? undefined : { where }
  }
  const file = await postBlob(request.path, request.body, { signal, progress: (bytes) => tell(t('backup.read', { size: size(bytes) })) })
  tell(t('backup.checking'))
  const summary = await inspect(cluster, file, passphrase)
  const where = await saveFile(name, file)
  return where === undefined ? undefined : { where, summary }
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  return bytes < 1 << 20 ? `${number(bytes / 1024)} KiB` : `${number(bytes / (1 << 20), 1)} MiB`
}

function Summary({ of }: { of: InspectedBackup }) {
  return (
    <>
      <dl className="facts" style={{ marginTop: 8 }}>
        <dt>{t('column.cluster')}</dt><dd>{of.cluster}</dd>
        <dt>{t('column.revision')}</dt><dd>{number(of.revision)}</dd>
        <dt>{t('backup.madeAt')}</dt><dd><At at={of.made_at} />{of.by ? ` · ${of.by}` : ` · ${t('backup.stopped')}`}</dd>
        <dt>{t('column.node')}</dt><dd>{of.node}, {of.version}</dd>
        <dt>{t('column.odb')}</dt><dd>{of.odb_kind}, {t('odb.schemaIs', { n: of.schema })}</dd>
        <dt>{t('backup.ca')}</dt><dd><code>sha256:{of.ca}</code></dd>
        <dt>{t('backup.size')}</dt><dd>{size(of.bytes)}</dd>
      </dl>
      <details><summary>{t('backup.parts', { n: of.parts.length })}</summary>
        <table className="plain"><tbody>{of.parts.map((part) => <tr key={part.name}><td>{part.name}</td><td className="right">{size(part.bytes)}</td><td><code>{part.sha256}</code></td></tr>)}</tbody></table>
      </details>
    </>
  )
}

/** A window of Windows cuts what a page sends: there the command reads the file. */
const mostOnWindows = 1 << 20

function Inspect({ cluster }: { cluster: Cluster }) {
  const [file, setFile] = useState<OpenedFile>()
  const [passphrase, setPassphrase] = useState('')
  const [busy, setBusy] = useState(false)
  const [found, setFound] = useState<InspectedBackup>()
  const [failure, setFailure] = useState<unknown>()
  const [cut, setCut] = useState(false)
  const pick = () => pickFiles({ title: t('backup.pick'), accept: ['.sbx'] }, async ({ files }) => {
    if (files[0]) {
      setFile(files[0])
      setFound(undefined)
      setFailure(undefined)
      setCut(navigator.userAgent.includes('Windows') && files[0].size > mostOnWindows && (await shellInfo()) !== undefined)
    }
  })
  const look = async () => {
    if (!file) return
    setBusy(true)
    setFound(undefined)
    setFailure(undefined)
    try {
      setFound(await inspect(cluster, await file.content(), passphrase))
    } catch (error) {
      setFailure(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <h2>{t('backup.inspect')}</h2>
      <p className="quiet">{t('backup.inspect.help')}</p>
      <form className="form" style={{ maxWidth: 460 }} onSubmit={(event) => { event.preventDefault(); void look() }}>
        <div className="row"><Button variant="default" onClick={pick}>{t('backup.pick')}</Button>{file && <span className="cut">{file.name} <span className="quiet">{size(file.size)}</span></span>}</div>
        {file && cut && <><div className="box warn" style={{ margin: 0 }}>{t('backup.cut')}</div><CopyCommand open words={['backup', 'inspect', file.name]} /></>}
        {file && !cut && <PasswordInput label={t('backup.passphrase')} autoComplete="off" value={passphrase} onChange={(event) => setPassphrase(event.currentTarget.value)} />}
        {file && !cut && <div className="row"><Button type="submit" variant="default" loading={busy} disabled={!passphrase}>{t('backup.look')}</Button><CopyCommand words={['backup', 'inspect', file.name]} /></div>}
        {failure !== undefined && <Failed error={failure} />}
        {found && <div className="box good" role="status" style={{ margin: 0 }}><strong>{t('backup.whole')}</strong> {found.ca === cluster.fingerprint.replace(/^sha256:/, '') ? t('backup.same') : t('backup.other')}<Summary of={found} /></div>}
      </form>
    </>
  )
}

/** A restore makes a node of the file, on its own box: no running cluster can do it to itself. */
function Restore() {
  const steps: [Parameters<typeof t>[0], string[]][] = [
    ['restore.inspect', ['backup', 'inspect', 'cluster.sbx']],
    ['restore.make', ['restore', 'cluster.sbx', '--dir', '/var/lib/signalbox']],
    ['restore.run', ['run', '--dir', '/var/lib/signalbox']],
  ]
  return (
    <>
      <h2>{t('restore.title')}</h2>
      <p>{t('restore.help')}</p>
      <div className="box warn" style={{ maxWidth: 760 }}>{t('restore.warn')}</div>
      <ol style={{ maxWidth: 760, paddingLeft: 20 }}>
        {steps.map(([text, words]) => <li key={text} style={{ marginBottom: 8 }}>{t(text)}<CopyCommand open words={words} /></li>)}
      </ol>
    </>
  )
}
