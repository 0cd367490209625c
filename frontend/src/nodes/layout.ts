// Where the cards of the picture stand. The same nodes always stand at the same places,
// whatever order they come in, so that nothing moves between two looks.
import type { Part } from './facts'

export const card = { width: 212, height: 104 }
const gap = 52
/** What a window is like: so wide for each of its height. */
const wide = 1.9
/** So many cards stand in a circle, where no line runs below a card; more in a grid. */
export const round = 12
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

interface Layout {
  boxes: Box[]
  /** By name, relative to the picture. */
  places: Map<string, Place>
}

/** Offsets of n cards within their group, and the group's size: a circle of few, a grid of many. */
export function arrange(n: number): { places: Place[]; width: number; height: number } {
  const places = n <= round ? circle(n) : grid(n)
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
    const rx = factor * (card.width * 0.85 + 22 * n)
    const ry = factor * (card.height * 1.05 + 10 * n)
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
  const columns = Math.ceil(Math.sqrt((n * wide * (card.height + gap)) / (card.width + gap)))
  return Array.from({ length: n }, (_, i) => ({ x: (i % columns) * (card.width + gap), y: Math.floor(i / columns) * (card.height + gap) }))
}

interface Group {
  part: Part
  places: Place[]
  width: number
  height: number
}

/** Groups in rows that are no wider than most, and how large that is. */
function rowsOf(groups: Group[], most: number): { rows: Group[][]; width: number; height: number } {
  const rows: Group[][] = []
  for (const group of groups) {
    const row = rows.at(-1)
    if (row && widthOf(row) + 2 * gap + group.width <= most) row.push(group)
    else rows.push([group])
  }
  return {
    rows,
    width: Math.max(0, ...rows.map(widthOf)),
    height: rows.reduce((sum, row) => sum + Math.max(...row.map((group) => group.height)) + 2 * gap, -2 * gap),
  }
}

const widthOf = (row: Group[]) => row.reduce((sum, group) => sum + group.width + 2 * gap, -2 * gap)

/** The groups in the rows that fit a window best, each with a frame when there are several. */
export function layoutOf(parts: readonly Part[]): Layout {
  const framed = parts.length > 1
  const inset = framed ? pad : 0
  const top = framed ? pad + head : 0
  const groups = parts.map((part): Group => {
    const group = arrange(part.names.length)
    return { part, places: group.places, width: group.width + 2 * inset, height: group.height + top + inset }
  })
  const off = ({ width, height }: { width: number; height: number }) => Math.abs(Math.log(width / Math.max(1, height) / wide))
  const packed = groups.map((_, i) => rowsOf(groups, widthOf(groups.slice(0, i + 1)))).sort((a, b) => off(a) - off(b))[0]
  const layout: Layout = { boxes: [], places: new Map() }
  let y = 0
  for (const row of packed?.rows ?? []) {
    const tallest = Math.max(...row.map((group) => group.height))
    let x = Math.round(((packed?.width ?? 0) - widthOf(row)) / 2)
    for (const { part, places, width, height } of row) {
      const down = y + Math.round((tallest - height) / 2)
      part.names.forEach((name, i) => {
        const place = places[i] as Place
        layout.places.set(name, { x: x + inset + place.x, y: down + top + place.y })
      })
      if (framed) layout.boxes.push({ id: part.id, missing: part.missing, names: part.names, x, y: down, width, height })
      x += width + 2 * gap
    }
    y += tallest + 2 * gap
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
