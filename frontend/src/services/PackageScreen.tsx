// A package as files: opens what is in force, any older version, or a new one, and edits it.
import { Button, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { problemOf } from '../api/http'
import { useDropped, type Opened } from '../api/shell'
import { useServices } from '../api/queries'
import { may } from '../api/role'
import { fetchSource, useSource } from '../api/services'
import type { Cluster, Service } from '../api/types'
import { go, href, type Route } from '../shell/router'
import { t } from '../text'
import { CopyCommand } from '../ui/CopyCommand'
import { pickFiles } from '../ui/file'
import { notify } from '../ui/notice'
import { Blank, Failed, Shown } from '../ui/states'
import { forgetDraft, justMade, readDraft, wasJustMade, writeDraft } from './drafts'
import { inForce, nameIn, withDraft, type Draft, type Files } from './files'
import { PackageEditor } from './PackageEditor'
import { read } from './picked'
import { Viewer } from './Source'
import { template } from './template'

export default function PackageScreen({ cluster, route }: { cluster: Cluster; route: Route }) {
  const services = useServices(cluster.id)
  const name = route.path[3]
  return (
    <div className="page full">
      <Shown of={services}>
        {(list) => name === undefined
          ? <NewPackage cluster={cluster} services={list} />
          : <Opening key={`${name} ${route.query.hash ?? ''}`} cluster={cluster} name={name} services={list} query={route.query} />}
      </Shown>
    </div>
  )
}

/** Reads the files that the edit begins from: those of the draft, of the version asked for, or of the one in force. */
function Opening({ cluster, name, services, query }: { cluster: Cluster; name: string; services: Service[]; query: Route['query'] }) {
  const [draft, setDraft] = useState<Draft>(() => readDraft(cluster.id, name))
  const now = inForce(services, name)
  const [first, setFirst] = useState(now?.hash ?? '')
  const [round, setRound] = useState(0)
  const [fresh] = useState(() => wasJustMade(name))
  const restored = fresh ? undefined : draft?.at
  const from = draft ? draft.from : round > 0 ? first : (query.hash ?? first)
  const base = draft ? draft.base : first
  const source = useSource(cluster.id, now?.services, from || undefined)
  const discard = () => {
    forgetDraft(cluster.id, name)
    setDraft(null)
    setFirst(now?.hash ?? '')
    setRound((before) => before + 1)
  }
  const own = { cluster, name, now, place: query, discard }
  if (from === '' && !draft) return <Blank title={t('package.gone', { name })}><a href={href(['c', cluster.id, 'services'])}>{t('place.services')}</a></Blank>
  if (from === '') return <PackageEditor {...own} start={{ base, from, opened: {}, files: withDraft({}, draft?.files ?? {}), restored }} />
  if (!now || source.isError) {
    return (
      <>
        <h1>{name}</h1>
        <Failed error={source.error ?? new Error(t('package.lost', { hash: from.slice(0, 12) }))} retry={() => void source.refetch()} />
        {draft && <div><Button variant="default" onClick={discard}>{t('action.discard')}</Button></div>}
      </>
    )
  }
  return (
    <Shown of={source}>
      {({ files }) => may(cluster, 'developer')
        ? <PackageEditor key={from + String(round)} {...own} start={{ base, from, opened: files, files: draft ? withDraft(files, draft.files) : files, restored }} />
        : <><div className="head"><h1>{name}</h1></div><Viewer files={files} place={query} /></>}
    </Shown>
  )
}

/** A new package: from a template, or from files of this machine. */
function NewPackage({ cluster, services }: { cluster: Cluster; services: Service[] }) {
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const [fault, setFault] = useState('')
  const begin = (wanted: string, files: Files) => {
    const now = inForce(services, wanted)
    if (readDraft(cluster.id, wanted)) { setFault(t('package.hasDraft', { name: wanted })); return }
    // A name that is in force is an edit of that package: its files are what is compared with.
    if (now) {
      const key = ['source', cluster.id, now.hash]
      void queries.fetchQuery({ queryKey: key, staleTime: Infinity, queryFn: ({ signal }) => fetchSource(cluster.id, now.services, now.hash, signal) })
        .then((source) => { writeDraft(cluster.id, wanted, { base: now.hash, from: now.hash, opened: source.files, files }); justMade(wanted); go(href(['c', cluster.id, 'package', wanted])) }, (error: unknown) => setFault(problemOf(error).detail ?? ''))
      return
    }
    writeDraft(cluster.id, wanted, { base: '', from: '', opened: {}, files })
    justMade(wanted); go(href(['c', cluster.id, 'package', wanted]))
  }
  const take = async (opened: Opened) => {
    try {
      const { files, skipped } = await read(opened)
      if (skipped.length > 0) notify(t('package.skipped', { files: skipped.join(', ') }), true)
      const guess = nameIn(files) || opened.root || (Object.keys(files).length === 1 ? (Object.keys(files)[0] as string).replace(/\.m?[tj]s$/, '') : name.trim())
      if (Object.keys(files).length === 0) return
      if (guess === '') setFault(t('package.needsName'))
      else begin(guess, files)
    } catch (error) {
      setFault(problemOf(error).detail ?? '')
    }
  }
  useDropped('package', (opened) => void take(opened))
  const pick = (folder: boolean) => pickFiles({ folder, multiple: true, title: t('package.pick') }, take)
  if (!may(cluster, 'developer')) return <Blank title={t('error.title.forbidden')}><p>{t('role.needs', { role: 'developer' })}</p></Blank>
  return (
    <div className="form">
      <div className="head"><div className="grow"><div className="small"><a href={href(['c', cluster.id, 'services'])}>{t('place.services')}</a></div><h1>{t('package.new')}</h1><div className="quiet">{t('package.newHelp')}</div></div></div>
      <form className="row" style={{ alignItems: 'flex-end' }} onSubmit={(event) => { event.preventDefault(); if (name.trim() !== '') inForce(services, name.trim()) ? setFault(t('package.taken', { name: name.trim() })) : begin(name.trim(), template(name.trim())) }}>
        <TextInput className="grow" label={t('package.name')} data-autofocus value={name} maxLength={150} onChange={(event) => { setName(event.currentTarget.value); setFault('') }} />
        <Button type="submit" disabled={name.trim() === ''}>{t('package.fromTemplate')}</Button>
      </form>
      <div className="row wrap">
        <Button variant="default" onClick={() => pick(true)}>{t('package.fromFolder')}</Button>
        <Button variant="default" onClick={() => pick(false)}>{t('package.fromFiles')}</Button>
        <span className="quiet small">{t('package.drop')}</span>
      </div>
      {fault && <div className="box bad" role="alert">{fault}</div>}
      <div><CopyCommand words={['new', name.trim() || 'orders']} /></div>
    </div>
  )
}
