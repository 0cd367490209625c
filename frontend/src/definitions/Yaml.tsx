// A definition as a text, next to its form: both edit the same draft.
import { Button } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import { CodeEditor } from '../code/CodeEditor'
import { same } from '../diff/diff'
import type { Fault } from '../form/check'
import type { Field } from '../form/model'
import { t } from '../text'
import { copyText } from '../ui/copy'
import { complete, helpAt } from './complete'
import { faultsInYAML, patchYAML, readYAML, toYAML } from './document'

interface Props {
  kind: string
  name: string
  /** It is stored: its name is changed by Rename alone. */
  stored: boolean
  spec: unknown
  fields: Field[]
  readOnly: boolean
  faults: readonly Fault[]
  names: (kind: string) => string[] | undefined
  /** The text as it was left, with its comments. */
  text: string | undefined
  onChange: (text: string, read: { name?: string; spec?: Record<string, unknown> }) => void
  onSave: () => void
}

export default function Yaml({ kind, name, stored, spec, fields, readOnly, faults, names, text, onChange, onSave }: Props) {
  const wants = useMemo(() => ({ kind, name: stored ? name : undefined, fields }), [kind, name, stored, fields])
  const [shown, setShown] = useState(() => begin(text, kind, name, spec, wants))
  const told = useRef(spec)
  // The draft changed by something else than this text: by the form, a merge, or who saved meanwhile.
  useEffect(() => {
    if (same(spec, told.current)) return
    told.current = spec
    setShown((now) => patchYAML(now, spec, { kind, name }))
  }, [spec, kind, name])
  const read = useMemo(() => readYAML(shown, wants), [shown, wants])
  const diagnostics = useMemo(() => [...read.diagnostics, ...faultsInYAML(shown, faults)], [read, shown, faults])
  const change = (next: string) => {
    setShown(next)
    const now = readYAML(next, wants)
    if (now.spec) told.current = now.spec
    onChange(next, { ...(now.spec && { spec: now.spec }), ...(now.name !== undefined && { name: now.name }) })
  }
  return (
    <>
      <div className="tools">
        <span className="quiet grow">{t('yaml.help')}</span>
        <Button variant="default" onClick={() => void copyText(shown)}>{t('action.copy')}</Button>
      </div>
      <CodeEditor
        label="YAML" language="yaml" value={shown} readOnly={readOnly} diagnostics={diagnostics} onSave={onSave} maxHeight="64vh"
        {...(!readOnly && { onChange: change })}
        completions={({ text: now, offset }) => complete(now, offset, { kind, fields, spec, names })}
        hover={async ({ text: now, offset }) => helpAt(now, offset, fields)}
      />
      {diagnostics.length > 0 && (
        <ul className="small" style={{ margin: '8px 0 0', paddingLeft: 18 }} aria-label={t('yaml.faults')}>
          {diagnostics.slice(0, 20).map((one) => <li key={`${one.line}:${one.column} ${one.message}`} style={{ color: one.severity === 'error' ? 'var(--sb-down)' : 'var(--sb-unknown)' }}>{t('yaml.line', { n: one.line })} {one.message}</li>)}
        </ul>
      )}
    </>
  )
}

function begin(text: string | undefined, kind: string, name: string, spec: unknown, wants: Parameters<typeof readYAML>[1]): string {
  if (text === undefined) return toYAML(kind, name, spec)
  const read = readYAML(text, wants)
  return read.spec === undefined || same(read.spec, spec) ? text : patchYAML(text, spec, { kind, name })
}
