// A file with clusters: what each of them would be to the list, and taking the chosen ones.
import { Button, Checkbox } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { importClusters } from '../api/clusters'
import { ofBrowser, type Opened } from '../api/shell'
import type { Imported, ImportedCluster } from '../api/types'
import { show } from '../diff/Diff'
import { href } from '../shell/router'
import { t } from '../text'
import { pickFiles } from '../ui/file'
import { notify, notifyFailure } from '../ui/notice'
import { Failed } from '../ui/states'

const accept = ['.json', '.txt', '.signalbox']

export default function ImportClusters({ dropped }: { dropped: Opened | undefined }) {
  const queries = useQueryClient()
  const [file, setFile] = useState<{ name: string; text: string }>()
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set())
  const [over, setOver] = useState(false)
  const plan = useMutation({
    mutationFn: (text: string) => importClusters(text),
    onSuccess: ({ items }) => setChosen(new Set(items.flatMap((one, i) => (one.is === 'new' ? [i] : [])))),
  })
  const take = useMutation({
    mutationFn: () => importClusters(file?.text ?? '', [...chosen]),
    onSuccess: async ({ items }) => {
      notify(t('import.taken', { n: items.filter((one) => one.taken).length }))
      await queries.invalidateQueries({ queryKey: ['clusters'] })
    },
  })
  const read = async (opened: Opened) => {
    const texts = await Promise.all(opened.files.map((one) => one.text()))
    const name = opened.files.map((one) => one.name).join(', ')
    if (texts.length === 0) return
    const text = texts.length === 1 ? (texts[0] ?? '') : texts.join('\n')
    setFile({ name, text })
    take.reset()
    plan.mutate(text)
  }
  const seen = useRef<Opened>(undefined)
  useEffect(() => {
    if (!dropped || seen.current === dropped) return
    seen.current = dropped
    read(dropped).catch(notifyFailure)
  })
  const shown = take.data ?? plan.data
  return (
    <div
      onDragOver={(event) => { event.preventDefault(); setOver(true) }} onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        event.stopPropagation()
        setOver(false)
        read({ files: [...event.dataTransfer.files].map((one) => ofBrowser(one)), skipped: [], root: '' }).catch(notifyFailure)
      }}
    >
      <p className="quiet">{t('import.help')}</p>
      <div className="box row wrap" style={over ? { outline: '2px dashed var(--sb-accent)' } : undefined}>
        {file && <code className="grow">{file.name}</code>}
        {!file && <span className="quiet">{t('import.drop')}</span>}
        <Button variant={file ? 'default' : 'filled'} loading={plan.isPending} onClick={() => pickFiles({ accept }, read)}>{file ? t('import.other') : t('import.pick')}</Button>
      </div>
      {plan.isError && <Failed error={plan.error} />}
      {take.isError && <Failed error={take.error} />}
      {shown && <Items imported={shown} done={take.data !== undefined} chosen={chosen} onChoose={setChosen} />}
      {plan.data && !take.data && (
        plan.data.items.some((one) => one.is === 'new' || one.is === 'differs')
          ? <div className="row"><Button disabled={chosen.size === 0} loading={take.isPending} onClick={() => take.mutate()}>{t('import.go', { n: chosen.size })}</Button></div>
          : !plan.data.items.some((one) => one.is === 'broken') && <p>{t('import.nothing')}</p>
      )}
      {take.data && <a href={href([])}>{t('home.title')}</a>}
    </div>
  )
}

interface ItemsProps {
  imported: Imported
  done: boolean
  chosen: ReadonlySet<number>
  onChoose: (next: ReadonlySet<number>) => void
}

function Items({ imported, done, chosen, onChoose }: ItemsProps) {
  const toggle = (i: number) => {
    const next = new Set(chosen)
    if (!next.delete(i)) next.add(i)
    onChoose(next)
  }
  return (
    <table className="diff">
      <thead><tr><th style={{ width: 36 }}><span className="sr">{t('found.take')}</span></th><th>{t('column.cluster')}</th><th style={{ width: '18%' }}>{t('column.state')}</th><th>{t('address.title')}</th></tr></thead>
      <tbody>
        {imported.items.map((one, i) => (
          <tr key={i}>
            <td>{!done && (one.is === 'new' || one.is === 'differs') && <Checkbox aria-label={t('import.take', { name: one.cluster.name })} checked={chosen.has(i)} onChange={() => toggle(i)} />}</td>
            <td>{one.id ? <a href={href(['c', one.id])}>{one.cluster.name}</a> : one.cluster.name}<div className="quiet small mono cut">{one.cluster.fingerprint.slice(0, 30)}</div></td>
            <td className={one.is === 'broken' ? 'old' : one.taken ? 'new' : ''}>{t(`import.${one.is}`)}</td>
            <td>{one.error ? <span className="small">{one.error}</span> : one.changes && one.changes.length > 0 ? <Changes one={one} /> : <span className="mono small">{one.cluster.urls.join(' ')}</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Changes({ one }: { one: ImportedCluster }) {
  return (
    <ul className="plain">
      {one.changes?.map((change) => <li key={change.field} className="small"><code>{change.field}</code>: <span className="old">{show(change.before)}</span> → <span className="new">{show(change.after)}</span></li>)}
    </ul>
  )
}
