// Who may use the cluster.
import { Button, PasswordInput, Select, Switch, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { admin, useAccounts } from '../api/queries'
import { faultAt } from '../api/http'
import { confirmed, may } from '../api/role'
import type { Account, Cluster, Role } from '../api/types'
import { DataTable, type ShownColumn } from '../list/DataTable'
import { href, replace, type Route } from '../shell/router'
import { t } from '../text'
import { Confirm } from '../ui/Confirm'
import { CopyCommand } from '../ui/CopyCommand'
import { Dialog } from '../ui/Dialog'
import { notify } from '../ui/notice'
import { Blank, Failed, Shown } from '../ui/states'
import { Ago } from '../ui/time'
import { TypedName, useTypedName } from '../ui/TypedName'
import { roles } from './roles'
import { Tabs } from './Tabs'
import { Tokens } from './Tokens'

const id = (row: Account) => row.name
const text = (row: Account) => row.name + ' ' + row.role
type Asked = { what: 'new' } | { what: 'edit' | 'delete'; account: Account }

export default function Accounts({ cluster, route }: { cluster: Cluster; route: Route }) {
  const tab = route.query.tab === 'tokens' ? 'tokens' : 'accounts'
  return (
    <div className="page full">
      <div className="head"><div className="grow"><h1>{t('place.accounts')}</h1><div className="quiet">{tab === 'tokens' ? t('tokens.help') : t('accounts.help')}</div></div></div>
      <Tabs label={t('place.accounts')} now={tab} tabs={[['accounts', t('place.accounts')], ['tokens', t('tokens.title')]]} onTab={(next) => replace(href(['c', cluster.id, 'accounts'], { tab: next === 'tokens' ? next : undefined }))} />
      {tab === 'tokens' ? <Tokens cluster={cluster} /> : <List cluster={cluster} />}
    </div>
  )
}

function List({ cluster }: { cluster: Cluster }) {
  const accounts = useAccounts(cluster.id)
  const [asked, setAsked] = useState<Asked>()
  const writes = may(cluster, 'admin')
  const columns = useMemo(() => columnsOfAccounts(writes ? setAsked : undefined), [writes])
  const add = writes && <Button data-new onClick={() => setAsked({ what: 'new' })}>{t('account.new')}</Button>
  const close = () => setAsked(undefined)
  return (
    <>
      <Shown of={accounts}>
        {(rows) => (
          <>
            {rows.some(locked) && <div className="box warn" role="status">{t('accounts.locked', { names: rows.filter(locked).map((row) => row.name).join(', ') })}</div>}
            <div className="tools">{add}<CopyCommand cluster={cluster} words={['accounts']} /></div>
            <DataTable name="accounts" label={t('place.accounts')} rows={rows} columns={columns} id={id} text={text} empty={<Blank title={t('accounts.empty')} />} />
          </>
        )}
      </Shown>
      {asked && asked.what !== 'delete' && <Edit cluster={cluster} account={asked.what === 'edit' ? asked.account : undefined} onClose={close} />}
      {asked?.what === 'delete' && <Remove cluster={cluster} account={asked.account} onClose={close} />}
    </>
  )
}

function columnsOfAccounts(ask: ((asked: Asked) => void) | undefined): ShownColumn<Account>[] {
  const columns: ShownColumn<Account>[] = [
    { id: 'name', title: t('column.account'), standard: true, value: (row) => row.name },
    { id: 'role', title: t('account.role'), standard: true, value: (row) => row.role, options: [...roles], width: 120 },
    { id: 'password', title: t('signIn.password'), standard: true, width: 140, value: (row) => (row.has_password ? t('account.hasPassword') : t('account.tokensOnly')) },
    { id: 'state', title: t('column.state'), standard: true, width: 130, value: (row) => (row.disabled ? t('account.disabled') : locked(row) ? t('account.locked') : t('account.active')) },
    { id: 'created', title: t('account.created'), standard: true, width: 120, value: (row) => row.created, show: (row) => <Ago at={row.created} /> },
  ]
  if (!ask) return columns
  return [...columns, {
    id: '.act', title: t('node.act'), standard: true, width: 170, value: () => undefined,
    show: (row) => (
      <span className="row">
        <Button size="compact-xs" variant="default" aria-label={t('account.editOne', { name: row.name })} onClick={() => ask({ what: 'edit', account: row })}>{t('account.edit')}</Button>
        <Button size="compact-xs" variant="light" color="red" aria-label={t('account.deleteOne', { name: row.name })} onClick={() => ask({ what: 'delete', account: row })}>{t('action.delete')}</Button>
      </span>
    ),
  }]
}

const locked = (account: Account) => account.locked_until !== undefined && Date.parse(account.locked_until) > Date.now()

function Edit({ cluster, account, onClose }: { cluster: Cluster; account: Account | undefined; onClose: () => void }) {
  const queries = useQueryClient()
  const [value, setValue] = useState({ name: account?.name ?? '', role: account?.role ?? ('viewer' as Role), disabled: account?.disabled ?? false, password: '' })
  const name = useTypedName(cluster, cluster.protected && account !== undefined)
  const path = 'accounts/' + encodeURIComponent(account?.name ?? '')
  const act = useMutation({
    mutationFn: (what: 'save' | 'unlock') => {
      const { name, role, disabled, password } = value
      if (what === 'unlock') return admin(cluster.id, path + '/unlock', { method: 'POST' })
      if (account) return admin(cluster.id, path, { method: 'PUT', body: { role, disabled, ...(password && { password }) }, headers: confirmed(cluster) })
      return admin(cluster.id, 'accounts', { method: 'POST', body: { name: name.trim(), role, ...(password && { password }) } })
    },
    onSuccess: () => {
      notify(t('account.saved', { name: value.name }))
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
      onClose()
    },
  })
  const fault = (pointer: string) => faultAt(act.error, pointer)
  return (
    <Dialog onClose={onClose} title={account ? t('account.editOne', { name: account.name }) : t('account.new')}>
      <form style={{ display: 'grid', gap: 12 }} onSubmit={(event) => { event.preventDefault(); act.mutate('save') }}>
        {!account && <TextInput data-autofocus required label={t('column.account')} autoComplete="off" value={value.name} error={fault('/name')} onChange={(event) => setValue({ ...value, name: event.currentTarget.value })} />}
        <Select label={t('account.role')} description={t(`role.${value.role}`)} data={[...roles]} allowDeselect={false} value={value.role} error={fault('/role')} onChange={(role) => setValue({ ...value, role: (role ?? 'viewer') as Role })} />
        <PasswordInput label={t('signIn.password')} description={account ? t('account.password.keep') : t('account.password.empty')} autoComplete="new-password" value={value.password} error={fault('/password')} onChange={(event) => setValue({ ...value, password: event.currentTarget.value })} />
        {account && <Switch label={t('account.disabled')} checked={value.disabled} onChange={(event) => setValue({ ...value, disabled: event.currentTarget.checked })} />}
        {account && locked(account) && <div className="box warn row"><span className="grow">{t('account.locked.help')}</span><Button variant="default" onClick={() => act.mutate('unlock')}>{t('account.unlock')}</Button></div>}
        <TypedName of={name} />
        {act.isError && <Failed error={act.error} />}
        <div className="row end"><CopyCommand cluster={cluster} words={() => words(account, value)} /><span className="grow" /><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" loading={act.isPending} disabled={!name.right}>{t('action.save')}</Button></div>
      </form>
    </Dialog>
  )
}

/** The commands of what the form would do; a password is asked for by them, never in them. */
function words(account: Account | undefined, { name, role, disabled, password }: { name: string; role: Role; disabled: boolean; password: string }): string[][] {
  if (!account) return [['accounts', 'create', name.trim() || 'NAME', '--role', role, ...(password ? [] : ['--no-password'])]]
  const all: string[][] = []
  if (role !== account.role) all.push(['accounts', 'role', account.name, role])
  if (disabled !== account.disabled) all.push(['accounts', disabled ? 'disable' : 'enable', account.name])
  if (password || all.length === 0) all.push(['accounts', 'password', account.name])
  return all
}

function Remove({ cluster, account, onClose }: { cluster: Cluster; account: Account; onClose: () => void }) {
  const queries = useQueryClient()
  const act = useMutation({
    mutationFn: () => admin(cluster.id, 'accounts/' + encodeURIComponent(account.name), { method: 'DELETE', headers: confirmed(cluster) }),
    onSuccess: () => {
      notify(t('definition.deleted', { name: account.name }))
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
      onClose()
    },
  })
  return (
    <Confirm cluster={cluster} title={t('account.deleteOne', { name: account.name })} action={t('action.delete')} busy={act.isPending} onConfirm={() => act.mutate()} onClose={onClose}>
      <p>{t('account.delete.help')}</p>
      <CopyCommand cluster={cluster} words={['accounts', 'delete', account.name]} />
      {act.isError && <Failed error={act.error} />}
    </Confirm>
  )
}
