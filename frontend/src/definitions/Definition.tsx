// The screen of one definition.
import { Button, Tabs, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useMemo, useState } from 'react'
import { admin, definitionPath, useDefinition, useReferences } from '../api/queries'
import { may } from '../api/role'
import type { Cluster, Definition, Kind, Ping, Written } from '../api/types'
import { fieldsOf, type Field, type Schema } from '../form/model'
import { go, href, replace } from '../shell/router'
import { number, t } from '../text'
import { Confirm } from '../ui/Confirm'
import { notify } from '../ui/notice'
import { Blank, Failed, Loading, Shown } from '../ui/states'
import { Ago } from '../ui/time'
import { remove } from './BulkDelete'
import { Editor } from './Editor'
import { DefinitionHistory } from './History'

const Yaml = lazy(() => import('./Yaml'))
const tabs = ['form', 'yaml', 'history', 'references'] as const
/** Kinds with a far side that can be asked. */
const pings = new Set(['outgoing'])

export function DefinitionScreen({ cluster, kind, name, tab }: { cluster: Cluster; kind: Kind; name: string; tab: string }) {
  const definition = useDefinition(cluster.id, kind.name, name)
  const fields = useMemo(() => fieldsOf(kind.schema as Schema), [kind.schema])
  const here = ['c', cluster.id, 'd', kind.name, name]
  return (
    <div className="page">
      <Shown of={definition}>
        {(one) =>
          one === null
            ? <Blank title={t('definition.gone', { name })}><a href={href(here.slice(0, 4))}>{t('definition.all', { kind: kind.title })}</a></Blank>
            : (
              <>
                <Head cluster={cluster} kind={kind} definition={one} />
                <Tabs value={tabs.includes(tab as 'form') ? tab : 'form'} keepMounted={false} onChange={(next) => replace(href(here, { tab: next === 'form' ? undefined : (next ?? undefined) }))}>
                  <Tabs.List mb="md">{tabs.map((id) => <Tabs.Tab key={id} value={id}>{t(`tab.${id}`)}</Tabs.Tab>)}</Tabs.List>
                  <Tabs.Panel value="form"><Editor key={one.id} cluster={cluster} kind={kind} fields={fields} stored={one} /></Tabs.Panel>
                  <Tabs.Panel value="yaml"><Suspense fallback={<Loading />}><Yaml definition={one} /></Suspense></Tabs.Panel>
                  <Tabs.Panel value="history"><DefinitionHistory cluster={cluster} kind={kind} fields={fields} definition={one} /></Tabs.Panel>
                  <Tabs.Panel value="references"><WhereUsed cluster={cluster} definition={one} /></Tabs.Panel>
                </Tabs>
              </>
            )}
      </Shown>
    </div>
  )
}

function Head({ cluster, kind, definition }: { cluster: Cluster; kind: Kind; definition: Definition }) {
  const [ask, setAsk] = useState<'delete' | 'rename'>()
  const ping = useMutation({ mutationFn: () => admin<Ping>(cluster.id, definitionPath(kind.name, definition.name) + '/ping', { method: 'POST' }) })
  return (
    <>
      <div className="head">
        <div className="grow">
          <div className="small"><a href={href(['c', cluster.id, 'd', kind.name])}>{kind.title}</a></div>
          <h1>{definition.name}</h1>
          <div className="quiet small">{t('definition.version', { version: definition.version, revision: definition.revision })} · <Ago at={definition.updated} /></div>
        </div>
        <div className="actions">
          {pings.has(kind.name) && may(cluster, 'operator') && <Button variant="default" loading={ping.isPending} onClick={() => ping.mutate()}>{t('ping.now')}</Button>}
          {may(cluster, 'developer') && (
            <>
              <Button variant="default" component="a" href={href(['c', cluster.id, 'new', kind.name], { from: definition.name })}>{t('definition.copy')}</Button>
              <Button variant="default" onClick={() => setAsk('rename')}>{t('definition.rename')}</Button>
              <Button variant="light" color="red" onClick={() => setAsk('delete')}>{t('action.delete')}</Button>
            </>
          )}
        </div>
      </div>
      {ping.isError && <Failed error={ping.error} />}
      {ping.data && (
        <div className={'box ' + (ping.data.ok ? '' : 'bad')} role="status">
          {ping.data.ok ? t('ping.ok', { ms: number(ping.data.took_ms, 1) }) : t('ping.failed', { ms: number(ping.data.took_ms, 1) })} {ping.data.error}
        </div>
      )}
      {ask === 'delete' && <Delete cluster={cluster} definition={definition} onClose={() => setAsk(undefined)} />}
      {ask === 'rename' && <Rename cluster={cluster} definition={definition} onClose={() => setAsk(undefined)} />}
    </>
  )
}

function Delete({ cluster, definition, onClose }: { cluster: Cluster; definition: Definition; onClose: () => void }) {
  const references = useReferences(cluster.id, definition.kind, definition.name)
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const act = useMutation({
    mutationFn: () => remove(cluster, definition, reason),
    onSuccess: () => {
      notify(t('definition.deleted', { name: definition.name }))
      go(href(['c', cluster.id, 'd', definition.kind]))
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
    },
  })
  return (
    <Confirm cluster={cluster} title={t('definition.delete', { name: definition.name })} action={t('action.delete')} busy={act.isPending} onConfirm={() => act.mutate()} onClose={onClose}>
      {references.data && references.data.length > 0
        ? <div className="box warn">{t('definition.used', { n: references.data.length })} {references.data.map((one) => `${one.kind}/${one.name}`).join(', ')}</div>
        : <p>{t('delete.warn')}</p>}
      {act.isError && <Failed error={act.error} />}
      <TextInput label={t('save.reason')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
    </Confirm>
  )
}

function Rename({ cluster, definition, onClose }: { cluster: Cluster; definition: Definition; onClose: () => void }) {
  const [name, setName] = useState(definition.name)
  const queries = useQueryClient()
  const act = useMutation({
    mutationFn: () => admin<Written>(cluster.id, definitionPath(definition.kind, definition.name) + '/rename', { method: 'POST', body: { name }, headers: { 'If-Match': `"${definition.version}"` } }),
    onSuccess: (written) => {
      notify(t('save.done', { revision: written.revision }))
      go(href(['c', cluster.id, 'd', definition.kind, written.name]))
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
      onClose()
    },
  })
  return (
    <Confirm title={t('definition.renameTitle', { name: definition.name })} action={t('definition.rename')} busy={act.isPending} onConfirm={() => act.mutate()} onClose={onClose}>
      <p>{t('definition.renameHelp')}</p>
      {act.isError && <Failed error={act.error} />}
      <TextInput label={t('column.name')} value={name} data-autofocus onChange={(event) => setName(event.currentTarget.value)} />
    </Confirm>
  )
}

function WhereUsed({ cluster, definition }: { cluster: Cluster; definition: Definition }) {
  const references = useReferences(cluster.id, definition.kind, definition.name)
  return (
    <Shown of={references}>
      {(list) =>
        list.length === 0
          ? <Blank title={t('references.none')}><p className="quiet">{t('references.help')}</p></Blank>
          : (
            <table className="diff">
              <thead><tr><th>{t('column.kind')}</th><th>{t('column.name')}</th><th>{t('diff.place')}</th></tr></thead>
              <tbody>
                {list.map((one) => (
                  <tr key={one.kind + one.name + one.pointer}>
                    <td>{one.kind}</td><td><a href={href(['c', cluster.id, 'd', one.kind, one.name])}>{one.name}</a></td><td>{one.pointer}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
    </Shown>
  )
}

export function NewDefinition({ cluster, kind, from }: { cluster: Cluster; kind: Kind; from: string }) {
  const fields: Field[] = useMemo(() => fieldsOf(kind.schema as Schema), [kind.schema])
  const source = useDefinition(cluster.id, kind.name, from, from !== '')
  return (
    <div className="page">
      <div className="head"><h1>{t('definition.new', { kind: kind.title })}</h1></div>
      {!may(cluster, 'developer')
        ? <Blank title={t('error.title.forbidden')}><p>{t('role.needs', { role: 'developer' })}</p></Blank>
        : from === ''
          ? <Editor cluster={cluster} kind={kind} fields={fields} />
          : <Shown of={source}>{(one) => <Editor cluster={cluster} kind={kind} fields={fields} start={one?.spec ?? {}} />}</Shown>}
    </div>
  )
}
