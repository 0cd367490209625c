// Addresses inside the app. They stand after the # so that one page serves them all, from a
// node, a browser or the window, and back, forward and a copied link work.
import { useSyncExternalStore } from 'react'

export interface Route {
  path: string[]
  query: Record<string, string>
}

export function parseHash(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  return {
    path: path.split('/').filter(Boolean).map(decode),
    query: Object.fromEntries(new URLSearchParams(query)),
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part // a hand-typed address
  }
}

/** The address of a path, for href; empty values of the query are left out. */
export function href(path: readonly string[], query: Record<string, string | undefined> = {}): string {
  const set = Object.entries(query).filter((pair): pair is [string, string] => !!pair[1])
  const tail = set.length > 0 ? '?' + new URLSearchParams(set).toString() : ''
  return '#/' + path.map(encodeURIComponent).join('/') + tail
}

let current = parseHash(location.hash)
let currentHash = location.hash

function subscribe(changed: () => void): () => void {
  addEventListener('hashchange', changed)
  return () => removeEventListener('hashchange', changed)
}

function snapshot(): Route {
  if (location.hash !== currentHash) {
    currentHash = location.hash
    current = parseHash(currentHash)
  }
  return current
}

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, snapshot)
}

export function go(to: string): void {
  location.hash = to
}

/** Changes the address without a new step in the history: for tabs and searches. */
export function replace(to: string): void {
  history.replaceState(history.state, '', to)
  dispatchEvent(new HashChangeEvent('hashchange'))
}
