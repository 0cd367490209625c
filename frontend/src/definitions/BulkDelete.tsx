// Deletes definitions one by one and says of each what became of it.
import { Button, Modal, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { problemOf } from '../api/http'
import { admin, definitionPath } from '../api/queries'
import { confirmed } from '../api/role'
import type { Cluster, Definition } from '../api/types'
import { t } from '../text'
import { Confirm } from '../ui/Confirm'

interface Props {
  cluster: Cluster
  rows: Definition[]
  onDone: () => void
  onClose: () => void
}

export function BulkDelete({ cluster, rows, onDone, onClose }: Props) {
  const queries = useQueryClient()
  const [results, setResults] = useState<Map<string, string>>()
  const [busy, setBusy] = useState(false)
  const [reason, setReason] = useState('')
  const run = async () => {
    setBusy(true)
    const done = new Map<string, string>()
    for (const row of rows) {
      try {
        await remove(cluster, row, reason)
        done.set(row.name, '')
      } catch (error) {
        done.set(row.name, problemOf(error).detail ?? t('error.title.refused'))
      }
    }
    setBusy(false)
    setResults(done)
    void queries.invalidateQueries({ queryKey: ['c', cluster.id] })
  }
  if (!results) {
    return (
      <Confirm cluster={cluster} title={t('delete.title', { n: rows.length })} action={t('action.delete')} busy={busy} onConfirm={() => void run()} onClose={onClose}>
        <p>{t('delete.warn')}</p>
        <ul style={{ maxHeight: 180, overflow: 'auto' }}>{rows.map((row) => <li key={row.name}>{row.name}</li>)}</ul>
        <TextInput label={t('save.reason')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
      </Confirm>
    )
  }
  const failed = [...results.values()].filter(Boolean).length
  return (
    <Modal opened onClose={onDone} title={t('delete.done', { n: rows.length - failed, failed })} size="lg" closeButtonProps={{ 'aria-label': t('action.close') }}>
      <table className="diff">
        <tbody>
          {[...results].map(([name, fault]) => (
            <tr key={name}><td style={{ width: '40%' }}>{name}</td><td className={fault ? 'old' : 'new'}>{fault || t('delete.ok')}</td></tr>
          ))}
        </tbody>
      </table>
      <div className="row" style={{ marginTop: 16, justifyContent: 'flex-end' }}><Button onClick={onDone}>{t('action.close')}</Button></div>
    </Modal>
  )
}

/** Deletes one definition as it was seen. */
export async function remove(cluster: Cluster, row: Definition, reason: string): Promise<void> {
  const headers: Record<string, string> = { 'If-Match': `"${row.version}"`, ...confirmed(cluster) }
  if (reason) headers['X-Change-Reason'] = encodeURIComponent(reason)
  await admin(cluster.id, definitionPath(row.kind, row.name), { method: 'DELETE', headers })
}
