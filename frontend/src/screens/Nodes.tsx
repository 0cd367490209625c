// The nodes of the cluster: state, rotation, revision, what could not be applied.
import { Button, Menu } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { admin, useNodes } from '../api/queries'
import { confirmed, may } from '../api/role'
import type { Cluster, Node } from '../api/types'
import { DataTable, type ShownColumn } from '../list/DataTable'
import { t } from '../text'
import { Confirm } from '../ui/Confirm'
import { notify } from '../ui/notice'
import { Blank, Failed, Shown } from '../ui/states'
import { StateMark } from '../ui/State'
import { Ago, For } from '../ui/time'

const id = (row: Node) => row.name
const text = (row: Node) => [row.name, row.id, row.control, row.version, row.why, ...(row.roles ?? [])].join(' ')
const rotations = ['online', 'draining', 'maintenance'] as const
type Wanted = { node: Node; rotation: (typeof rotations)[number] }

export default function Nodes({ cluster }: { cluster: Cluster }) {
  const nodes = useNodes(cluster.id)
  const queries = useQueryClient()
  const [wanted, setWanted] = useState<Wanted>()
  const act = useMutation({
    mutationFn: ({ node, rotation }: Wanted) => admin(cluster.id, `nodes/${encodeURIComponent(node.name)}/rotation`, { method: 'PUT', body: { rotation }, headers: confirmed(cluster) }),
    onSuccess: (_, { node, rotation }) => {
      notify(t('node.done', { name: node.name, rotation: t(`rotation.${rotation}`) }))
      setWanted(undefined)
      void queries.invalidateQueries({ queryKey: ['c', cluster.id, 'nodes'] })
    },
  })
  const writes = may(cluster, 'operator')
  const ask = (next: Wanted) => {
    act.reset()
    if (next.rotation === 'online' && !cluster.protected) act.mutate(next)
    else setWanted(next)
  }
  const columns = useMemo(() => columnsOfNodes(writes ? ask : undefined), [writes, cluster])
  const last = wanted && nodes.data && !nodes.data.some((node) => node.name !== wanted.node.name && node.ready && node.rotation === 'online')
  return (
    <div className="page full">
      <div className="head"><div className="grow"><h1>{t('place.nodes')}</h1><div className="quiet">{t('nodes.help')}</div></div></div>
      {act.isError && !wanted && <Failed error={act.error} />}
      <Shown of={nodes}>
        {(rows) => <DataTable name="nodes" label={t('place.nodes')} rows={rows} columns={columns} id={id} text={text} empty={<Blank title={t('nodes.empty')} />} />}
      </Shown>
      {wanted && (
        <Confirm cluster={cluster} title={t(`node.ask.${wanted.rotation}`, { name: wanted.node.name })} action={t(`rotation.do.${wanted.rotation}`)} busy={act.isPending} onConfirm={() => act.mutate(wanted)} onClose={() => setWanted(undefined)}>
          {wanted.rotation !== 'online' && <p>{t('node.stops', { n: wanted.node.in_flight })}</p>}
          {last && wanted.rotation !== 'online' && <div className="box bad" role="alert">{t('node.last')}</div>}
          {act.isError && <Failed error={act.error} />}
        </Confirm>
      )}
    </div>
  )
}

function columnsOfNodes(ask: ((next: Wanted) => void) | undefined): ShownColumn<Node>[] {
  const columns: ShownColumn<Node>[] = [
    { id: 'name', title: t('column.node'), standard: true, value: (row) => row.name, width: 130, show: (row) => <>{row.name} {row.leader && <span className="tag">{t('overview.leader')}</span>} {row.local && <span className="tag" title={t('node.local.help')}>{t('node.local')}</span>}</> },
    { id: 'state', title: t('column.state'), standard: true, value: (row) => row.state, options: ['up', 'down', 'unknown'], width: 96, show: (row) => <StateMark state={row.state} /> },
    { id: 'since', title: t('column.since'), standard: true, value: (row) => row.since, width: 90, show: (row) => <For at={row.since} /> },
    { id: 'heard', title: t('node.heard'), standard: true, value: (row) => row.heard, width: 86, show: (row) => <Ago at={row.heard} /> },
    { id: 'rotation', title: t('node.rotation'), standard: true, value: (row) => row.rotation, options: [...rotations], width: 104, show: (row) => t(`rotation.${row.rotation as 'online'}`) },
    { id: 'inflight', title: t('figure.inFlight'), standard: true, align: 'right', width: 72, value: (row) => row.in_flight },
    { id: 'revision', title: t('column.revision'), standard: true, align: 'right', width: 80, value: (row) => row.revision },
    { id: 'problems', title: t('column.problems'), standard: true, align: 'right', width: 84, value: (row) => row.problems, show: (row) => (row.problems > 0 ? <span style={{ color: 'var(--sb-down)' }}>{row.problems}</span> : 0) },
    { id: 'why', title: t('overview.why'), standard: true, value: (row) => row.why },
    { id: 'roles', title: t('node.roles'), value: (row) => row.roles?.join(', '), width: 140 },
    { id: 'control', title: t('column.address'), value: (row) => row.control, width: 200 },
    { id: 'started', title: t('node.started'), value: (row) => row.started, width: 110, show: (row) => <Ago at={row.started} /> },
    { id: 'version', title: t('column.release'), standard: true, value: (row) => row.version, width: 90 },
  ]
  if (!ask) return columns
  const action: ShownColumn<Node> = {
    id: '.act', title: t('node.act'), standard: true, width: 104, value: () => undefined,
    show: (row) => (
      <Menu position="bottom-end">
        <Menu.Target><Button variant="default" size="compact-xs" aria-label={t('node.actOn', { name: row.name })}>{t('node.act')} ▾</Button></Menu.Target>
        <Menu.Dropdown>{rotations.filter((one) => one !== row.rotation).map((one) => <Menu.Item key={one} onClick={() => ask({ node: row, rotation: one })}>{t(`rotation.do.${one}`)}</Menu.Item>)}</Menu.Dropdown>
      </Menu>
    ),
  }
  return [...columns.slice(0, 5), action, ...columns.slice(5)]
}
