// Where one can go within a cluster, for the navigation, the palette and the keys.
import { sees } from '../api/role'
import type { Cluster } from '../api/types'
import type { Key } from '../text'
import { href } from './router'

/** The headings of the navigation; places without one stand above them all. */
export type Group = 'configuration' | 'security' | 'system'
export const groups: Group[] = ['configuration', 'security', 'system']

export interface Place {
  id: string
  group?: Group
  title: Key
  key: string
  to: (cluster: Cluster) => string
  shown: (cluster: Cluster) => boolean
}

const always = () => true
const admins = (cluster: Cluster) => sees(cluster, 'admin')
const developers = (cluster: Cluster) => sees(cluster, 'developer')
const at = (section?: string) => (cluster: Cluster) => href(section ? ['c', cluster.id, section] : ['c', cluster.id])

/** In the order of the navigation; a line each. The key after g is unique. */
export const places: Place[] = [
  { id: '', title: 'place.overview', key: 'o', to: at(), shown: always },
  { id: 'services', title: 'place.services', key: 's', to: at('services'), shown: always },
  { id: 'nodes', title: 'place.nodes', key: 'n', to: at('nodes'), shown: always },
  { id: 'history', group: 'configuration', title: 'place.history', key: 'r', to: at('history'), shown: always },
  { id: 'apply', group: 'configuration', title: 'place.apply', key: 'p', to: at('apply'), shown: developers },
  { id: 'export', group: 'configuration', title: 'place.export', key: 'e', to: at('export'), shown: always },
  { id: 'access', group: 'security', title: 'place.access', key: 'y', to: at('access'), shown: always },
  { id: 'audit', group: 'security', title: 'place.audit', key: 'a', to: at('audit'), shown: admins },
  { id: 'accounts', group: 'security', title: 'place.accounts', key: 'u', to: at('accounts'), shown: admins },
  { id: 'keys', group: 'security', title: 'place.keys', key: 'k', to: at('keys'), shown: always },
  { id: 'backup', group: 'system', title: 'place.backup', key: 'b', to: at('backup'), shown: admins },
  { id: 'odb', group: 'system', title: 'place.odb', key: 'd', to: at('odb'), shown: always },
]
