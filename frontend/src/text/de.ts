import { clusters } from './de/clusters'
import { definitions } from './de/definitions'
import { nodes } from './de/nodes'
import { nodeui } from './de/nodeui'
import { services } from './de/services'
import { shell } from './de/shell'
import { whole } from './de/whole'
import { window } from './de/window'

// German. The types demand every key of English and no other.
export const de = { ...clusters, ...definitions, ...nodes, ...nodeui, ...services, ...shell, ...whole, ...window }
