// Changes of definitions, grouped by what they do, each with its difference as YAML below it.
import { Button } from '@mantine/core'
import { memo, useState } from 'react'
import type { Change, Cluster } from '../api/types'
import { href } from '../shell/router'
import { t } from '../text'
import { grouped, keyOf, type Group } from './groups'
import { yamlDiff } from './yamlDiff'

const atOnce = 100

interface Props {
  cluster: Cluster
  changes: readonly Change[]
  /** They are done: what they made may be there. */
  past?: boolean
}

export function Changes({ cluster, changes, past = false }: Props) {
  const [open, setOpen] = useState(changes.length <= 3)
  const [turn, setTurn] = useState(0)
  const groups = grouped(changes)
  return (
    <div className="changes">
      <div className="row wrap">
        <span className="grow">{groups.map((group) => <span key={group.op} className="count" data-op={group.op}>{t(`changes.${group.op}`, { n: group.changes.length })}</span>)}</span>
        <Button variant="subtle" onClick={() => { setOpen(!open); setTurn(turn + 1) }}>{open ? t('changes.close') : t('changes.open')}</Button>
      </div>
      {groups.map((group) => <One key={group.op + String(turn)} cluster={cluster} past={past} group={group} open={open} />)}
    </div>
  )
}

function One({ cluster, past, group, open }: { cluster: Cluster; past: boolean; group: Group; open: boolean }) {
  const [shown, setShown] = useState(atOnce)
  const left = group.changes.length - shown
  return (
    <>
      {group.changes.slice(0, shown).map((change) => <Entry key={keyOf(change)} cluster={cluster} past={past} change={change} open={open} />)}
      {left > 0 && <Button variant="default" onClick={() => setShown(shown + 10 * atOnce)}>{t('changes.more', { n: left })}</Button>}
    </>
  )
}

const Entry = memo(function Entry({ cluster, past, change, open: first }: { cluster: Cluster; past: boolean; change: Change; open: boolean }) {
  const [open, setOpen] = useState(first)
  return (
    <details className="entry change" data-op={change.op} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="op">{t(`op.${change.op}`)}</span>
        <span className="grow cut"><span className="quiet">{change.kind}/</span><strong>{change.name}</strong>{change.new_name && <> → <strong>{change.new_name}</strong></>}</span>
        <span className="quiet small">{t('changes.fields', { n: (change.diff ?? []).length })}</span>
      </summary>
      {open && (
        <div>
          <YamlDiff diff={change.diff ?? []} label={keyOf(change)} />
          {(past ? change.op !== 'delete' : change.op !== 'create') && <p className="small"><a href={href(['c', cluster.id, 'd', change.kind, name(change, past)])}>{t('history.open', { name: name(change, past) })}</a></p>}
        </div>
      )}
    </details>
  )
})

/** Under which name it is there now. */
const name = (change: Change, past: boolean) => (past ? (change.new_name ?? change.name) : change.name)

export function YamlDiff({ diff, label }: { diff: Change['diff']; label: string }) {
  const lines = yamlDiff(diff)
  if (lines.length === 0) return <p className="quiet">{t('changes.nothing')}</p>
  return (
    <pre className="yaml lines" tabIndex={0} aria-label={t('changes.diff', { name: label })}>
      {lines.map((line, i) => <span key={i} data-sign={line.sign}><span className="sign">{line.sign}</span>{line.text}{'\n'}</span>)}
    </pre>
  )
}
