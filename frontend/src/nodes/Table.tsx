// The nodes as a list: the same as the picture, and more of each.
import { Button, Menu } from '@mantine/core'
import { useMemo } from 'react'
import type { Cluster, Topology } from '../api/types'
import { DataTable, type ShownColumn } from '../list/DataTable'
import { href } from '../shell/router'
import { number, t } from '../text'
import { Blank } from '../ui/states'
import { StateMark } from '../ui/State'
import { Ago, At, For } from '../ui/time'
import { actsOf, actText, type Act, type Wanted } from './Acts'
import { answers, lag, usualVersion } from './facts'
import { nodePath, rolesText, rotations, rotationText } from './words'
import type { Node } from '../api/types'

interface Props {
  cluster: Cluster
  topology: Topology
  revision: number
  ask: (wanted: Wanted) => void
}

const id = (row: Node) => row.name
const text = (row: Node) => [row.name, row.id, row.control, row.traffic, row.version, row.why, ...(row.roles ?? [])].join(' ')

export function Table({ cluster, topology, revision, ask }: Props) {
  const columns = useMemo(() => columnsOf(cluster, topology, revision, ask), [cluster, topology, revision, ask])
  const bulk = topology.nodes.some((node) => actsOf(cluster, node).length > 0)
  return (
    <DataTable
      name="nodes" label={t('place.nodes')} rows={topology.nodes} columns={columns} id={id} text={text} empty={<Blank title={t('nodes.empty')} />}
      open={(row) => href(nodePath(cluster.id, row.name))}
      {...(bulk && { selected: (rows: Node[], clear: () => void) => <Bulk cluster={cluster} rows={rows} ask={(wanted) => { ask(wanted); clear() }} /> })}
    />
  )
}

/** Only what each of the selected nodes allows. */
function Bulk({ cluster, rows, ask }: { cluster: Cluster; rows: Node[]; ask: (wanted: Wanted) => void }) {
  const can = (act: Act) => rows.filter((row) => actsOf(cluster, row).includes(act))
  return (
    <>
      {(['draining', 'maintenance', 'online', 'restart'] as const).filter((act) => can(act).length > 0).map((act) => (
        <Button key={act} variant="default" onClick={() => ask({ act, nodes: can(act) })}>{actText(act)}</Button>
      ))}
    </>
  )
}

function columnsOf(cluster: Cluster, { nodes }: Topology, revision: number, ask: (wanted: Wanted) => void): ShownColumn<Node>[] {
  const usual = usualVersion(nodes)
  const behind = (row: Node) => lag(row, nodes, revision)
  const columns: ShownColumn<Node>[] = [
    { id: 'name', title: t('column.node'), standard: true, value: (row) => row.name, least: 130, show: (row) => <>{row.name} {row.leader && <span className="tag">{t('overview.leader')}</span>} {row.local && <span className="tag" title={t('node.local.help')}>{t('node.local')}</span>}</> },
    { id: 'state', title: t('column.state'), standard: true, value: (row) => row.state, options: ['up', 'down', 'unknown'], width: 92, show: (row) => <StateMark state={row.state} /> },
    { id: 'since', title: t('column.since'), standard: true, value: (row) => row.since, width: 88, show: (row) => <For at={row.since} /> },
    { id: 'heard', title: t('node.heard'), standard: true, value: (row) => row.heard, width: 86, show: (row) => (row.local ? '' : <Ago at={row.heard} />) },
    { id: 'rotation', title: t('node.rotation'), standard: true, value: (row) => row.rotation, options: [...rotations], width: 102, show: (row) => <span className={'rotation ' + row.rotation}>{rotationText(row.rotation)}</span> },
    { id: 'inflight', title: t('figure.inFlight'), standard: true, align: 'right', width: 84, value: (row) => row.in_flight },
    { id: 'revision', title: t('column.revision'), standard: true, align: 'right', width: 140, value: (row) => row.revision, show: (row) => (!answers(row) ? <span className="quiet">{row.revision || '?'}</span> : behind(row) > 0 ? <b className="behind" title={t('node.at', { revision: number(row.revision) })}>{t('node.behind', { n: behind(row) })}</b> : number(row.revision)) },
    { id: 'problems', title: t('column.problems'), standard: true, align: 'right', width: 82, value: (row) => row.problems, show: (row) => (row.problems > 0 ? <a className="faults" href={href(nodePath(cluster.id, row.name))}>{row.problems}</a> : 0) },
    { id: 'version', title: t('column.release'), standard: true, value: (row) => row.version, width: 92, show: (row) => (row.version !== usual ? <b className="odd" title={t('node.odd')}>{row.version} ≠</b> : row.version) },
    { id: 'why', title: t('overview.why'), value: (row) => row.why, least: 180 },
    { id: 'roles', title: t('node.roles'), value: (row) => rolesText(row.roles), width: 140 },
    { id: 'control', title: t('node.control'), value: (row) => row.control, width: 190 },
    { id: 'traffic', title: t('node.traffic'), value: (row) => row.traffic, width: 190 },
    { id: 'gossip', title: t('node.gossip'), value: (row) => row.gossip, width: 150 },
    { id: 'certificate', title: t('node.certificate'), value: (row) => row.certificate_ends, width: 170, show: (row) => (row.certificate_ends ? <At at={row.certificate_ends} /> : '') },
    { id: 'started', title: t('node.uptime'), value: (row) => row.started, width: 100, show: (row) => (answers(row) ? <For at={row.started} /> : '') },
    { id: 'joined', title: t('node.joined'), value: (row) => row.joined, width: 100, show: (row) => <Ago at={row.joined} /> },
    { id: 'seenby', title: t('node.seenBy'), value: (row) => row.seen_by?.join(', '), width: 160 },
    { id: 'pid', title: 'PID', align: 'right', value: (row) => row.pid, width: 80 },
    { id: 'id', title: t('node.id'), value: (row) => row.id, width: 220 },
  ]
  if (!nodes.some((node) => actsOf(cluster, node).length > 0)) return columns
  const action: ShownColumn<Node> = { id: '.act', title: t('node.act'), standard: true, width: 100, value: () => undefined, show: (row) => <Acts cluster={cluster} node={row} ask={ask} /> }
  return [...columns.slice(0, 5), action, ...columns.slice(5)]
}

export function Acts({ cluster, node, ask }: { cluster: Cluster; node: Node; ask: (wanted: Wanted) => void }) {
  const acts = actsOf(cluster, node)
  if (acts.length === 0) return null
  return (
    <Menu position="bottom-end">
      <Menu.Target><Button variant="default" size="compact-xs" aria-label={t('node.actOn', { name: node.name })}>{t('node.act')} ▾</Button></Menu.Target>
      <Menu.Dropdown>{acts.map((act) => <Menu.Item key={act} {...(act === 'remove' && { color: 'red' })} onClick={() => ask({ act, nodes: [node] })}>{actText(act)}</Menu.Item>)}</Menu.Dropdown>
    </Menu>
  )
}
