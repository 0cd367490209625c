// The size of everything, from 50 to 200 %, where no browser offers it: in the window.
import * as z from 'zod/mini'
import { read, write } from '../../ui/store'

export const sizes = [50, 67, 80, 90, 100, 110, 125, 150, 175, 200]
const shape = z.number()

export function size(): number {
  const kept = read('size', shape, 100)
  return sizes.includes(kept) ? kept : 100
}

export function setSize(next: number): void {
  write('size', next)
  apply()
}

/** The next larger (1) or smaller (-1) size. */
export function step(by: 1 | -1): number {
  const at = sizes.indexOf(size()) + by
  return sizes[Math.max(0, Math.min(sizes.length - 1, at))] ?? 100
}

export function apply(): void {
  document.documentElement.style.setProperty('zoom', size() === 100 ? '' : String(size() / 100))
}
