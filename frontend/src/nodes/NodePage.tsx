// One node: how it is, its links, what it could not put into force, its connections and figures.
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { useNodeDetail, useTopology } from '../api/nodes'
import type { Cluster, Figures, Node, NodeDetail, Topology } from '../api/types'
import { useActions } from '../shell/actions'
import { go, href } from '../shell/router'
import { number, t } from '../text'
import { CopyCommand } from '../ui/CopyCommand'
import { most, Rest } from '../ui/Rest'
import { Blank, Failed, Shown } from '../ui/states'
import { StateMark } from '../ui/State'
import { Ago, At, For } from '../ui/time'
import { problemOf } from '../api/http'
import { actsOf, actText, Drains, useActs } from './Acts'
import { ConnectionCards } from './Connections'
import { answers, lag, usualVersion, waysOf } from './facts'
import { nodePath, rolesText, rotationText } from './words'

export default function NodePage({ cluster, name }: { cluster: Cluster; name: string }) {
  const detail = useNodeDetail(cluster.id, name)
  const topology = useTopology(cluster.id)
  const nodes = topology.data?.nodes ?? []
  const node = detail.data?.node
  const back = href(['c', cluster.id, 'nodes'])
  const { ask, dialog } = useActs(cluster, nodes, (act) => act === 'remove' && go(back))
  const acts = node ? actsOf(cluster, node) : []
  useActions(acts.map((act) => ({ title: `${name}: ${actText(act)}`, run: () => node && ask({ act, nodes: [node] }) })))
  if (!node && detail.isError && problemOf(detail.error).status === 404) return <Blank title={t('node.none', { name })}><a href={back}>{t('place.nodes')}</a></Blank>
  return (
    <div className="page">
      <div className="head">
        <div className="grow">
          <div className="small"><a href={back}>{t('place.nodes')}</a></div>
          <h1>{name} {node?.leader && <span className="tag">{t('overview.leader')}</span>} {node?.local && <span className="tag" title={t('node.local.help')}>{t('node.local')}</span>}</h1>
        </div>
        {node && (
          <div className="actions">
            {acts.map((act) => <Button key={act} variant={act === 'remove' ? 'outline' : 'default'} {...(act === 'remove' && { color: 'red' })} onClick={() => ask({ act, nodes: [node] })}>{actText(act)}</Button>)}
          </div>
        )}
      </div>
      {dialog}
      <Shown of={detail}>
        {(data) => (
          <>
            <Drains cluster={cluster} nodes={[data.node]} ask={ask} />
            {data.error && <div className="box warn" role="status"><strong>{t('node.mute')}</strong> {data.error}. {t('node.old')}</div>}
            <div className="halves">
              <Facts detail={data} nodes={nodes} revision={cluster.status?.status.revision ?? 0} />
              {topology.data && <Links cluster={cluster} topology={topology.data} name={name} />}
            </div>
            <Problems cluster={cluster} detail={data} />
            <Connections cluster={cluster} detail={data} />
            <Live title={t('node.services')} rows={data.services ?? []} to={(one) => href(['c', cluster.id, 'services', one.service ?? ''])} name={(one) => one.service ?? ''} />
            <Live title={t('node.channels')} rows={data.channels ?? []} to={(one) => href(['c', cluster.id, 'd', 'channel', one.channel ?? ''])} name={(one) => one.channel ?? ''} />
            {data.node.local && acts.length > 0 && <LocalHelp nodes={nodes} name={name} />}
          </>
        )}
      </Shown>
      {topology.isError && !topology.data && <Failed error={topology.error} />}
    </div>
  )
}

function Facts({ detail, nodes, revision }: { detail: NodeDetail; nodes: readonly Node[]; revision: number }) {
  const { node } = detail
  const known = answers(node)
  const behind = lag(node, nodes, revision)
  const usual = usualVersion(nodes)
  const fact = (name: string, value: ReactNode) => <><dt>{name}</dt><dd>{value}</dd></>
  return (
    <section>
      <h2>{t('node.facts')}</h2>
      <dl className="facts">
        {fact(t('column.state'), <><StateMark state={node.state} /> <For at={node.since} />{node.why && <div className="small">{node.why}</div>}</>)}
        {!node.local && fact(t('node.heard'), <Ago at={node.heard} />)}
        {fact(t('node.rotation'), <><span className={'rotation ' + node.rotation}>{rotationText(node.rotation)}</span> · {node.ready ? t('node.ready') : t('node.notReady')}</>)}
        {fact(t('figure.inFlight'), number(node.in_flight))}
        {fact(t('column.revision'), behind > 0 ? <>{number(node.revision)} · <b className="behind">{t('node.behind', { n: behind })}</b></> : number(node.revision))}
        {fact(t('column.release'), node.version !== usual && usual !== '' ? <b className="odd">{node.version} ≠ {usual}</b> : node.version)}
        {fact(t('node.roles'), rolesText(node.roles))}
        {fact(t('node.uptime'), known ? <><For at={node.started} /> · PID {node.pid}</> : '–')}
        {fact(t('node.certificate'), node.certificate_ends ? <At at={node.certificate_ends} /> : '–')}
        {fact(t('node.control'), <span className="mono">{node.control}</span>)}
        {fact(t('node.traffic'), <span className="mono">{node.traffic}</span>)}
        {fact(t('node.gossip'), <span className="mono">{node.gossip}</span>)}
        {fact(t('node.seenBy'), node.seen_by?.length ? node.seen_by.join(', ') : '–')}
        {fact(t('node.joined'), <Ago at={node.joined} />)}
        {known && fact(t('node.memory'), <>{t('node.mebibytes', { n: Math.round(detail.memory_bytes / 1048576) })} · {t('node.goroutines', { n: detail.goroutines })} · {detail.go_version}</>)}
        {fact(t('node.supervised'), !known ? '–' : node.supervised ? t('node.supervised.yes') : t('node.supervised.no'))}
        {fact(t('node.id'), <span className="mono">{node.id}</span>)}
      </dl>
    </section>
  )
}

function Links({ cluster, topology, name }: { cluster: Cluster; topology: Topology; name: string }) {
  const ways = waysOf(topology).filter((way) => way.from === name || way.to === name)
  const ms = (value: number) => t('link.rtt', { ms: number(value, 2) })
  return (
    <section>
      <h2>{t('node.links')}</h2>
      {ways.length === 0
        ? <p className="quiet">{t('node.noLinks')}</p>
        : (
          <table className="diff">
            <thead><tr><th>{t('node.to')}</th><th>{t('link.column.rtt')}</th><th>{t('link.column.loss')}</th><th>{t('link.column.skew')}</th><th>{t('link.column.note')}</th></tr></thead>
            <tbody>
              {ways.map((way) => {
                const other = way.from === name ? way.to : way.from
                return (
                  <tr key={way.id}>
                    <td><a href={href(nodePath(cluster.id, other))}>{other}</a></td>
                    <td>{way.rtt === undefined ? '–' : ms(way.rtt)}</td>
                    <td className={way.loss > 0 ? 'old' : undefined}>{number(way.loss * 100)} %</td>
                    <td>{way.rtt === undefined ? '–' : ms(way.skew)}</td>
                    <td>{[(way.rtt === undefined || way.stale) && t('link.none'), way.tcpOnly && t('link.tcpOnly'), way.oneWay && t('link.oneWay')].filter(Boolean).join(', ')}</td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        )}
    </section>
  )
}

function Problems({ cluster, detail }: { cluster: Cluster; detail: NodeDetail }) {
  if (detail.error) return null
  return (
    <section>
      <h2>{t('node.problems')}</h2>
      {(detail.problems ?? []).length === 0
        ? <p className="quiet">{t('node.noProblems')}</p>
        : (
          <><table className="diff">
            <thead><tr><th style={{ width: '30%' }}>{t('column.name')}</th><th>{t('overview.why')}</th></tr></thead>
            <tbody>{detail.problems.slice(0, most).map((one) => <tr key={one.kind + one.name}><td><a href={href(['c', cluster.id, 'd', one.kind, one.name])}>{one.kind}/{one.name}</a></td><td className="old">{one.reason}</td></tr>)}</tbody>
          </table><Rest all={detail.problems.length} /></>
        )}
    </section>
  )
}

function Connections({ cluster, detail }: { cluster: Cluster; detail: NodeDetail }) {
  const list = detail.connections ?? []
  if (list.length === 0) return null
  return (
    <section>
      <h2>{t('overview.connections')}</h2>
      <ConnectionCards cluster={cluster} list={list} />
    </section>
  )
}

function Live({ title, rows, to, name }: { title: string; rows: Figures[]; to: (one: Figures) => string; name: (one: Figures) => string }) {
  const used = rows.filter((one) => one.count > 0 || one.in_flight > 0).sort((a, b) => b.count - a.count).slice(0, 50)
  if (used.length === 0) return null
  const ms = (value: number) => number(value, value < 10 ? 1 : 0)
  return (
    <section>
      <h2>{title}</h2>
      <table className="diff">
        <thead><tr><th style={{ width: '34%' }}>{t('column.name')}</th><th>{t('figure.count')}</th><th>{t('figure.errors')}</th><th>{t('figure.inFlight')}</th><th>p50 ms</th><th>p99 ms</th><th>max ms</th></tr></thead>
        <tbody>{used.map((one) => <tr key={name(one)}><td><a href={to(one)}>{name(one)}</a></td><td>{number(one.count)}</td><td className={one.errors > 0 ? 'old' : undefined}>{number(one.errors)}</td><td>{number(one.in_flight)}</td><td>{ms(one.p50_ms)}</td><td>{ms(one.p99_ms)}</td><td>{ms(one.max_ms)}</td></tr>)}</tbody>
      </table>
    </section>
  )
}

/** A node does not remove itself; another one is asked. */
function LocalHelp({ nodes, name }: { nodes: readonly Node[]; name: string }) {
  const other = nodes.find((one) => one.name !== name && one.state === 'up' && one.control !== '')
  if (!other) return null
  return (
    <section style={{ paddingBottom: 16 }}>
      <h2>{t('node.do.remove')}</h2>
      <p className="quiet">{t('node.localRemove', { name, other: other.name })}</p>
      <CopyCommand open cluster={{ url: other.control }} words={['nodes', 'remove', name]} />
    </section>
  )
}
