import type { Text } from '../text'
import type { nodeui as en } from '../en/nodeui'

export const nodeui = {
  'figures.away': 'nicht bekannt, solange die Datenbank weg ist',
  'figures.backup': 'Letzte Sicherung',
  'figures.backup.by': 'von {name}, Revision {revision}',
  'figures.backup.never': 'nie gemacht',
  'figures.backup.stopped': 'bei angehaltenem Knoten, Revision {revision}',
  'figures.change': 'Letzte Änderung',
  'figures.change.by': 'von {name}, Revision {revision}',
  'figures.change.none': 'keine',
  'figures.errors': 'Fehler',
  'figures.missing': 'Von {nodes} von {of} Knoten: {names} antwortete nicht und ist nicht mitgezählt.',
  'figures.none': 'keine Anfragen',
  'figures.of': '{errors} von {n} in der letzten Minute',
  'figures.p50': 'die Hälfte in {ms} ms',
  'figures.p99': '99 % innerhalb von',
  'figures.perSecond': '{n}/s',
  'figures.refused': '{n} abgewiesen',
  'figures.requests': 'Anfragen',
  'figures.title': 'Zahlen des ganzen Clusters',
  'figures.total': { one: '{n} in der letzten Minute', other: '{n} in der letzten Minute' },
} satisfies Record<keyof typeof en, Text>
