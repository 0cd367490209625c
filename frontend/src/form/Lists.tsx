// Lists, which keep their order, and maps of texts.
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { t } from '../text'
import { useForm } from './context'
import { Faults, Value } from './Fields'
import { Input } from './Input'
import type { Field } from './model'
import { getAt, isObject, pointerOf, type Path } from './pointer'

const single = new Set(['string', 'integer', 'number', 'boolean', 'duration', 'size', 'any'])

export function ListInput({ field, at }: { field: Field; at: Path }) {
  const { spec, readOnly, change } = useForm()
  const value = getAt(spec, at)
  const set = Array.isArray(value)
  const items: unknown[] = set ? value : []
  const item = field.item ?? { name: '', title: '', type: 'any', required: false, multiline: false }
  const put = (next: unknown[]) => change(at, next.length === 0 ? undefined : next)
  const move = (from: number, to: number) => {
    const next = [...items]
    next.splice(to, 0, ...next.splice(from, 1))
    put(next)
  }
  return (
    <div className="items">
      {!set && <div className="quiet small">{field.default !== undefined ? t('form.default.is', { value: JSON.stringify(field.default) }) : t('form.none')}</div>}
      {items.map((_, i) => (
        <div key={i}>
          <div className="item">
            {single.has(item.type)
              ? <Input field={{ ...item, multiline: field.multiline }} at={[...at, i]} id={`f${pointerOf([...at, i])}`} label={t('form.item', { name: field.title, n: i + 1 })} />
              : <Value field={item} at={[...at, i]} id={`f${pointerOf([...at, i])}`} />}
            {!readOnly && (
              <>
                <Button variant="subtle" px={6} disabled={i === 0} aria-label={t('form.up', { n: i + 1 })} onClick={() => move(i, i - 1)}>↑</Button>
                <Button variant="subtle" px={6} disabled={i === items.length - 1} aria-label={t('form.down', { n: i + 1 })} onClick={() => move(i, i + 1)}>↓</Button>
                <Button variant="subtle" px={6} color="red" aria-label={t('form.remove', { n: i + 1 })} onClick={() => put(items.filter((_, j) => j !== i))}>✕</Button>
              </>
            )}
          </div>
          <Faults at={[...at, i]} />
        </div>
      ))}
      {!readOnly && <div><Button variant="default" onClick={() => change(at, [...items, fresh(item)])}>{t('form.add')}</Button></div>}
    </div>
  )
}

function fresh(item: Field): unknown {
  if (item.type === 'object') return {}
  if (item.type === 'boolean') return item.default ?? false
  return item.default ?? ''
}

/** Texts under names. A name that is being typed is kept apart until it is whole. */
export function MapInput({ field, at }: { field: Field; at: Path }) {
  const { spec, readOnly, change } = useForm()
  const [name, setName] = useState('')
  const value = getAt(spec, at)
  const map = isObject(value) ? value : {}
  const taken = Object.hasOwn(map, name)
  const add = () => {
    if (name === '' || taken) return
    change(at, { ...map, [name]: '' })
    setName('')
  }
  return (
    <div className="items">
      {Object.keys(map).length === 0 && <div className="quiet small">{t('form.none')}</div>}
      {Object.entries(map).map(([key, text]) => (
        <div key={key}>
          <div className="item">
            <code className="cut" style={{ width: 180, paddingTop: 6 }} title={key}>{key}</code>
            <TextInput
              className="grow" value={String(text)} readOnly={readOnly} aria-label={t('form.entry', { name: field.title, key })}
              onChange={(event) => change(at, { ...map, [key]: event.currentTarget.value })}
            />
            {!readOnly && <Button variant="subtle" px={6} color="red" aria-label={t('form.removeKey', { key })} onClick={() => change([...at, key], undefined)}>✕</Button>}
          </div>
          <Faults at={[...at, key]} />
        </div>
      ))}
      {!readOnly && (
        <div className="item">
          <TextInput
            w={180} value={name} placeholder={t('form.key')} aria-label={t('form.newKey', { name: field.title })} error={taken && t('form.taken')}
            onChange={(event) => setName(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return
              event.preventDefault()
              add()
            }}
          />
          <Button variant="default" disabled={name === '' || taken} onClick={add}>{t('form.add')}</Button>
        </div>
      )}
    </div>
  )
}
