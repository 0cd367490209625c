// Writing a definition: what is asked of the server, and where its faults belong.
import { ApiError } from '../api/http'
import { admin, definitionPath } from '../api/queries'
import type { Cluster, Definition, Plan, Problem, Written } from '../api/types'
import type { Fault } from '../form/check'

export interface Wanted {
  kind: string
  name: string
  spec: unknown
  version: number // 0 makes it
  reason: string
}

/** Asks what the change would be and every fault in it; changes nothing. */
export async function dryRun(cluster: Cluster, wanted: Wanted): Promise<Plan> {
  const text = JSON.stringify({ kind: wanted.kind, name: wanted.name, spec: wanted.spec })
  return admin<Plan>(cluster.id, 'plan', { method: 'POST', body: { documents: [{ name: 'draft.json', text }] } })
}

export async function save(cluster: Cluster, { kind, name, spec, version, reason }: Wanted): Promise<Written> {
  const body = reason ? { spec, reason } : { spec }
  if (version === 0) return admin<Written>(cluster.id, `definitions/${encodeURIComponent(kind)}`, { method: 'POST', body: { name, ...body } })
  return admin<Written>(cluster.id, definitionPath(kind, name), { method: 'PUT', body, headers: { 'If-Match': `"${version}"` } })
}

/**
 * The faults of a refusal with pointers into the spec. A write counts from its body
 * (/spec/url, /name), a dry run from the spec and names the document in the message.
 */
export function specFaults(problem: Problem, fromPlan: boolean): Fault[] {
  return (problem.errors ?? []).map(({ pointer, message }) => {
    if (fromPlan) return { pointer, message: message.replace(/^draft\.json(, document 1)?( \([^)]*\))?: /, '') }
    if (pointer === '/spec') return { pointer: '', message }
    return pointer.startsWith('/spec/') ? { pointer: pointer.slice(5), message } : { pointer: pointer === '/name' ? nameFault : pointer, message }
  })
}

/** Place of a fault of the name, which is no field of the spec. */
export const nameFault = '#name'

/** What the definition is now, when a write was refused because somebody else was faster. */
export function conflictOf(error: unknown): Definition | undefined {
  if (!(error instanceof ApiError) || error.problem.status !== 409) return undefined
  const current = error.problem.current as Definition | undefined
  return current && typeof current.version === 'number' ? current : undefined
}
