// Inputs of single values. What is not set shows its default as a hint and stays unset.
import { Autocomplete, Select, Switch, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { t } from '../text'
import { useForm } from './context'
import type { Field } from './model'
import { getAt, pointerOf, type Path } from './pointer'

export interface InputProps {
  field: Field
  at: Path
  id: string
  label?: string
}

export function Input(props: InputProps) {
  const { field } = props
  if (field.type === 'any') return <JsonInput {...props} />
  if (field.type === 'boolean') return <Toggle {...props} />
  if (field.options) return <Choice {...props} />
  if (field.ref) return <Reference {...props} />
  return <Text {...props} />
}

function common({ at, id, label }: InputProps, faulty: boolean) {
  return {
    id,
    'aria-label': label,
    'aria-describedby': label ? undefined : `${id}-help ${id}-fault`,
    'aria-invalid': faulty || undefined,
    error: faulty,
    'data-input': pointerOf(at),
  }
}

function Text(props: InputProps) {
  const { field, at } = props
  const { spec, faults, readOnly, change } = useForm()
  const value = getAt(spec, at)
  const shown = value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
  const numeric = field.type === 'integer' || field.type === 'number'
  const more = {
    ...common(props, faults.has(pointerOf(at))),
    value: shown,
    readOnly,
    placeholder: hint(field),
    onChange: (event: { currentTarget: { value: string } }) => {
      const text = event.currentTarget.value
      if (text === '') change(at, at.length > 0 && typeof at[at.length - 1] === 'number' ? '' : undefined)
      else change(at, numeric && text.trim() !== '' && !Number.isNaN(Number(text)) ? Number(text) : text)
    },
  }
  if (field.multiline) return <Textarea {...more} minRows={2} maxRows={14} className="grow" />
  return <TextInput {...more} inputMode={numeric ? 'decimal' : undefined} style={{ maxWidth: numeric || field.type === 'duration' || field.type === 'size' ? 200 : undefined }} className="grow" />
}

function hint(field: Field): string {
  if (field.default !== undefined && field.default !== '') return String(field.default)
  return field.example ? t('form.example', { value: field.example }) : ''
}

function Toggle(props: InputProps) {
  const { field, at } = props
  const { spec, faults, readOnly, change } = useForm()
  const value = getAt(spec, at)
  const on = (value ?? field.default ?? false) === true
  return (
    <Switch
      {...common(props, faults.has(pointerOf(at)))} checked={on} disabled={readOnly}
      label={on ? t('form.on') : t('form.off')}
      onChange={(event) => change(at, event.currentTarget.checked)}
    />
  )
}

function Choice(props: InputProps) {
  const { field, at } = props
  const { spec, faults, readOnly, change } = useForm()
  const value = getAt(spec, at)
  return (
    <Select
      {...common(props, faults.has(pointerOf(at)))} data={field.options ?? []} value={value === undefined ? null : String(value)} readOnly={readOnly}
      placeholder={field.default === undefined ? '' : String(field.default)} clearable={!readOnly && value !== undefined} style={{ maxWidth: 280 }} className="grow"
      onChange={(next) => change(at, next ?? undefined)}
    />
  )
}

function Reference(props: InputProps) {
  const { field, at } = props
  const { spec, faults, readOnly, change, names, link, make } = useForm()
  const kind = field.ref ?? ''
  const value = getAt(spec, at)
  const shown = typeof value === 'string' ? value : ''
  const known = names(kind)
  return (
    <div className="row grow">
      <Autocomplete
        {...common(props, faults.has(pointerOf(at)))} data={known ?? []} limit={100} size="xs" value={shown} readOnly={readOnly} className="grow" style={{ maxWidth: 420 }}
        placeholder={field.default === undefined ? t('form.pick', { kind }) : String(field.default)}
        onChange={(next) => change(at, next === '' ? undefined : next)}
      />
      {link && shown !== '' && known?.includes(shown) && <a className="small" href={link(kind, shown)}>{t('form.open')}</a>}
      {shown !== '' && known && !known.includes(shown) && <span className="small" style={{ color: 'var(--sb-unknown)' }}>{t('form.noSuch')}</span>}
      {make && !readOnly && (shown === '' || (known && !known.includes(shown))) && <a className="small" href={make(kind, pointerOf(at))} aria-label={t('form.makeNew', { kind })}>{t('form.new')}</a>}
    </div>
  )
}

/** A value without a form of its own, as JSON. */
function JsonInput(props: InputProps) {
  const { at } = props
  const { spec, faults, readOnly, change } = useForm()
  const value = getAt(spec, at)
  const [text, setText] = useState(() => (value === undefined ? '' : JSON.stringify(value, null, 2)))
  const [bad, setBad] = useState(false)
  return (
    <>
      <Textarea
        {...common(props, bad || faults.has(pointerOf(at)))} value={text} readOnly={readOnly} minRows={2} maxRows={14} className="grow" styles={{ input: { fontFamily: 'var(--sb-mono)' } }} placeholder={t('form.json')}
        onChange={(event) => {
          const next = event.currentTarget.value
          setText(next)
          try {
            change(at, next.trim() === '' ? undefined : (JSON.parse(next) as unknown))
            setBad(false)
          } catch {
            setBad(true)
          }
        }}
      />
      {bad && <div className="fault" role="alert">{t('form.badJson')}</div>}
    </>
  )
}
