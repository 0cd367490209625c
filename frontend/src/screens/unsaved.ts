// Addresses that a cluster has and this machine does not keep.
import type { Node } from '../api/types'

/** The app keeps no more addresses of a cluster. */
export const mostAddresses = 16

export interface Unsaved {
  node: string
  url: string
}

/**
 * Other nodes by their control addresses, without those that are saved. The answering node is
 * reached already, whatever it calls itself; an address of the node's own box leads to
 * another machine from here, unless this one is that box.
 */
export function unsaved(nodes: readonly Node[], saved: readonly string[]): Unsaved[] {
  const have = new Set(saved.map(plain))
  const here = saved.some((one) => isLoopback(one))
  const found = new Map<string, Unsaved>()
  for (const { name, control, local } of nodes) {
    const url = plain(control)
    if (local || url === '' || have.has(url) || found.has(url) || (isLoopback(url) && !here)) continue
    found.set(url, { node: name, url })
  }
  return [...found.values()]
}

/** In the one way that the app writes an address in; empty: it is none. */
function plain(address: string): string {
  const url = parsed(address)
  return url === undefined || url.protocol !== 'https:' ? '' : `https://${url.hostname}:${url.port || '443'}`
}

function isLoopback(address: string): boolean {
  const host = parsed(address)?.hostname ?? ''
  return host === 'localhost' || host === '[::1]' || /^127(\.\d+){3}$/.test(host)
}

function parsed(address: string): URL | undefined {
  try {
    return new URL(address)
  } catch {
    return undefined
  }
}
