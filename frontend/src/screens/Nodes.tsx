// The nodes of the cluster: picture and table, and the pages below them.
import { Button, Tabs } from '@mantine/core'
import { lazy, useCallback, useRef } from 'react'
import { over, useNodeProblems, useRestart, useTopology } from '../api/nodes'
import { may } from '../api/role'
import type { Cluster, NodeProblem, Topology } from '../api/types'
import { Drains, useActs, type Wanted } from '../nodes/Acts'
import { partsOf, sameProblems } from '../nodes/facts'
import { Table } from '../nodes/Table'
import { nodePath } from '../nodes/words'
import { href, replace } from '../shell/router'
import { t } from '../text'
import { most, Rest } from '../ui/Rest'
import { Shown } from '../ui/states'
import '../nodes/nodes.css'

const Picture = lazy(() => import('../nodes/Picture'))
const NodePage = lazy(() => import('../nodes/NodePage'))
const Restart = lazy(() => import('../nodes/Restart'))
const Join = lazy(() => import('../nodes/Join'))

export default function Nodes({ cluster, path, tab }: { cluster: Cluster; path: string[]; tab: string }) {
  const [page, name] = path
  if (page === 'node' && name) return <NodePage key={name} cluster={cluster} name={name} />
  if (page === 'restart') return <Restart cluster={cluster} />
  if (page === 'join') return <Join cluster={cluster} />
  return <Overview cluster={cluster} tab={tab === 'table' ? 'table' : 'picture'} />
}

function Overview({ cluster, tab }: { cluster: Cluster; tab: string }) {
  const topology = useTopology(cluster.id)
  const restart = useRestart(cluster.id)
  const nodes = topology.data?.nodes ?? []
  const { ask, dialog } = useActs(cluster, nodes)
  // The rows of the table are drawn anew only when something of them changed.
  const held = useRef(ask)
  held.current = ask
  const steady = useCallback((wanted: Wanted) => held.current(wanted), [])
  const problems = useNodeProblems(cluster.id, nodes.some((node) => node.problems > 0))
  const revision = cluster.status?.status.revision ?? 0
  const under = restart.data && !over(restart.data)
  return (
    <div className="page full" style={{ overflowY: 'auto' }}>
      <div className="head">
        <div className="grow"><h1>{t('place.nodes')}</h1><div className="quiet">{t('nodes.help')}</div></div>
        <div className="actions">
          <Button component="a" variant="default" href={href(['c', cluster.id, 'nodes', 'restart'])}>{under ? t('restart.under') : t('restart.title')}</Button>
          {may(cluster, 'admin') && <Button component="a" href={href(['c', cluster.id, 'nodes', 'join'])}>{t('join.title')}</Button>}
        </div>
      </div>
      {dialog}
      <Shown of={topology}>
        {(data) => (
          <>
            <Whole topology={data} />
            <Drains cluster={cluster} nodes={data.nodes.filter((node) => !under || !restart.data?.nodes.some((step) => step.id === node.id && step.begun && !step.ended))} ask={ask} />
            <Tabs value={tab} onChange={(next) => replace(href(['c', cluster.id, 'nodes'], { tab: next === 'table' ? 'table' : undefined }))} keepMounted={false} className="filling">
              <Tabs.List mb="xs">
                <Tabs.Tab value="picture">{t('nodes.picture')}</Tabs.Tab>
                <Tabs.Tab value="table">{t('nodes.table')}</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="picture" className="filling"><Picture cluster={cluster} topology={data} restart={restart.data} revision={revision} /></Tabs.Panel>
              <Tabs.Panel value="table" className="filling"><Table cluster={cluster} topology={data} revision={revision} ask={steady} /></Tabs.Panel>
            </Tabs>
            {problems.data && problems.data.length > 0 && <Problems cluster={cluster} problems={problems.data} />}
          </>
        )}
      </Shown>
    </div>
  )
}

/** Whether all that answer hear each other; else who hears whom. */
function Whole({ topology }: { topology: Topology }) {
  const parts = partsOf(topology)
  const lost = parts.find((part) => part.missing)
  const halves = topology.parts.length > 1
  if (!topology.split || (!lost && !halves)) {
    if (topology.nodes.length < 2) return null
    return <p className="small" role="status" style={{ margin: '0 0 8px' }}><span className="state" data-state="up">{t('nodes.whole', { n: topology.parts[0]?.length ?? 0 })}</span></p>
  }
  return (
    <div className={'box ' + (halves ? 'bad' : 'warn')} role="alert" style={{ paddingBlock: 6 }}>
      {halves && <div><strong>{t('nodes.split')}</strong> {topology.parts.map((part) => part.join(', ')).join(' | ')}</div>}
      {lost && <div><strong>{lost.names.join(', ')}</strong>: {t('nodes.lost', { n: lost.names.length })}</div>}
    </div>
  )
}

function Problems({ cluster, problems }: { cluster: Cluster; problems: NodeProblem[] }) {
  const all = sameProblems(problems)
  return (
    <section style={{ paddingBottom: 16 }}>
      <h2 style={{ marginTop: 8 }}>{t('nodes.problems')}</h2>
      <table className="diff">
        <thead><tr><th style={{ width: '26%' }}>{t('column.name')}</th><th>{t('overview.why')}</th><th style={{ width: '24%' }}>{t('column.nodes')}</th></tr></thead>
        <tbody>
          {all.slice(0, most).map((one) => (
            <tr key={one.kind + one.name + one.reason}>
              <td><a href={href(['c', cluster.id, 'd', one.kind, one.name])}>{one.kind}/{one.name}</a></td>
              <td className="old">{one.reason}</td>
              <td>{one.nodes.map((name, i) => <span key={name}>{i > 0 && ', '}<a href={href(nodePath(cluster.id, name))}>{name}</a></span>)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Rest all={all.length} />
    </section>
  )
}
