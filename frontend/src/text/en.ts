import { clusters } from './en/clusters'
import { definitions } from './en/definitions'
import { nodes } from './en/nodes'
import { nodeui } from './en/nodeui'
import { services } from './en/services'
import { shell } from './en/shell'
import { whole } from './en/whole'
import { window } from './en/window'

// English, the reference, a file an area of the screens. Keys in order; {names} are filled in,
// {n} also chooses the plural.
export const en = { ...clusters, ...definitions, ...nodes, ...nodeui, ...services, ...shell, ...whole, ...window }
