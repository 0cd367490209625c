// Actions for the palette. What can be done from anywhere in a cluster is a line of `offers`;
// what only the screen in sight can do is said by useActions while that screen is there.
import { useEffect, useRef } from 'react'
import { may } from '../api/role'
import type { Cluster, Role } from '../api/types'
import type { Key } from '../text'
import type { Words } from '../ui/command'
import { href } from './router'

/** An action of the screen in sight. */
export interface Action {
  title: string
  run: () => void
  /** The words after `signalbox` that do the same, when there are some. */
  words?: Words
}

/** An action that is offered for each cluster, whatever the screen is. */
interface Offer {
  title: Key
  to: (cluster: Cluster) => string
  /** Least role; it is not there for others, nor in read-only mode unless viewer. */
  role: Role
  words?: Words
}

const at = (...path: string[]) => (cluster: Cluster) => href(['c', cluster.id, ...path])

export const offers: Offer[] = [
  { title: 'settings.title', to: at('settings'), role: 'viewer' },
  { title: 'restart.title', to: at('nodes', 'restart'), role: 'operator', words: ['restart', '--rolling', '--wait'] },
  { title: 'join.title', to: at('nodes', 'join'), role: 'admin', words: ['token', 'create'] },
  { title: 'signIn.title', to: at('sign-in'), role: 'viewer' },
]

/** The offers of a cluster; a fixed one, a node's own, has no settings in a list. */
export const offersOf = (cluster: Cluster, fixed: boolean): Offer[] => offers.filter((offer) => (offer.role === 'viewer' || may(cluster, offer.role)) && !(fixed && offer.title === 'settings.title'))

const inSight = new Map<object, () => Action[]>()

/** Offers actions in the palette as long as the component that calls this is in the page. */
export function useActions(actions: Action[]): void {
  const held = useRef(actions)
  held.current = actions
  useEffect(() => {
    const mine = {}
    inSight.set(mine, () => held.current)
    return () => void inSight.delete(mine)
  }, [])
}

/** The actions of what is in sight now. */
export function screenActions(): Action[] {
  return [...inSight.values()].flatMap((read) => read())
}
