// The screen of one definition.
import { Button, Tabs, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useOwnList } from '../api/clusters'
import { admin, definitionPath, useDefinition, useReferences } from '../api/queries'
import { may } from '../api/role'
import type { Cluster, Definition, Kind, Ping, Written } from '../api/types'
import { fieldsOf, type Field, type Schema } from '../form/model'
import { useActions } from '../shell/actions'
import { appLink } from '../shell/link'
import { go, href, replace } from '../shell/router'
import { number, t } from '../text'
import { Confirm } from '../ui/Confirm'
import { CopyCommand } from '../ui/CopyCommand'
import { copyText } from '../ui/copy'
import { most, Rest } from '../ui/Rest'
import { Blank, Failed, Shown } from '../ui/states'
import { Ago } from '../ui/time'
import { remove } from './Bulk'
import { errandOf, forgetDraft, readDraft } from './draft'
import { Editor } from './Editor'
import { DefinitionHistory } from './History'
import { StopsOf } from './Stops'
import { offerUndo } from './undo'

const tabs = ['form', 'yaml', 'history', 'references'] as const

export function DefinitionScreen({ cluster, kind, name, tab }: { cluster: Cluster; kind: Kind; name: string; tab: string }) {
  const definition = useDefinition(cluster.id, kind.name, name)
  const fields = useMemo(() => fieldsOf(kind.schema as Schema), [kind.schema])
  const here = ['c', cluster.id, 'd', kind.name, name]
  const edits = !['history', 'references'].includes(tab)
  return (
    <div className="page">
      <Shown of={definition}>
        {(one) =>
          one === null
            ? <Gone cluster={cluster} kind={kind} name={name} />
            : (
              <>
                <Head cluster={cluster} kind={kind} definition={one} />
                <Tabs value={tabs.includes(tab as 'form') ? tab : 'form'} keepMounted={false} onChange={(next) => replace(href(here, { tab: next === 'form' ? undefined : (next ?? undefined) }))}>
                  <Tabs.List mb="md">{tabs.map((id) => <Tabs.Tab key={id} value={id}>{t(`tab.${id}`)}</Tabs.Tab>)}</Tabs.List>
                  {edits && <div role="tabpanel"><Editor key={one.id} cluster={cluster} kind={kind} fields={fields} stored={one} view={tab === 'yaml' ? 'yaml' : 'form'} /></div>}
                  <Tabs.Panel value="history"><DefinitionHistory cluster={cluster} kind={kind} fields={fields} definition={one} /></Tabs.Panel>
                  <Tabs.Panel value="references"><WhereUsed cluster={cluster} definition={one} /></Tabs.Panel>
                </Tabs>
              </>
            )}
      </Shown>
    </div>
  )
}

/** It is not there, or no longer: a draft of it is not lost. */
function Gone({ cluster, kind, name }: { cluster: Cluster; kind: Kind; name: string }) {
  const draft = readDraft(cluster.id, kind.name, name)
  return (
    <Blank title={t('definition.gone', { name })}>
      {draft && <p>{t('conflict.gone')}</p>}
      <div className="row" style={{ justifyContent: 'center' }}>
        {draft && may(cluster, 'developer') && <Button component="a" href={href(['c', cluster.id, 'new', kind.name], { draft: name })}>{t('conflict.again')}</Button>}
        <Button variant="default" component="a" href={href(['c', cluster.id, 'd', kind.name])}>{t('definition.all', { kind: kind.title })}</Button>
      </div>
    </Blank>
  )
}

function Head({ cluster, kind, definition }: { cluster: Cluster; kind: Kind; definition: Definition }) {
  const [ask, setAsk] = useState<'delete' | 'rename'>()
  const ping = useMutation({ mutationFn: () => admin<Ping>(cluster.id, definitionPath(kind.name, definition.name) + '/ping', { method: 'POST' }) })
  const copy = href(['c', cluster.id, 'new', kind.name], { from: definition.name })
  const toOther = href(['compare'], { a: cluster.id, only: `${definition.kind}/${definition.name}` })
  const others = useOwnList()
  const writes = may(cluster, 'developer')
  const pings = kind.pings === true && may(cluster, 'operator')
  const at = [kind.name, definition.name]
  useActions([
    ...(pings ? [{ title: t('ping.now'), run: () => ping.mutate(), words: ['ping', definition.name] }] : []),
    ...(writes ? [{ title: t('definition.copy'), run: () => go(copy) }] : []),
    ...(others ? [{ title: t('drift.copyThis'), run: () => go(toOther) }] : []),
    ...(writes && !kind.fixed ? [{ title: t('definition.rename'), run: () => setAsk('rename') }] : []),
    ...(writes ? [{ title: t('definition.delete', { name: definition.name }), run: () => setAsk('delete'), words: ['delete', ...at] }] : []),
  ])
  return (
    <>
      <div className="head">
        <div className="grow">
          <div className="small"><a href={href(['c', cluster.id, 'd', kind.name])}>{kind.title}</a></div>
          <h1>{definition.name}</h1>
          <div className="quiet small">{t('definition.version', { version: definition.version, revision: definition.revision })} · <Ago at={definition.updated} /></div>
        </div>
        <div className="actions">
          <Button variant="subtle" color="gray" onClick={() => void copyText(appLink(cluster))}>{t('definition.link')}</Button>
          <CopyCommand cluster={cluster} words={['get', ...at, '-o', 'yaml']} />
          {pings && <Button variant="default" loading={ping.isPending} onClick={() => ping.mutate()}>{t('ping.now')}</Button>}
          {others && <Button variant="default" component="a" href={toOther}>{t('drift.copyThis')}</Button>}
          {writes && (
            <>
              <Button variant="default" component="a" href={copy}>{t('definition.copy')}</Button>
              {!kind.fixed && <Button variant="default" onClick={() => setAsk('rename')}>{t('definition.rename')}</Button>}
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
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const here = href(['c', cluster.id, 'd', definition.kind, definition.name])
  const act = useMutation({
    mutationFn: () => remove(cluster, definition, reason),
    onSuccess: () => {
      forgetDraft(cluster.id, definition.kind, definition.name)
      offerUndo(queries, cluster, t('definition.deleted', { name: definition.name }), [{ op: 'delete', kind: definition.kind, name: definition.name, before: definition.spec }], () => go(here))
      go(href(['c', cluster.id, 'd', definition.kind]))
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
    },
  })
  const command = <CopyCommand cluster={cluster} words={['delete', definition.kind, definition.name, ...(reason ? ['--reason', reason] : [])]} />
  return (
    <Confirm cluster={cluster} title={t('definition.delete', { name: definition.name })} action={t('action.delete')} busy={act.isPending} aside={command} onConfirm={() => act.mutate()} onClose={onClose}>
      <p>{t('delete.warn')}</p>
      <StopsOf cluster={cluster} definitions={[definition]} />
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
      const back = () => go(href(['c', cluster.id, 'd', definition.kind, definition.name]))
      offerUndo(queries, cluster, t('save.done', { revision: written.revision }), [{ op: 'rename', kind: definition.kind, name: written.name, version: written.version, from: definition.name }], back)
      go(href(['c', cluster.id, 'd', definition.kind, written.name]))
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
      onClose()
    },
  })
  const command = <CopyCommand cluster={cluster} words={['rename', definition.kind, definition.name, name]} />
  return (
    <Confirm title={t('definition.renameTitle', { name: definition.name })} action={t('definition.rename')} calm busy={act.isPending || name.trim() === '' || name === definition.name} aside={command} onConfirm={() => act.mutate()} onClose={onClose}>
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
            <><table className="diff">
              <thead><tr><th>{t('column.kind')}</th><th>{t('column.name')}</th><th>{t('diff.place')}</th></tr></thead>
              <tbody>
                {list.slice(0, most).map((one) => (
                  <tr key={one.kind + one.name + one.pointer}>
                    <td>{one.kind}</td><td><a href={href(['c', cluster.id, 'd', one.kind, one.name])}>{one.name}</a></td><td>{one.pointer}</td>
                  </tr>
                ))}
              </tbody>
            </table><Rest all={list.length} /></>
          )}
    </Shown>
  )
}

export function NewDefinition({ cluster, kind, query, view }: { cluster: Cluster; kind: Kind; query: Record<string, string>; view: 'form' | 'yaml' }) {
  const fields: Field[] = useMemo(() => fieldsOf(kind.schema as Schema), [kind.schema])
  const { from = '', draft = '', tab: _, ...rest } = query
  const source = useDefinition(cluster.id, kind.name, from, from !== '')
  const kept = useMemo(() => (draft === '' ? null : readDraft(cluster.id, kind.name, draft)), [cluster.id, kind.name, draft])
  const parts = { cluster, kind, fields, view, errand: useMemo(() => errandOf(cluster.id, rest), [cluster.id, rest.for, rest.name, rest.at]) }
  const other = view === 'form' ? 'yaml' : 'form'
  return (
    <div className="page">
      <div className="head">
        <h1 className="grow">{t('definition.new', { kind: kind.title })}</h1>
        <div className="actions">{may(cluster, 'developer') && <Button variant="default" onClick={() => replace(href(['c', cluster.id, 'new', kind.name], { ...query, tab: other === 'form' ? undefined : other }))}>{t(`tab.${other}`)}</Button>}</div>
      </div>
      {!may(cluster, 'developer')
        ? <Blank title={t('error.title.forbidden')}><p>{t('role.needs', { role: 'developer' })}</p></Blank>
        : from !== ''
          ? <Shown of={source}>{(one) => <Editor {...parts} start={{ name: '', spec: one?.spec ?? {} }} />}</Shown>
          : kept
            ? <Editor {...parts} start={{ name: draft, spec: kept.spec }} />
            : <Editor {...parts} />}
    </div>
  )
}
