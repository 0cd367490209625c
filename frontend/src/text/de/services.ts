import type { services as en } from '../en/services'
import type { Text } from '../text'

export const services: Record<keyof typeof en, Text> = {
  'invoke.answer': 'Antwort',
  'invoke.go': 'Aufrufen',
  'invoke.input': 'Eingabe',
  'invoke.nothing': '(kein Inhalt)',
  'invoke.title': 'Aufruf',
  'invoke.took': 'Antwort nach {ms} ms',
  'service.back': 'In Kraft setzen',
  'service.backHelp': 'Diese Dienste laufen mit dieser Fassung: {services}.',
  'service.backTitle': 'Fassung {hash} in Kraft setzen',
  'service.broken': 'läuft nicht',
  'service.current': 'in Kraft',
  'service.definition': 'Definition',
  'service.disabled': 'abgeschaltet',
  'service.hash': 'Fassung',
  'service.noVersions': 'Keine Fassungen',
  'service.noVersions.help': 'Der Dienst ist im Knoten enthalten.',
  'service.running': 'läuft',
  'service.uploaded': 'Hochgeladen',
  'service.versions': 'Fassungen',
  'services.empty': 'Noch keine Dienste',
  'services.empty.help': 'Verteilen Sie einen: signalbox new, dann signalbox deploy.',
  'services.help': 'Was hier läuft und wie. Zahlen sind von dem Knoten, der antwortet.',
}
