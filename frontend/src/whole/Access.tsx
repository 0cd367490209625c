// One's own access: what one may do, what not and why, how to ask for it, and one's password.
import { Button, PasswordInput, Select, Textarea } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { problemOf } from '../api/http'
import { admin, useMe } from '../api/queries'
import { may } from '../api/role'
import type { Cluster, Role } from '../api/types'
import { t } from '../text'
import { commandLine } from '../ui/command'
import { copyText } from '../ui/copy'
import { CopyCommand } from '../ui/CopyCommand'
import { notify } from '../ui/notice'
import { Failed, Shown } from '../ui/states'
import { At } from '../ui/time'
import { abilities, higher, refusal } from './roles'

export default function Access({ cluster }: { cluster: Cluster }) {
  const me = useMe(cluster.id)
  return (
    <div className="page">
      <div className="head"><div className="grow"><h1>{t('place.access')}</h1><div className="quiet">{t('access.help')}</div></div></div>
      <Shown of={me}>
        {(who) => (
          <>
            <dl className="facts">
              <dt>{t('column.account')}</dt><dd>{who.account}</dd>
              <dt>{t('account.role')}</dt><dd><strong>{who.role}</strong> · {t(`role.${who.role}`)}</dd>
              <dt>{t('access.ends')}</dt><dd>{who.expires ? <At at={who.expires} /> : t('access.never')}</dd>
            </dl>
            <Abilities cluster={{ ...cluster, role: who.role }} />
            {higher(who.role).length > 0 && <Ask cluster={cluster} account={who.account} role={who.role} />}
            {who.account !== 'local' && !cluster.read_only && may(cluster, 'viewer') && <Password key={who.account} cluster={cluster} />}
          </>
        )}
      </Shown>
    </div>
  )
}

function Abilities({ cluster }: { cluster: Cluster }) {
  return (
    <>
      <h2>{t('access.what')}</h2>
      <table className="plain" aria-label={t('access.what')}>
        <thead><tr><th>{t('access.what')}</th><th>{t('access.you')}</th><th>{t('access.needs')}</th><th>{t('access.why')}</th></tr></thead>
        <tbody>
          {abilities.map((one) => {
            const why = refusal(one, cluster)
            return (
              <tr key={one.id} data-off={why || undefined}>
                <td>{t(`can.${one.id}`)}</td>
                <td><span style={{ color: why ? 'var(--sb-down)' : 'var(--sb-up)' }}>{why ? t('access.no') : t('access.yes')}</span></td>
                <td>{one.role}</td>
                <td className="quiet">{why === 'role' ? t('access.why.role', { role: one.role, have: cluster.role ?? '' }) : why === 'readOnly' ? t('access.why.readOnly') : ''}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </>
  )
}

function Ask({ cluster, account, role }: { cluster: Cluster; account: string; role: Role }) {
  const offered = higher(role)
  const [wanted, setWanted] = useState<Role>(offered[0] ?? 'admin')
  const [why, setWhy] = useState('')
  const more = abilities.filter((one) => one.role === wanted).map((one) => '- ' + t(`can.${one.id}`)).join('\n')
  const text = t('access.text', { account, wanted, have: role, cluster: cluster.name, url: cluster.url ?? cluster.urls[0] ?? '', more, why: why.trim() || '…', command: commandLine(cluster, ['accounts', 'role', account, wanted]) })
  return (
    <>
      <h2>{t('access.ask')}</h2>
      <div className="form">
        <Select w={200} label={t('access.wanted')} data={offered} allowDeselect={false} value={wanted} onChange={(value) => setWanted((value ?? 'admin') as Role)} />
        <Textarea label={t('access.reason')} value={why} onChange={(event) => setWhy(event.currentTarget.value)} />
        <pre className="yaml" tabIndex={0} aria-label={t('access.ask')} style={{ whiteSpace: 'pre-wrap' }}>{text}</pre>
        <div><Button variant="default" onClick={() => void copyText(text)}>{t('access.copy')}</Button></div>
      </div>
    </>
  )
}

function Password({ cluster }: { cluster: Cluster }) {
  const [value, setValue] = useState({ current: '', password: '', again: '' })
  const act = useMutation({
    mutationFn: () => admin(cluster.id, 'me/password', { method: 'POST', body: { current: value.current, password: value.password } }),
    onSuccess: () => {
      setValue({ current: '', password: '', again: '' })
      notify(t('access.changed'))
    },
  })
  const faults = act.isError ? (problemOf(act.error).errors ?? []) : []
  const fault = (pointer: string) => faults.find((one) => one.pointer === pointer)?.message
  const field = (name: keyof typeof value, label: string, autoComplete: string, error?: string) => (
    <PasswordInput label={label} autoComplete={autoComplete} value={value[name]} error={error} onChange={(event) => setValue({ ...value, [name]: event.currentTarget.value })} />
  )
  const differ = value.again !== '' && value.again !== value.password
  return (
    <>
      <h2>{t('access.password')}</h2>
      <p className="quiet">{t('access.password.help')}</p>
      <form className="form" style={{ maxWidth: 380 }} onSubmit={(event) => { event.preventDefault(); act.mutate() }}>
        {field('current', t('access.current'), 'current-password', fault('/current'))}
        {field('password', t('access.new'), 'new-password', fault('/password'))}
        {field('again', t('access.again'), 'new-password', differ ? t('passphrase.differ') : undefined)}
        {act.isError && faults.length === 0 && <Failed error={act.error} />}
        <div className="row"><Button type="submit" loading={act.isPending} disabled={!value.current || !value.password || value.again !== value.password}>{t('access.change')}</Button><CopyCommand cluster={cluster} words={['accounts', 'password']} /></div>
      </form>
    </>
  )
}
