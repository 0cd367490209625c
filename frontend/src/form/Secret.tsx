// A secret can be set and replaced, never read. Nothing of what is typed here is kept on disk.
import { Button, PasswordInput, Select, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { isSecretRef } from '../diff/diff'
import { t } from '../text'
import { useForm } from './context'
import type { InputProps } from './Input'
import { getAt, pointerOf } from './pointer'

const schemes = ['env', 'file', 'cred'] as const

export function SecretInput({ field, at, id }: InputProps) {
  const { spec, stored, faults, readOnly, change } = useForm()
  const value = getAt(spec, at)
  const [how, setHow] = useState<string>(isSecretRef(value) ? (value.ref.split(':')[0] ?? 'clear') : 'clear')
  const [open, setOpen] = useState(false)
  const before = getAt(stored, at)
  const editing = open || typeof value === 'string'
  const reference = isSecretRef(value) ? value.ref : ''
  if (readOnly || !editing) {
    return (
      <div className="row">
        <span className={value === undefined ? 'quiet' : ''}>{value === undefined ? t('secret.unset') : reference.startsWith('sealed:') ? t('secret.sealed') : reference}</span>
        {!readOnly && <Button id={id} variant="default" aria-label={`${value === undefined ? t('secret.set') : t('secret.replace')}: ${field.title}`} onClick={() => setOpen(true)}>{value === undefined ? t('secret.set') : t('secret.replace')}</Button>}
        {!readOnly && value !== undefined && <Button variant="subtle" color="red" onClick={() => change(at, undefined)}>{t('secret.clear')}</Button>}
      </div>
    )
  }
  const common = { 'aria-label': field.title, error: faults.has(pointerOf(at)), className: 'grow', autoComplete: 'off' }
  const clear = typeof value === 'string' ? value : ''
  return (
    <div className="row" style={{ alignItems: 'flex-start' }}>
      <Select
        w={170} aria-label={t('secret.how')} allowDeselect={false} value={how}
        data={[{ value: 'clear', label: t('secret.type') }, ...schemes.map((scheme) => ({ value: scheme, label: t(`secret.${scheme}`) }))]}
        onChange={(next) => {
          setHow(next ?? 'clear')
          change(at, undefined)
        }}
      />
      {how !== 'clear'
        ? <TextInput {...common} id={id} value={reference.slice(reference.indexOf(':') + 1)} onChange={(event) => change(at, event.currentTarget.value === '' ? undefined : { ref: `${how}:${event.currentTarget.value}` })} />
        : field.multiline
          ? <Textarea {...common} id={id} value={clear} onChange={(event) => change(at, event.currentTarget.value || undefined)} />
          : <PasswordInput {...common} id={id} autoComplete="new-password" value={clear} onChange={(event) => change(at, event.currentTarget.value || undefined)} />}
      <Button
        variant="subtle"
        onClick={() => {
          change(at, before)
          setOpen(false)
        }}
      >
        {before === undefined ? t('action.cancel') : t('secret.keep')}
      </Button>
    </div>
  )
}
