// The deployment of a package: what it changes, then what each node makes of it.
import { Button, Checkbox, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { problemOf } from '../api/http'
import { deploy, useNodesDeployed, type Check } from '../api/services'
import type { BuildMessage, Cluster, Deployed, DeployedVersion } from '../api/types'
import { isObject } from '../form/pointer'
import { t } from '../text'
import { CopyCommand } from '../ui/CopyCommand'
import { Dialog } from '../ui/Dialog'
import { Failed, Loading } from '../ui/states'
import { TypedName, useTypedName } from '../ui/TypedName'
import type { Files } from './files'

interface Props {
  cluster: Cluster
  name: string
  base: string
  files: Files
  check: Check
  onDone: (done: Deployed) => void
  onRefused: (messages: BuildMessage[]) => void
  onOvertaken: () => void
  onClose: () => void
}

export function Deploy({ cluster, name, base, files, check, onDone, onRefused, onOvertaken, onClose }: Props) {
  const [reason, setReason] = useState('')
  const [force, setForce] = useState(false)
  const act = useMutation({
    mutationFn: () => {
      const real = check.checked?.package ?? name
      return deploy(cluster, { packages: [{ name, files }], base: { [real]: real === name ? base : '' }, ...(reason && { reason }), ...(force && { force }) })
    },
    onSuccess: onDone,
    onError: (error) => {
      const problem = problemOf(error)
      if (problem.messages && problem.messages.length > 0) onRefused(problem.messages)
      else if (overtaken(problem.current)) onOvertaken()
    },
  })
  const gone = check.checked?.changes.filter((one) => one.op === 'delete') ?? []
  const typed = useTypedName(cluster, cluster.protected && gone.length > 0)
  const ready = check.fresh && check.checked?.ok === true && typed.right && !act.isPending
  return (
    <Dialog onClose={onClose} title={t('deploy.title', { name })} size="lg">
      {act.data ? <Result cluster={cluster} done={act.data} onClose={onClose} /> : (
        <form onSubmit={(event) => { event.preventDefault(); if (ready) act.mutate() }}>
          <Preview check={check} />
          {gone.length > 0 && <div className="box bad">{t('deploy.deletes', { services: gone.map((one) => one.service).join(', ') })}</div>}
          <TextInput label={t('deploy.reason')} data-autofocus maxLength={500} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
          {act.isError && <div style={{ marginTop: 12 }}><Failed error={act.error} /></div>}
          {act.isError && problemOf(act.error).status === 409 && <Checkbox mt="sm" label={t('deploy.force')} checked={force} onChange={(event) => setForce(event.currentTarget.checked)} />}
          <TypedName of={typed} mt="md" />
          <div className="row" style={{ marginTop: 16 }}>
            <CopyCommand cluster={cluster} words={['deploy', name, '--wait', reason && '--reason', reason, force && '--force']} />
            <span className="grow" />
            <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
            <Button type="submit" color={gone.length > 0 ? 'red' : undefined} disabled={!ready} loading={act.isPending}>{t('deploy.go')}</Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

const overtaken = (current: unknown): current is DeployedVersion => isObject(current) && typeof current.hash === 'string' && typeof current.package === 'string'

function Preview({ check }: { check: Check }) {
  if (check.error !== undefined) return <Failed error={check.error} />
  if (!check.fresh || !check.checked) return <Loading />
  const { checked } = check
  if (!checked.ok) return <div className="box bad" role="alert">{t('check.bad', { n: checked.messages.length })}</div>
  if (checked.changes.length === 0) return <p>{t('deploy.nothing')}</p>
  return (
    <>
      <p>{t('deploy.what', { hash: (checked.hash ?? '').slice(0, 12) })}</p>
      <ul className="marks">
        {checked.changes.map((one) => <li key={one.service} data-op={one.op}><span className="tag">{t(`op.${one.op as 'create'}`)}</span> {one.service}</li>)}
      </ul>
    </>
  )
}

/** One line a node, until each runs the code or cannot. */
function Result({ cluster, done, onClose }: { cluster: Cluster; done: Deployed; onClose: () => void }) {
  const nodes = useNodesDeployed(cluster.id, done)
  const list = nodes.data ?? done.nodes.map((one) => ({ name: one.name, state: one.ok ? 'runs' as const : 'failed' as const, why: one.error ?? '' }))
  const bad = list.filter((one) => one.state === 'failed').length
  const waits = list.some((one) => one.state === 'waits')
  return (
    <>
      <p role="status"><strong>{waits ? t('deploy.waits', { revision: done.revision }) : bad > 0 ? t('deploy.some', { n: bad, all: list.length }) : t('deploy.done', { revision: done.revision, n: list.length })}</strong></p>
      <ul className="marks">
        {list.map((one) => (
          <li key={one.name}><span className="state" data-state={one.state === 'runs' ? 'up' : one.state === 'failed' ? 'down' : 'unknown'}>{one.name}</span> {t(`deploy.node.${one.state}`)} {one.why}</li>
        ))}
      </ul>
      <p className="quiet small">{t('deploy.undo')}</p>
      <div className="row end"><Button onClick={onClose} data-autofocus>{t('action.close')}</Button></div>
    </>
  )
}
