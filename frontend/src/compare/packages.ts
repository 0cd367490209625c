// The code of services that are copied: a definition points to it by its hash, and a cluster
// that has not that hash cannot put the definition into force.
import { call } from '../api/http'
import type { CheckedPackage, Cluster, CopiedPackages, ServiceVersion } from '../api/types'
import { isObject } from '../form/pointer'
import type { Copied, Row } from './compare'

const hashOf = (spec: unknown): string => (isObject(spec) && typeof spec.hash === 'string' ? spec.hash : '')

/** One service of each package that has to come along: the copies point to it, and nothing of the other cluster does. */
export function codeOf(copied: readonly Copied[], all: readonly Row[]): ServiceVersion[] {
  const there = new Set(all.flatMap((row) => (row.kind === 'service' && row.b ? [hashOf(row.b.spec)] : [])))
  const out: ServiceVersion[] = []
  for (const one of copied) {
    const hash = one.kind === 'service' ? hashOf(one.spec) : ''
    if (hash === '' || there.has(hash)) continue
    there.add(hash)
    out.push({ service: one.object, hash })
  }
  return out
}

const path = (to: Cluster) => `clusters/${encodeURIComponent(to.id)}/packages`

/** What the deployment of the code would do there, as the other cluster finds it. */
export const checkCode = (from: Cluster, to: Cluster, services: ServiceVersion[], signal: AbortSignal): Promise<CopiedPackages> =>
  call<CopiedPackages>(path(to), { method: 'POST', body: { from: from.id, services, dry_run: true }, signal })

/** Deploys the code that was checked, unless another version is in force there by now. */
export const deployCode = (from: Cluster, to: Cluster, services: ServiceVersion[], checked: readonly CheckedPackage[], reason: string): Promise<CopiedPackages> =>
  call<CopiedPackages>(path(to), { method: 'POST', body: { from: from.id, services, base: Object.fromEntries(checked.map((one) => [one.package, one.current ?? ''])), ...(reason && { reason }) } })
