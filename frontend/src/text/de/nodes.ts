import type { nodes as en } from '../en/nodes'
import type { Text } from '../text'

export const nodes: Record<keyof typeof en, Text> = {
  'node.act': 'Aktionen',
  'node.actOn': 'Aktionen für {name}',
  'node.ask.draining': '{name} leeren',
  'node.ask.maintenance': '{name} zur Wartung herausnehmen',
  'node.ask.online': '{name} in Dienst nehmen',
  'node.done': '{name}: {rotation}',
  'node.heard': 'Gehört',
  'node.last': 'Kein anderer Knoten ist bereit und im Dienst: Aufrufer bekommen keine Antwort.',
  'node.local': 'antwortet',
  'node.local.help': 'Der Knoten, der diese Seite beantwortet',
  'node.roles': 'Rollen',
  'node.rotation': 'Dienst',
  'node.started': 'Gestartet',
  'node.stops': { one: 'Er bekommt keine neuen Anfragen. {n} Anfrage läuft und darf enden.', other: 'Er bekommt keine neuen Anfragen. {n} Anfragen laufen und dürfen enden.' },
  'nodes.empty': 'Keine Knoten bekannt',
  'nodes.help': 'Wer bedient, bei welcher Revision, und was nicht in Kraft gesetzt werden konnte.',
  'rotation.do.draining': 'Leeren',
  'rotation.do.maintenance': 'Wartung',
  'rotation.do.online': 'In Dienst nehmen',
  'rotation.draining': 'leert sich',
  'rotation.maintenance': 'Wartung',
  'rotation.online': 'im Dienst',
}
