// Where credentials are kept: what that is worth, a passphrase, locking, moving them.
import { Button, PasswordInput, Select } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useVault } from '../api/clusters'
import { call, problemOf } from '../api/http'
import type { SetVault, Vault, VaultKind } from '../api/types'
import { t } from '../text'
import { Confirm } from '../ui/Confirm'
import { notify } from '../ui/notice'
import { Failed, Shown } from '../ui/states'

const kinds: VaultKind[] = ['keyring', 'passphrase', 'file']

export function VaultPart() {
  const vault = useVault()
  return (
    <section aria-labelledby="vault">
      <h2 id="vault">{t('vault.title')}</h2>
      <Shown of={vault}>{(now) => (now.kind ? <Known now={now} key={now.kind + now.locked} /> : <p className="quiet">{t('vault.unknown')}</p>)}</Shown>
    </section>
  )
}

function Known({ now }: { now: Vault }) {
  const queries = useQueryClient()
  const [forgetting, setForgetting] = useState(false)
  const told = (next: Vault) => {
    queries.setQueryData(['vault'], next)
    void queries.invalidateQueries({ queryKey: ['clusters'] })
  }
  const lock = useMutation({ mutationFn: () => call<Vault>('vault/lock', { method: 'POST' }), onSuccess: told })
  const forget = useMutation({
    mutationFn: () => call<Vault>('vault', { method: 'DELETE' }),
    onSuccess: (next) => {
      told(next)
      setForgetting(false)
      notify(t('vault.forgotten'))
    },
  })
  return (
    <>
      <dl className="facts">
        <dt>{t('vault.kept')}</dt><dd>{now.kind && t(`vault.${now.kind}`)}{now.locked && <span className="tag" style={{ marginLeft: 8 }}>{t('vault.locked')}</span>}</dd>
      </dl>
      <p className="quiet">{now.protects}</p>
      {now.problem && <div className="box warn">{now.problem}</div>}
      {!now.keyring && <p className="quiet">{t('vault.noKeyring')}</p>}
      {!now.locked && <Move now={now} onMoved={told} />}
      <div className="row wrap" style={{ marginTop: 12 }}>
        {now.kind === 'passphrase' && !now.locked && <Button variant="default" loading={lock.isPending} onClick={() => lock.mutate()}>{t('vault.lock')}</Button>}
        <Button variant="light" color="red" onClick={() => setForgetting(true)}>{t('vault.forget')}</Button>
      </div>
      {lock.isError && <Failed error={lock.error} />}
      {forgetting && (
        <Confirm title={t('vault.forget')} action={t('vault.forget')} busy={forget.isPending} onConfirm={() => forget.mutate()} onClose={() => setForgetting(false)}>
          <p>{t('vault.forget.help')}</p>
          {forget.isError && <Failed error={forget.error} />}
        </Confirm>
      )}
    </>
  )
}

function Move({ now, onMoved }: { now: Vault; onMoved: (next: Vault) => void }) {
  const [to, setTo] = useState<VaultKind>(now.kind === 'passphrase' ? 'passphrase' : now.keyring && now.kind !== 'keyring' ? 'keyring' : 'passphrase')
  const [typed, setTyped] = useState({ current: '', passphrase: '', again: '' })
  const move = useMutation({
    mutationFn: (body: SetVault) => call<Vault>('vault', { method: 'PUT', body }),
    onSuccess: (next) => {
      setTyped({ current: '', passphrase: '', again: '' })
      onMoved(next)
      notify(t('vault.moved'))
    },
  })
  const faults = move.isError ? (problemOf(move.error).errors ?? []) : []
  const fault = (pointer: string) => faults.find((one) => one.pointer === pointer)?.message
  const field = (name: keyof typeof typed, label: string, complete: string, error?: string | false) => (
    <PasswordInput label={label} w={280} autoComplete={complete} value={typed[name]} error={error} onChange={(event) => setTyped({ ...typed, [name]: event.currentTarget.value })} />
  )
  const guarded = now.kind === 'passphrase'
  const setting = to === 'passphrase'
  const differs = typed.again !== '' && typed.again !== typed.passphrase
  const ready = (!guarded || typed.current !== '') && (!setting || (typed.passphrase !== '' && typed.passphrase === typed.again)) && (setting || to !== now.kind)
  const offered = kinds.filter((one) => one !== 'keyring' || now.keyring)
  return (
    <form
      style={{ display: 'grid', gap: 10, justifyItems: 'start' }}
      onSubmit={(event) => {
        event.preventDefault()
        if (!ready || move.isPending) return
        move.mutate({ kind: to, ...(guarded ? { current: typed.current } : {}), ...(setting ? { passphrase: typed.passphrase } : {}) })
      }}
    >
      <Select label={t('vault.move')} w={360} allowDeselect={false} data={offered.map((one) => ({ value: one, label: t(`vault.${one}`) }))} value={to} onChange={(next) => setTo((next ?? to) as VaultKind)} />
      {guarded && field('current', t('vault.current'), 'current-password', fault('/current'))}
      {setting && field('passphrase', t('vault.new'), 'new-password', fault('/passphrase'))}
      {setting && field('again', t('vault.again'), 'new-password', differs && t('signIn.differs'))}
      {move.isError && faults.length === 0 && <Failed error={move.error} />}
      <Button type="submit" variant="default" disabled={!ready} loading={move.isPending}>{setting ? (guarded ? t('vault.change') : t('vault.set')) : t('vault.move.go')}</Button>
    </form>
  )
}
