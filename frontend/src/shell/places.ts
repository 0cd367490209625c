// Where one can go within a cluster, for the navigation, the palette and the keys.
import { sees } from '../api/role'
import type { Cluster } from '../api/types'
import type { Key } from '../text'
import { href } from './router'

export interface Place {
  id: string
  title: Key
  key: string
  to: (cluster: Cluster) => string
  shown: (cluster: Cluster) => boolean
}

const always = () => true
const admins = (cluster: Cluster) => sees(cluster, 'admin')
const at = (section?: string) => (cluster: Cluster) => href(section ? ['c', cluster.id, section] : ['c', cluster.id])

export const places: Place[] = [
  { id: '', title: 'place.overview', key: 'o', to: at(), shown: always },
  { id: 'services', title: 'place.services', key: 's', to: at('services'), shown: always },
  { id: 'nodes', title: 'place.nodes', key: 'n', to: at('nodes'), shown: always },
  { id: 'history', title: 'place.history', key: 'r', to: at('history'), shown: always },
  { id: 'audit', title: 'place.audit', key: 'a', to: at('audit'), shown: admins },
  { id: 'accounts', title: 'place.accounts', key: 'u', to: at('accounts'), shown: admins },
]
