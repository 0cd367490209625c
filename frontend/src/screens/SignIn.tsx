// Signing in to one cluster: by account, by token, or as its first administrator.
import { Button, PasswordInput, Tabs, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { call } from '../api/http'
import type { Cluster, SignedOut } from '../api/types'
import { go, href, parseHash } from '../shell/router'
import { t } from '../text'
import { notify } from '../ui/notice'
import { Failed } from '../ui/states'

/** Whether the screen stands at its own address, not in place of another that needs a sign-in. */
const atOwnPlace = () => parseHash(location.hash).path[2] === 'sign-in'

export function SignIn({ cluster, code }: { cluster: Cluster; code: string }) {
  const { values, input, act, leave } = useSignIn(cluster, code)
  const differs = values.again !== '' && values.again !== values.password
  const fault = act.isError && <Failed error={act.error} />
  return (
    <div className="page" style={{ maxWidth: 520, margin: '0 auto', width: '100%' }}>
      <div className="head"><div><h1>{t('signIn.to', { name: cluster.name })}</h1><div className="quiet small mono">{cluster.urls.join(', ')}</div></div></div>
      {cluster.signed_in_as && (
        <div className="box row"><span className="grow">{t('signIn.is', { account: cluster.signed_in_as, role: cluster.role ?? '' })}</span><Button variant="default" loading={leave.isPending} onClick={() => leave.mutate()}>{t('signIn.out')}</Button></div>
      )}
      {leave.isError && <Failed error={leave.error} />}
      <Tabs defaultValue={code ? 'claim' : 'account'} keepMounted={false} onChange={() => act.reset()}>
        <Tabs.List mb="md">
          <Tabs.Tab value="account">{t('signIn.account')}</Tabs.Tab>
          <Tabs.Tab value="token">{t('signIn.token')}</Tabs.Tab>
          <Tabs.Tab value="claim">{t('signIn.claim')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="account">
          <Form action={t('signIn.title')} busy={act.isPending} onSubmit={() => act.mutate({ path: 'sign-in', body: { account: values.account, password: values.password } })}>
            <TextInput label={t('column.account')} {...input('account', 'username', !cluster.signed_in_as)} />
            <PasswordInput label={t('signIn.password')} {...input('password', 'current-password', !!cluster.signed_in_as)} />
            {fault}
          </Form>
        </Tabs.Panel>
        <Tabs.Panel value="token">
          <Form action={t('signIn.title')} busy={act.isPending} onSubmit={() => act.mutate({ path: 'sign-in', body: { token: values.token.trim() } })}>
            <PasswordInput label={t('signIn.token')} description={t('signIn.token.help')} {...input('token', 'off', true)} />
            {fault}
          </Form>
        </Tabs.Panel>
        <Tabs.Panel value="claim">
          <Form action={t('signIn.claim.go')} busy={act.isPending || differs} onSubmit={() => act.mutate({ path: 'claim', body: { code: values.code, name: values.name, password: values.password } })}>
            <p className="quiet">{t('signIn.claim.help')}</p>
            <TextInput label={t('signIn.code')} {...input('code', 'one-time-code', !code)} />
            <TextInput label={t('column.account')} {...input('name', 'username')} />
            <PasswordInput label={t('signIn.password')} description={t('signIn.password.help')} minLength={10} {...input('password', 'new-password', !!code)} />
            <PasswordInput label={t('signIn.again')} error={differs && t('signIn.differs')} {...input('again', 'new-password')} />
            {fault}
          </Form>
        </Tabs.Panel>
      </Tabs>
    </div>
  )
}

/** What is typed, with its inputs, and both ways: into the cluster and out of it. */
function useSignIn(cluster: Cluster, code: string) {
  const queries = useQueryClient()
  const [values, setValues] = useState({ account: cluster.signed_in_as ?? '', password: '', token: '', code, name: 'admin', again: '' })
  const path = `clusters/${encodeURIComponent(cluster.id)}/`
  const act = useMutation({
    mutationFn: ({ path: to, body }: { path: string; body: Record<string, string> }) => call(path + to, { method: 'POST', body }),
    onSuccess: async () => {
      setValues({ ...values, password: '', token: '', again: '' })
      await queries.invalidateQueries({ queryKey: ['clusters'] })
      void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
      // Who was asked in the middle of something goes on there; unsaved edits are kept.
      if (atOwnPlace()) go(href(['c', cluster.id]))
    },
  })
  const leave = useMutation({
    mutationFn: () => call<SignedOut>(path + 'sign-out', { method: 'POST', body: {} }),
    onSuccess: async () => {
      notify(t('signIn.left'))
      queries.removeQueries({ queryKey: ['c', cluster.id] })
      await queries.invalidateQueries({ queryKey: ['clusters'] })
    },
  })
  const input = (name: keyof typeof values, complete: string, focus = false) => ({
    value: values[name], required: true, autoComplete: complete, 'data-autofocus': focus || undefined, autoFocus: focus,
    onChange: (event: { currentTarget: { value: string } }) => setValues({ ...values, [name]: event.currentTarget.value }),
  })
  return { values, input, act, leave }
}

function Form({ action, busy, onSubmit, children }: { action: string; busy: boolean; onSubmit: () => void; children: ReactNode }) {
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!busy) onSubmit()
  }
  return (
    <form onSubmit={submit} style={{ display: 'grid', gap: 12 }}>
      {children}
      <div><Button type="submit" loading={busy}>{action}</Button></div>
    </form>
  )
}
