// What is wrong over all clusters, each with the clusters behind it.
import type { Cluster } from '../api/types'
import type { Key } from '../text'

export type ChipName = 'down' | 'unknown' | 'problems' | 'level' | 'signedOut' | 'up'

interface Chip {
  name: ChipName
  text: Key
  state: string
  /** What is counted: the rows, or what they have of it. */
  n: number
  rows: Cluster[]
}

export function chips(clusters: readonly Cluster[]): Chip[] {
  const chip = (name: ChipName, text: Key, state: string, is: (one: Cluster) => boolean, count?: (one: Cluster) => number): Chip => {
    const rows = clusters.filter(is)
    return { name, text, state, rows, n: count ? rows.reduce((sum, one) => sum + count(one), 0) : rows.length }
  }
  const problems = (one: Cluster) => one.status?.status.problems ?? 0
  return [
    chip('down', 'home.downN', 'down', (one) => one.state === 'down'),
    chip('unknown', 'home.unknownN', 'unknown', (one) => one.state === 'unknown'),
    chip('problems', 'home.problemsN', 'down', (one) => problems(one) > 0, problems),
    chip('level', 'home.notLevelN', 'unknown', (one) => one.status?.status.level === false),
    chip('signedOut', 'home.signedOutN', '', (one) => !one.signed_in_as),
    chip('up', 'home.upN', 'up', (one) => one.state === 'up'),
  ]
}
