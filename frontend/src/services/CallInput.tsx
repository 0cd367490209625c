// What a service is called with: typed into the form of its input schema, or as JSON.
import { SegmentedControl } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { Service } from '../api/types'
import { CodeEditor } from '../code/CodeEditor'
import { place, shownPointers, type Fault } from '../form/check'
import { FormParts } from '../form/context'
import { Fields } from '../form/Fields'
import { fieldsOf, prune, type Schema } from '../form/model'
import { isObject, setAt } from '../form/pointer'
import { withoutSecrets } from '../form/secrets'
import { t } from '../text'

export function useCallInput(service: Service) {
  const fields = useMemo(() => (isObject(service.input) ? fieldsOf(service.input as Schema) : []), [service.input])
  const [input, setInput] = useState<unknown>(fields.length > 0 ? {} : undefined)
  const [view, setView] = useState<'form' | 'json'>(fields.length > 0 ? 'form' : 'json')
  const [text, setText] = useState(fields.length > 0 ? '{}' : '')
  const typed = view === 'json' ? parsed(text) : { value: prune(fields, input) }
  // What is kept on this machine, and what a command shows, has no secret in it.
  const plain = 'fault' in typed ? undefined : withoutSecrets(fields, typed.value)
  const put = (value: unknown) => {
    setText(value === undefined ? '' : JSON.stringify(value, null, 2))
    setInput(isObject(value) ? value : {})
  }
  /** False: it is shown so already, or cannot be read as what it would be shown as. */
  const show = (next: 'form' | 'json') => {
    if (next === view || 'fault' in typed) return false
    if (next === 'json') setText(JSON.stringify(typed.value ?? null, null, 2))
    else setInput(isObject(typed.value) ? typed.value : {})
    setView(next)
    return true
  }
  return { fields, input, setInput, view, text, setText, typed, plain, put, show }
}

interface Props {
  of: ReturnType<typeof useCallInput>
  faults: Fault[]
  onShown: () => void
  onSave: () => void
}

export function CallInput({ of: { fields, input, setInput, view, text, setText, typed, show }, faults, onShown, onSave }: Props) {
  const placed = place(faults, new Set(shownPointers(fields, input)))
  const fault = 'fault' in typed ? typed.fault : undefined
  return (
    <>
      {fields.length > 0 && <SegmentedControl size="xs" aria-label={t('invoke.view')} value={view} style={{ justifySelf: 'start' }} data={[{ value: 'form', label: t('invoke.form') }, { value: 'json', label: 'JSON' }]} onChange={(next) => { if (show(next as 'form' | 'json')) onShown() }} />}
      {view === 'form'
        ? (
          <FormParts value={{ spec: input, stored: input, faults: placed.at, readOnly: false, names: () => undefined, change: (path, value) => setInput((now: unknown) => setAt(now, path, value) ?? {}) }}>
            <Fields fields={fields} at={[]} />
          </FormParts>
        )
        : <CodeEditor label={t('invoke.input')} language="json" minHeight="7em" maxHeight="40vh" value={text} onChange={setText} onSave={onSave} diagnostics={fault === undefined ? [] : [{ line: 1, column: 1, message: fault, severity: 'error' }]} />}
      {fault !== undefined && <div className="fault small bad-text" role="alert">{fault}</div>}
    </>
  )
}

function parsed(text: string): { value: unknown } | { fault: string } {
  if (text.trim() === '') return { value: undefined }
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    return { fault: t('invoke.notJSON', { why: error instanceof Error ? error.message : '' }) }
  }
}
