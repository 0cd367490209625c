// Calls a service. The form comes from the schema of its input; without one it is JSON.
import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { problemOf } from '../api/http'
import { admin } from '../api/queries'
import type { Cluster, Service } from '../api/types'
import { check, place, shownPointers, type Fault } from '../form/check'
import { FormParts } from '../form/context'
import { Fields, Value } from '../form/Fields'
import { fieldsOf, prune, type Field, type Schema } from '../form/model'
import { isObject, setAt } from '../form/pointer'
import { number, t } from '../text'
import { Failed } from '../ui/states'

const free: Field = { name: '', title: '', type: 'any', required: false, multiline: true }

export function Invoke({ cluster, service }: { cluster: Cluster; service: Service }) {
  const fields = useMemo(() => (isObject(service.input) ? fieldsOf(service.input as Schema) : []), [service.input])
  const [input, setInput] = useState<unknown>({})
  const [faults, setFaults] = useState<Fault[]>([])
  const shaped = fields.length > 0
  const body = shaped ? prune(fields, input) : input
  const run = useMutation({
    mutationFn: async () => {
      const began = performance.now()
      const answer = await admin<unknown>(cluster.id, `services/${encodeURIComponent(service.name)}/invoke`, { method: 'POST', body })
      return { answer, ms: performance.now() - began }
    },
    onError: (error) => setFaults(problemOf(error).errors ?? []),
  })
  const placed = place(faults, new Set(shownPointers(fields, input)))
  const start = () => {
    const found = check(fields, body, t)
    setFaults(found)
    if (found.length === 0) run.mutate()
  }
  return (
    <FormParts value={{ spec: input, stored: input, faults: placed.at, readOnly: false, names: () => undefined, change: (path, value) => setInput((now: unknown) => setAt(now, path, value) ?? {}) }}>
      <div className="form">
        {shaped ? <Fields fields={fields} at={[]} /> : <div className="field"><label className="label" htmlFor="input">{t('invoke.input')}</label><Value field={free} at={[]} id="input" /></div>}
        <div><Button loading={run.isPending} onClick={start}>{t('invoke.go')}</Button></div>
        {run.isError && <Failed error={run.error} />}
        {run.isSuccess && (
          <div>
            <div className="quiet small" role="status">{t('invoke.took', { ms: number(run.data.ms) })}</div>
            <pre className="yaml" tabIndex={0} aria-label={t('invoke.answer')}>{run.data.answer === undefined ? t('invoke.nothing') : JSON.stringify(run.data.answer, null, 2)}</pre>
          </div>
        )}
      </div>
    </FormParts>
  )
}
