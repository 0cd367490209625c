// Where the cards of the picture stand. The same nodes always stand at the same places,
// whatever order they come in, so that nothing moves between two looks.
import type { Part } from './facts'

export const card = { width: 212, height: 104 }
const gap = 44
const pad = 22
const head = 26

export interface Place {
  x: number
  y: number
}

export interface Box extends Place {
  id: string
  width: number
  height: number
  missing: boolean
  names: string[]
}

export interface Layout {
  boxes: Box[]
  /** By name, relative to the picture. */
  places: Map<string, Place>
}

/** Offsets of n cards within their group, and the group's size: a circle of few, a grid of many. */
export function arrange(n: number): { places: Place[]; width: number; height: number } {
  const places = n <= 8 ? circle(n) : grid(n)
  const left = Math.min(...places.map((one) => one.x))
  const top = Math.min(...places.map((one) => one.y))
  const moved = places.map(({ x, y }) => ({ x: Math.round(x - left), y: Math.round(y - top) }))
  return {
    places: moved,
    width: Math.max(0, ...moved.map((one) => one.x)) + card.width,
    height: Math.max(0, ...moved.map((one) => one.y)) + card.height,
  }
}

/** On an ellipse as wide as the cards need, the first at the top. */
function circle(n: number): Place[] {
  if (n <= 1) return [{ x: 0, y: 0 }]
  if (n === 2) return [{ x: 0, y: 0 }, { x: card.width + 130, y: 0 }]
  for (let factor = 1; ; factor += 0.1) {
    const rx = factor * (card.width * 0.85 + 12 * n)
    const ry = factor * (card.height * 1.05 + 8 * n)
    const places = Array.from({ length: n }, (_, i) => {
      const angle = -Math.PI / 2 + (2 * Math.PI * i) / n
      return { x: rx * Math.cos(angle), y: ry * Math.sin(angle) }
    })
    if (!places.some((a, i) => places.some((b, j) => j > i && overlap(a, b)))) return places
  }
}

/** Whether two cards touch, or are so near that no link shows between them. */
export function overlap(a: Place, b: Place, space = 24): boolean {
  return Math.abs(a.x - b.x) < card.width + space && Math.abs(a.y - b.y) < card.height + space
}

function grid(n: number): Place[] {
  const columns = Math.ceil(Math.sqrt(n * 0.9))
  return Array.from({ length: n }, (_, i) => ({ x: (i % columns) * (card.width + gap), y: Math.floor(i / columns) * (card.height + gap) }))
}

/** Groups side by side, each with a frame when there are several. */
export function layoutOf(parts: readonly Part[]): Layout {
  const framed = parts.length > 1
  const layout: Layout = { boxes: [], places: new Map() }
  let x = 0
  const groups = parts.map((part) => ({ part, ...arrange(part.names.length) }))
  const tallest = Math.max(0, ...groups.map((group) => group.height))
  for (const { part, places, width, height } of groups) {
    const inset = framed ? pad : 0
    const top = (tallest - height) / 2
    part.names.forEach((name, i) => {
      const place = places[i] as Place
      layout.places.set(name, { x: x + inset + place.x, y: Math.round(top + place.y) })
    })
    if (framed) {
      layout.boxes.push({ id: part.id, missing: part.missing, names: part.names, x, y: Math.round(top - pad - head), width: width + 2 * pad, height: height + 2 * pad + head })
    }
    x += width + 2 * inset + 3 * gap
  }
  return layout
}

/** Which sides of two cards a line between them leaves and enters. */
export type Side = 'top' | 'right' | 'bottom' | 'left'
export function sides(a: Place, b: Place): [Side, Side] {
  const dx = b.x - a.x
  const dy = b.y - a.y
  if (Math.abs(dx) * card.height >= Math.abs(dy) * card.width) return dx >= 0 ? ['right', 'left'] : ['left', 'right']
  return dy >= 0 ? ['bottom', 'top'] : ['top', 'bottom']
}
