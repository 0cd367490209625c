// The fields of a form, made from the model alone.
import type { ReactNode } from 'react'
import { same } from '../diff/diff'
import { t } from '../text'
import { useForm } from './context'
import { Input } from './Input'
import { ListInput, MapInput } from './Lists'
import { applies, type Field } from './model'
import { getAt, pointerOf, type Path } from './pointer'
import { SecretInput } from './Secret'

export function Fields({ fields, at }: { fields: Field[]; at: Path }) {
  const { spec } = useForm()
  const object = getAt(spec, at)
  return fields.filter((field) => applies(field, fields, object)).map((field) => <One key={field.name} field={field} at={[...at, field.name]} />)
}

function One({ field, at }: { field: Field; at: Path }) {
  const { spec, stored, readOnly, change } = useForm()
  const value = getAt(spec, at)
  const changed = !same(value, getAt(stored, at))
  if (field.type === 'object' && field.fields) {
    return (
      <fieldset className="group" data-pointer={pointerOf(at)}>
        <legend>{field.title}</legend>
        {field.help && <div className="help quiet small">{field.help}</div>}
        <Faults at={at} />
        <Fields fields={field.fields} at={at} />
      </fieldset>
    )
  }
  const id = 'f' + pointerOf(at)
  const composed = field.type === 'list' || field.type === 'map'
  return (
    <div className="field" data-pointer={pointerOf(at)} data-changed={changed || undefined} role={composed ? 'group' : undefined} aria-labelledby={composed ? id + '-label' : undefined}>
      <div className="label">
        <label id={id + '-label'} htmlFor={composed ? undefined : id}>
          {field.title}
          {field.required && <span aria-hidden style={{ color: 'var(--sb-down)' }}> *</span>}
          {changed && <span className="sr"> {t('form.changed')}</span>}
        </label>
        {!readOnly && changed && <button type="button" className="link" onClick={() => change(at, getAt(stored, at))}>{t('form.undo')}</button>}
        {!readOnly && !changed && value !== undefined && field.default !== undefined && (
          <button type="button" className="link" onClick={() => change(at, undefined)}>{t('form.default', { value: brief(field.default) })}</button>
        )}
      </div>
      {field.help && <div className="help" id={id + '-help'}>{field.help}</div>}
      <Value field={field} at={at} id={id} />
      <Faults at={at} />
    </div>
  )
}

/** The input that fits the type of a field. */
export function Value({ field, at, id }: { field: Field; at: Path; id: string }): ReactNode {
  switch (field.type) {
    case 'list': return <ListInput field={field} at={at} />
    case 'map': return <MapInput field={field} at={at} />
    case 'secret': return <SecretInput field={field} at={at} id={id} />
    case 'object': return <div className="group grow"><Fields fields={field.fields ?? []} at={at} /></div>
    default: return <Input field={field} at={at} id={id} />
  }
}

export function Faults({ at }: { at: Path }) {
  const messages = useForm().faults.get(pointerOf(at)) ?? []
  if (messages.length === 0) return null
  return <div className="fault" role="alert" id={`f${pointerOf(at)}-fault`}>{messages.map((message) => <div key={message}>{message}</div>)}</div>
}

function brief(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
