// Credentials are locked: says so in a strip and takes the passphrase there. Nothing modal.
import { Button, PasswordInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useVault } from '../api/clusters'
import { call, problemOf } from '../api/http'
import type { Vault } from '../api/types'
import { t } from '../text'

export function LockStrip() {
  const vault = useVault()
  const queries = useQueryClient()
  const [passphrase, setPassphrase] = useState('')
  const unlock = useMutation({
    mutationFn: () => call<Vault>('vault/unlock', { method: 'POST', body: { passphrase } }),
    onSuccess: (opened) => {
      setPassphrase('')
      queries.setQueryData(['vault'], opened)
      void queries.invalidateQueries({ queryKey: ['c'] })
    },
  })
  if (!vault.data?.locked) return <span hidden />
  return (
    <form
      className="strip row wrap" aria-label={t('vault.title')}
      onSubmit={(event) => {
        event.preventDefault()
        if (passphrase !== '' && !unlock.isPending) unlock.mutate()
      }}
    >
      <span role="status">{t('lock.help')}</span>
      <PasswordInput
        w={240} aria-label={t('vault.passphrase.label')} placeholder={t('vault.passphrase.label')} autoComplete="current-password" value={passphrase}
        onChange={(event) => { setPassphrase(event.currentTarget.value); unlock.reset() }}
      />
      <Button type="submit" loading={unlock.isPending} disabled={passphrase === ''}>{t('lock.open')}</Button>
      {unlock.isError && <span role="alert" style={{ color: 'var(--sb-down)' }}>{problemOf(unlock.error).detail}</span>}
    </form>
  )
}
