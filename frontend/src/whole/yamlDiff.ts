// What changed in a definition as lines of YAML: before with -, after with +, and the places around.
import { stringify } from 'yaml'
import type { FieldDiff } from '../api/types'
import { unsealed } from '../diff/diff'
import { parsePointer } from '../form/pointer'

export interface Line {
  sign: ' ' | '-' | '+'
  text: string
}

interface Node {
  leaf?: FieldDiff
  below: Map<string, Node>
}

/** The lines in the order of the places; places that did not change are only named where something below them did. */
export function yamlDiff(diff: readonly FieldDiff[]): Line[] {
  const root: Node = { below: new Map() }
  for (const one of diff) {
    let node = root
    for (const part of parsePointer(one.pointer)) {
      const key = String(part)
      const next = node.below.get(key) ?? { below: new Map() }
      node.below.set(key, next)
      node = next
    }
    node.leaf = one
  }
  if (root.leaf) return [...whole('-', root.leaf.before), ...whole('+', root.leaf.after)]
  return linesOf(root, 0)
}

function linesOf(node: Node, depth: number): Line[] {
  return [...node.below].flatMap(([key, child]) => {
    const { leaf } = child
    const inside = linesOf(child, depth + 1)
    const around: Line[] = inside.length > 0 ? [{ sign: ' ', text: '  '.repeat(depth) + label(key) + ':' }, ...inside] : []
    return leaf ? [...entry('-', key, leaf.before, depth), ...entry('+', key, leaf.after, depth), ...around] : around
  })
}

/** The n-th of a list is shown as [n], counted from 0 as pointers do. */
const label = (key: string) => (/^\d+$/.test(key) ? `[${key}]` : key)

function entry(sign: '-' | '+', key: string, value: unknown, depth: number): Line[] {
  if (value === undefined) return []
  const name = label(key)
  const text = name === key ? stringify({ [key]: unsealed(value) }, { lineWidth: 0 }) : `${name}: ${stringify(unsealed(value), { lineWidth: 0 })}`
  return text.trimEnd().split('\n').map((line) => ({ sign, text: '  '.repeat(depth) + line }))
}

const whole = (sign: '-' | '+', value: unknown): Line[] =>
  value === undefined ? [] : stringify(unsealed(value), { lineWidth: 0 }).trimEnd().split('\n').map((text) => ({ sign, text }))
