import type { Text } from '../text'

// What a node shows of its cluster: the overview and its figures.
export const nodeui = {
  'figures.away': 'not known while the database is away',
  'figures.backup': 'Last backup',
  'figures.backup.by': 'by {name}, revision {revision}',
  'figures.backup.never': 'never made',
  'figures.backup.stopped': 'while the node was stopped, revision {revision}',
  'figures.change': 'Last change',
  'figures.change.by': 'by {name}, revision {revision}',
  'figures.change.none': 'none',
  'figures.errors': 'Errors',
  'figures.missing': 'Of {nodes} of {of} nodes: {names} did not answer; what was done there is not counted.',
  'figures.none': 'no requests',
  'figures.of': '{errors} of {n} in the last minute',
  'figures.p50': 'half within {ms} ms',
  'figures.p99': '99 % within',
  'figures.perSecond': '{n}/s',
  'figures.refused': '{n} refused',
  'figures.requests': 'Requests',
  'figures.title': 'Figures of the whole cluster',
  'figures.total': { one: '{n} in the last minute', other: '{n} in the last minute' },
} satisfies Record<string, Text>
