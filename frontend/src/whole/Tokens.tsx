// Bearer tokens of accounts: what there is, a new one shown once, and the end of one.
import { Button, Select, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { faultAt } from '../api/http'
import { admin, useAccounts, useMe } from '../api/queries'
import { confirmed, may } from '../api/role'
import { useTokens } from '../api/whole'
import type { Cluster, NewToken, Role, Token } from '../api/types'
import { DataTable, type ShownColumn } from '../list/DataTable'
import { t } from '../text'
import { Confirm } from '../ui/Confirm'
import { copyText } from '../ui/copy'
import { CopyCommand } from '../ui/CopyCommand'
import { Dialog } from '../ui/Dialog'
import { notify } from '../ui/notice'
import { Blank, Failed, Shown } from '../ui/states'
import { Ago, At } from '../ui/time'
import { roles } from './roles'

const id = (row: Token) => row.id
const text = (row: Token) => [row.account, row.role, row.note, row.id].join(' ')
const hour = 3600
const lives = { '1h': hour, '8h': 8 * hour, '24h': 24 * hour, '720h': 30 * 24 * hour, '2160h': 90 * 24 * hour, '8760h': 365 * 24 * hour } as const
type Life = keyof typeof lives | 'never'

export function Tokens({ cluster }: { cluster: Cluster }) {
  const tokens = useTokens(cluster.id)
  const me = useMe(cluster.id)
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<Token>()
  const writes = may(cluster, 'admin')
  const own = me.data?.token
  const columns = useMemo(() => columnsOfTokens(writes ? setRevoking : undefined, own), [writes, own])
  const add = writes && <Button data-new onClick={() => setMaking(true)}>{t('tokens.new')}</Button>
  return (
    <>
      <div className="tools">{add}<CopyCommand cluster={cluster} words={['access', 'list']} /></div>
      <Shown of={tokens}>
        {(rows) => <DataTable name="tokens" label={t('tokens.title')} rows={rows} columns={columns} id={id} text={text} empty={<Blank title={t('tokens.empty')} />} />}
      </Shown>
      {making && <Make cluster={cluster} onClose={() => setMaking(false)} />}
      {revoking && <Revoke cluster={cluster} token={revoking} own={revoking.id === own} onClose={() => setRevoking(undefined)} />}
    </>
  )
}

const over = (token: Token) => token.expires !== undefined && Date.parse(token.expires) <= Date.now()

function columnsOfTokens(revoke: ((token: Token) => void) | undefined, own: string | undefined): ShownColumn<Token>[] {
  const columns: ShownColumn<Token>[] = [
    { id: 'account', title: t('column.account'), standard: true, width: 140, value: (row) => row.account },
    { id: 'role', title: t('account.role'), standard: true, width: 110, value: (row) => row.role, options: [...roles] },
    { id: 'note', title: t('tokens.note'), standard: true, value: (row) => row.note, show: (row) => <>{row.note}{row.id === own && <span className="tag">{t('tokens.own')}</span>}</> },
    { id: 'expires', title: t('tokens.ends'), standard: true, width: 180, value: (row) => row.expires ?? '9999', show: (row) => (row.expires ? <span style={over(row) ? { color: 'var(--sb-down)' } : {}}>{over(row) ? t('tokens.over') : <At at={row.expires} />}</span> : t('access.never')) },
    { id: 'created', title: t('account.created'), standard: true, width: 110, value: (row) => row.created, show: (row) => <Ago at={row.created} /> },
    { id: 'id', title: t('tokens.id'), width: 230, value: (row) => row.id, show: (row) => <code>{row.id}</code> },
  ]
  if (!revoke) return columns
  return [...columns, { id: '.act', title: t('node.act'), standard: true, width: 110, value: () => undefined, show: (row) => <Button size="compact-xs" variant="light" color="red" aria-label={t('tokens.revokeOne', { name: row.note || row.account })} onClick={() => revoke(row)}>{t('tokens.revoke')}</Button> }]
}

function Make({ cluster, onClose }: { cluster: Cluster; onClose: () => void }) {
  const queries = useQueryClient()
  const accounts = useAccounts(cluster.id)
  const [value, setValue] = useState({ account: cluster.signed_in_as ?? '', role: '', note: '', life: '2160h' as Life })
  const [made, setMade] = useState<NewToken>()
  const account = accounts.data?.find((one) => one.name === value.account)
  const allowed = roles.slice(0, roles.indexOf(account?.role ?? 'admin') + 1)
  const act = useMutation({
    mutationFn: () => admin<NewToken>(cluster.id, 'access-tokens', { method: 'POST', body: { account: value.account, ...(value.role && { role: value.role as Role }), ...(value.note.trim() && { note: value.note.trim() }), ...(value.life === 'never' ? { no_expiry: true } : { ttl_seconds: lives[value.life] }) } }),
    onSuccess: (token) => {
      setMade(token)
      void queries.invalidateQueries({ queryKey: ['c', cluster.id, 'access-tokens'] })
    },
  })
  const fault = (pointer: string) => faultAt(act.error, pointer)
  if (made) {
    return (
      <Dialog onClose={onClose} closeOnClickOutside={false} closeOnEscape={false} size="lg" title={t('tokens.made', { name: made.account })}>
        <div className="box warn" role="alert">{t('tokens.once')}</div>
        <pre className="yaml" tabIndex={0} aria-label={t('tokens.title')} style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{made.token}</pre>
        <div className="row end" style={{ marginTop: 12 }}><Button onClick={() => void copyText(made.token)}>{t('action.copy')}</Button><Button variant="default" onClick={onClose}>{t('tokens.kept')}</Button></div>
      </Dialog>
    )
  }
  return (
    <Dialog onClose={onClose} title={t('tokens.new')}>
      <form style={{ display: 'grid', gap: 12 }} onSubmit={(event) => { event.preventDefault(); act.mutate() }}>
        <Select label={t('column.account')} searchable data={(accounts.data ?? []).map((one) => one.name)} value={value.account || null} error={fault('/account')} onChange={(name) => setValue({ ...value, account: name ?? '', role: '' })} />
        <Select label={t('account.role')} description={t('tokens.role.help')} clearable placeholder={account?.role ?? ''} data={allowed} value={value.role || null} error={fault('/role')} onChange={(role) => setValue({ ...value, role: role ?? '' })} />
        <TextInput label={t('tokens.note')} description={t('tokens.note.help')} maxLength={200} value={value.note} error={fault('/note')} onChange={(event) => setValue({ ...value, note: event.currentTarget.value })} />
        <Select label={t('tokens.life')} allowDeselect={false} data={[...Object.keys(lives), 'never'].map((life) => ({ value: life, label: t(`tokens.life.${life as Life}`) }))} value={value.life} error={fault('/ttl_seconds')} onChange={(life) => setValue({ ...value, life: (life ?? '24h') as Life })} />
        {value.life === 'never' && <div className="box warn small">{t('tokens.forever')}</div>}
        {act.isError && <Failed error={act.error} />}
        <div className="row">
          <CopyCommand cluster={cluster} words={['access', 'create', '--account', value.account, ...(value.role ? ['--role', value.role] : []), ...(value.life === 'never' ? ['--no-expiry'] : ['--ttl', value.life]), ...(value.note.trim() ? ['--note', value.note.trim()] : [])]} />
          <span className="grow" /><Button variant="default" onClick={onClose}>{t('action.cancel')}</Button><Button type="submit" disabled={!value.account} loading={act.isPending}>{t('tokens.make')}</Button>
        </div>
      </form>
    </Dialog>
  )
}

function Revoke({ cluster, token, own, onClose }: { cluster: Cluster; token: Token; own: boolean; onClose: () => void }) {
  const queries = useQueryClient()
  const act = useMutation({
    mutationFn: () => admin(cluster.id, 'access-tokens/' + encodeURIComponent(token.id), { method: 'DELETE', headers: confirmed(cluster) }),
    onSuccess: () => {
      notify(t('tokens.revoked'))
      void queries.invalidateQueries({ queryKey: ['c', cluster.id, 'access-tokens'] })
      onClose()
    },
  })
  return (
    <Confirm cluster={cluster} title={t('tokens.revokeOne', { name: token.note || token.account })} action={t('tokens.revoke')} busy={act.isPending} onConfirm={() => act.mutate()} onClose={onClose}>
      <p>{t('tokens.revoke.help', { account: token.account })}</p>
      {own && <div className="box bad" role="alert">{t('tokens.revoke.own')}</div>}
      {act.isError && <Failed error={act.error} />}
      <CopyCommand cluster={cluster} words={['access', 'revoke', token.id]} />
    </Confirm>
  )
}
