// The picture of the cluster: a card for each node, a line for each way between two, a
// frame for each part of a split. Loaded when it is looked at. Nothing in it moves by itself;
// the table has the same content for those who cannot see it.
import '@xyflow/react/dist/base.css'
import './picture.css'
import { Button } from '@mantine/core'
import { BaseEdge, EdgeLabelRenderer, getStraightPath, Handle, Position, ReactFlow, ReactFlowProvider, useReactFlow, useStore, type Edge, type EdgeProps, type Node as FlowNode, type NodeProps } from '@xyflow/react'
import { memo, useEffect, useMemo, useState } from 'react'
import type { Cluster, Node, RollingRestart, Topology } from '../api/types'
import { href } from '../shell/router'
import { number, t } from '../text'
import { Ago } from '../ui/time'
import { NodeCard, type Card } from './Card'
import { answers, lag, partsOf, usualVersion, waysOf, type Way } from './facts'
import { card, layoutOf, round, sides, type Box } from './layout'
import { wayText } from './words'

interface Props {
  cluster: Cluster
  topology: Topology
  restart: RollingRestart | undefined
  revision: number
}

type CardNode = FlowNode<{ card: Card }, 'card'>
type PartNode = FlowNode<{ box: Box; whole: number }, 'part'>
type WayEdge = Edge<{ way: Way; labelled: boolean }, 'way'>

/** Seen from farther than this, only large letters can be read. */
const far = 0.62
/** Up to so many ways every one has its label; above, only those with a fault and those of the node in hand, and in a grid only the latter. */
const labelled = 15
/** Up to so many ways the good ones are drawn too. */
const drawn = (round * (round - 1)) / 2

export default function Picture(props: Props) {
  return <ReactFlowProvider><Flow {...props} /></ReactFlowProvider>
}

function Flow({ cluster, topology, restart, revision }: Props) {
  const [hand, setHand] = useState('')
  const parts = useMemo(() => partsOf(topology), [topology])
  const shape = JSON.stringify(parts)
  // A place depends on who is there, not on how they are.
  const layout = useMemo(() => layoutOf(parts), [shape])
  const ways = useMemo(() => waysOf(topology), [topology])
  const nodes = useMemo(() => flowNodes(cluster, topology, layout, restart, revision), [cluster, topology, layout, restart, revision])
  const edges = useMemo(() => flowEdges(ways, layout, hand), [ways, layout, hand])
  const hidden = ways.length - edges.length
  return (
    <div className="picture" role="region" aria-label={t('picture.title')}>
      <ReactFlow<CardNode | PartNode, WayEdge>
        nodes={nodes} edges={edges} nodeTypes={nodeTypes} edgeTypes={edgeTypes}
        nodesDraggable={false} nodesConnectable={false} nodesFocusable={false} edgesFocusable={false} elementsSelectable={false} disableKeyboardA11y
        minZoom={0.15} maxZoom={1.6} fitView fitViewOptions={fit} proOptions={plain} panOnScroll={false} zoomOnDoubleClick={false} preventScrolling={false} zoomOnScroll={false}
        onNodeMouseEnter={(_, node) => setHand(node.type === 'card' ? node.id : '')} onNodeMouseLeave={() => setHand('')}
        onFocus={(event) => setHand((event.target as HTMLElement).closest<HTMLElement>('[data-node]')?.dataset.node ?? '')}
        ariaLabelConfig={{ 'node.a11yDescription.default': '', 'edge.a11yDescription.default': '' }}
      >
        <Tools shape={shape} />
        <div className="picture-say small quiet">
          {t('picture.read')} <Ago at={topology.at} />.{' '}
          {hidden > 0 && t('picture.hidden', { n: hidden })}
        </div>
      </ReactFlow>
    </div>
  )
}

const fit = { padding: 0.12, maxZoom: 1.15 }
const plain = { hideAttribution: true }

/** Nearer, farther, all of it; all of it by itself when nodes come and go, or the place for the picture changes. */
function Tools({ shape }: { shape: string }) {
  const flow = useReactFlow()
  const width = useStore((state) => state.width)
  const height = useStore((state) => state.height)
  useEffect(() => {
    const frame = requestAnimationFrame(() => void flow.fitView(fit))
    return () => cancelAnimationFrame(frame)
  }, [flow, shape, width, height])
  return (
    <div className="picture-tools">
      <Button variant="default" aria-label={t('picture.nearer')} title={t('picture.nearer')} onClick={() => void flow.zoomIn()}>+</Button>
      <Button variant="default" aria-label={t('picture.farther')} title={t('picture.farther')} onClick={() => void flow.zoomOut()}>−</Button>
      <Button variant="default" onClick={() => void flow.fitView(fit)}>{t('picture.all')}</Button>
    </div>
  )
}

function flowNodes(cluster: Cluster, topology: Topology, layout: ReturnType<typeof layoutOf>, restart: RollingRestart | undefined, revision: number): (CardNode | PartNode)[] {
  const usual = usualVersion(topology.nodes)
  const frames = layout.boxes.map((box): PartNode => ({
    id: box.id, type: 'part', position: { x: box.x, y: box.y }, width: box.width, height: box.height, data: { box, whole: topology.parts.length },
    focusable: false, zIndex: -1,
  }))
  const cards = topology.nodes.flatMap((node): CardNode[] => {
    const place = layout.places.get(node.name)
    if (!place) return []
    const data: Card = { node, to: href(['c', cluster.id, 'nodes', 'node', node.name]), lag: lag(node, topology.nodes, revision), known: answers(node), odd: node.version !== usual, step: stepOf(restart, node) }
    return [{ id: node.name, type: 'card', position: place, ...card, data: { card: data } }]
  })
  return [...frames, ...cards]
}

function stepOf(restart: RollingRestart | undefined, node: Node): string {
  if (!restart || (restart.state !== 'running' && restart.state !== 'aborting')) return ''
  return restart.nodes.find((one) => one.id === node.id)?.state ?? ''
}

function flowEdges(ways: Way[], layout: ReturnType<typeof layoutOf>, hand: string): WayEdge[] {
  return ways.flatMap((way): WayEdge[] => {
    const a = layout.places.get(way.from)
    const b = layout.places.get(way.to)
    const mine = hand !== '' && (way.from === hand || way.to === hand)
    if (!a || !b || (way.quality === 'good' && !mine && ways.length > drawn)) return []
    const [from, to] = sides(a, b)
    return [{
      id: way.id, type: 'way', source: way.from, target: way.to, sourceHandle: from, targetHandle: to, focusable: false,
      data: { way, labelled: mine || ways.length <= labelled || (way.quality !== 'good' && ways.length <= drawn) },
    }]
  })
}

const CardBox = memo(function CardBox({ data }: NodeProps<CardNode>) {
  const small = useStore((state) => state.transform[2] < far)
  return (
    <>
      {(['top', 'right', 'bottom', 'left'] as const).map((side) => (
        <span key={side}>
          <Handle id={side} type="source" position={side as Position} isConnectable={false} />
          <Handle id={side} type="target" position={side as Position} isConnectable={false} />
        </span>
      ))}
      <NodeCard card={data.card} far={small} />
    </>
  )
})

function PartBox({ data: { box, whole } }: NodeProps<PartNode>) {
  return (
    <div className="part" data-missing={box.missing || undefined} data-alone={(!box.missing && whole === 1) || undefined}>
      <strong>{box.missing ? t('picture.missing', { n: box.names.length }) : whole > 1 ? t('picture.part', { n: box.names.length }) : t('picture.answers', { n: box.names.length })}</strong>
    </div>
  )
}

function WayLine({ id, data, ...ends }: EdgeProps<WayEdge>) {
  const [path, x, y] = getStraightPath(ends)
  if (!data) return null
  return (
    <>
      <BaseEdge id={id} path={path} className={`way ${data.way.quality}${data.labelled ? '' : ' plain'}`} interactionWidth={0} />
      {data.labelled && (
        <EdgeLabelRenderer>
          <div className={`way-label ${data.way.quality}`} style={{ transform: `translate(-50%, -50%) translate(${Math.round(x)}px, ${Math.round(y)}px)` }} title={wayText(data.way)}>
            {data.way.rtt === undefined || data.way.stale
              ? t('link.none')
              : (
                <>
                  {t('link.rtt', { ms: number(data.way.rtt, data.way.rtt < 10 ? 1 : 0) })}
                  {data.way.loss > 0 && <> · {t('link.loss', { percent: number(data.way.loss * 100) })}</>}
                  {data.way.tcpOnly && <> · TCP</>}
                  {data.way.oneWay && <> · {t('link.oneWay')}</>}
                </>
              )}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  )
}

const nodeTypes = { card: CardBox, part: PartBox }
const edgeTypes = { way: WayLine }
