import { describe, expect, it } from 'vitest'
import type { Link, Node, Topology } from '../api/types'
import { joinStep, lag, noneLeft, partsOf, sameProblems, usualVersion, waysOf } from './facts'
import { arrange, card, layoutOf, overlap, sides } from './layout'

const now = '2026-11-23T18:00:00Z'
const node = (name: string, change: Partial<Node> = {}): Node => ({
  name, id: name, state: 'up', since: now, rotation: 'online', in_flight: 0, roles: ['server'], leader: false, term: 0, revision: 7, ready: true,
  version: '1.2.0', traffic: '', control: '', pid: 1, gossip: '', joined: now, heard: now, seen_by: [], problems: 0, local: false, started: now, supervised: true,
  ...change,
})
const link = (from: string, to: string, change: Partial<Link> = {}): Link => ({ from, to, rtt_ms: 1, loss: 0, skew_ms: 0, answer: now, tcp_only: false, silent: false, ...change })
const names = (n: number) => Array.from({ length: n }, (_, i) => `box-${i + 1}`)
const topology = (nodes: Node[], change: Partial<Topology> = {}): Topology => ({ at: now, nodes, links: [], split: false, parts: [nodes.map((one) => one.name)], missing: [], ...change })

describe('the picture', () => {
  it.each([1, 2, 3, 5, 8, 10, 12, 13, 23, 50])('of %i nodes has every card apart from every other', (n) => {
    const { places, width, height } = arrange(n)
    expect(places).toHaveLength(n)
    places.forEach((a, i) => places.slice(i + 1).forEach((b) => expect(overlap(a, b, 20)).toBe(false)))
    for (const { x, y } of places) {
      expect(x).toBeGreaterThanOrEqual(0)
      expect(x + card.width).toBeLessThanOrEqual(width)
      expect(y + card.height).toBeLessThanOrEqual(height)
    }
  })
  it('has a node at the same place whatever order the nodes come in', () => {
    const nodes = names(10).map((name) => node(name))
    const a = layoutOf(partsOf(topology(nodes)))
    const b = layoutOf(partsOf(topology([...nodes].reverse(), { parts: [names(10).reverse()] })))
    expect([...a.places].sort()).toEqual([...b.places].sort())
    expect(a.boxes).toEqual([])
  })
  it('frames the parts of a split, and those that do not answer', () => {
    const nodes = names(5).map((name) => node(name))
    const { boxes, places } = layoutOf(partsOf(topology(nodes, { split: true, parts: [['box-1', 'box-3'], ['box-2']], missing: ['box-4'] })))
    expect(boxes.map((box) => [box.names, box.missing])).toEqual([[['box-1', 'box-3', 'box-5'], false], [['box-2'], false], [['box-4'], true]])
    for (const box of boxes) {
      for (const name of box.names) {
        const place = places.get(name)!
        expect(place.x).toBeGreaterThan(box.x)
        expect(place.y).toBeGreaterThan(box.y)
        expect(place.x + card.width).toBeLessThan(box.x + box.width)
        expect(place.y + card.height).toBeLessThan(box.y + box.height)
      }
    }
    boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => {
      expect(a.x + a.width < b.x || a.y + a.height < b.y).toBe(true)
    }))
  })
  it('puts groups where they fit a window', () => {
    const nodes = names(3).map((name) => node(name))
    const low = layoutOf(partsOf(topology(nodes, { split: true, parts: [['box-1', 'box-2']], missing: ['box-3'] })))
    expect(low.boxes[1]!.y).toBeGreaterThan(low.boxes[0]!.y)
    const many = names(12).map((name) => node(name))
    const wide = layoutOf(partsOf(topology(many, { split: true, parts: [names(6), names(12).slice(6)] })))
    expect(wide.boxes[1]!.x).toBeGreaterThan(wide.boxes[0]!.x)
  })
  it('draws lines from the sides that face each other', () => {
    expect(sides({ x: 0, y: 0 }, { x: 900, y: 10 })).toEqual(['right', 'left'])
    expect(sides({ x: 900, y: 10 }, { x: 0, y: 0 })).toEqual(['left', 'right'])
    expect(sides({ x: 0, y: 0 }, { x: 10, y: 400 })).toEqual(['bottom', 'top'])
  })
})

describe('links', () => {
  const of = (links: Link[], nodes = [node('a'), node('b')]) => waysOf({ links, nodes })
  it('are one for both directions, with the worse of each', () => {
    expect(of([link('a', 'b', { rtt_ms: 2 }), link('b', 'a', { rtt_ms: 5, skew_ms: -40 })])).toEqual([
      { id: 'a\nb', from: 'a', to: 'b', rtt: 5, loss: 0, skew: 40, tcpOnly: false, oneWay: false, stale: false, quality: 'good' },
    ])
  })
  it.each([
    ['some loss is weak', [link('a', 'b', { loss: 0.1 }), link('b', 'a')], 'weak', false],
    ['TCP only is weak', [link('a', 'b', { tcp_only: true }), link('b', 'a')], 'weak', false],
    ['a third lost is bad', [link('a', 'b', { loss: 0.34 }), link('b', 'a')], 'bad', false],
    ['one way is bad', [link('a', 'b', { silent: true }), link('b', 'a')], 'bad', true],
    ['silence is bad', [link('a', 'b', { silent: true }), link('b', 'a', { answer: undefined })], 'bad', false],
  ])('%s', (_, links, quality, oneWay) => {
    expect(of(links as Link[])[0]).toMatchObject({ quality, oneWay })
  })
  it('to a node that does not answer is old, not one-way; to one that stopped there is none', () => {
    const mute = node('b', { state: 'unknown', started: '0001-01-01T00:00:00Z' })
    expect(of([link('a', 'b')], [node('a'), mute])[0]).toMatchObject({ oneWay: false, stale: true, quality: 'bad' })
    expect(of([link('a', 'b')], [node('a'), { ...mute, state: 'down' }])).toEqual([])
  })
})

describe('nodes', () => {
  it('are behind the newest that anybody runs, or the cluster has', () => {
    const nodes = [node('a', { revision: 9 }), node('b')]
    expect(nodes.map((one) => lag(one, nodes))).toEqual([0, 2])
    expect(lag(nodes[0]!, nodes, 12)).toBe(3)
  })
  it('differ from the version that most run', () => {
    expect(usualVersion([node('a'), node('b', { version: '1.10.0' }), node('c', { version: '1.10.0' })])).toBe('1.10.0')
    expect(usualVersion([node('a', { version: '1.9.0' }), node('b', { version: '1.10.0' })])).toBe('1.10.0')
    expect(usualVersion([])).toBe('')
  })
  it('leave nobody who answers when the last ones go', () => {
    const nodes = [node('a'), node('b'), node('c', { rotation: 'maintenance', ready: false })]
    expect(noneLeft(nodes, ['a'])).toBe(false)
    expect(noneLeft(nodes, ['a', 'b'])).toBe(true)
  })
  it('that joined go through their steps', () => {
    const old = node('a')
    const fresh = node('b', { state: 'unknown', heard: '0001-01-01T00:00:00Z', started: '0001-01-01T00:00:00Z', revision: 0, ready: false })
    expect(joinStep(fresh, [old, fresh])).toBe(1)
    const up = { ...fresh, state: 'up', heard: now, started: now }
    expect(joinStep(up, [old, up])).toBe(2)
    const level = { ...up, revision: 7 }
    expect(joinStep(level, [old, level])).toBe(3)
    const ready = { ...level, ready: true }
    expect(joinStep(ready, [old, ready])).toBe(4)
  })
  it('with one problem share a line', () => {
    const same = { kind: 'channel', name: 'x', reason: 'port in use' }
    expect(sameProblems([{ node: 'a', ...same }, { node: 'b', ...same }, { node: 'b', ...same, reason: 'other' }])).toEqual([
      { ...same, nodes: ['a', 'b'] }, { ...same, reason: 'other', nodes: ['b'] },
    ])
  })
})
