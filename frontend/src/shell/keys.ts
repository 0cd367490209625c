// Keys of the whole app. None destroys anything. A key typed into a field stays there.
import { useEffect, useRef } from 'react'
import { actOnNotice } from '../ui/notice'

export interface Keys {
  palette: () => void
  help: () => void
  switcher: () => void
  /** The second key after g. */
  goTo: (key: string) => void
  /** The n-th cluster, from 1. */
  cluster: (n: number) => void
}

export function useKeys(keys: Keys): void {
  const held = useRef(keys)
  held.current = keys
  useEffect(() => {
    let went = 0
    const press = (event: KeyboardEvent) => {
      const act = held.current
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        act.palette()
        return
      }
      if (event.altKey && /^Digit[1-9]$/.test(event.code)) {
        event.preventDefault()
        act.cluster(Number(event.code.slice(5)))
        return
      }
      if ((event.ctrlKey || event.metaKey) && event.key === 'z' && !typing(event.target) && actOnNotice()) {
        event.preventDefault()
        return
      }
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector('[role="dialog"]')) return
      const second = Date.now() - went < 1500
      went = 0
      if (second) act.goTo(event.key)
      else if (event.key === 'g') went = Date.now()
      else if (event.key === '?') act.help()
      else if (event.key === 'c') act.switcher()
      else if (event.key === '/') focus('[data-search]')
      else if (event.key === 'f') document.querySelector<HTMLElement>('[data-filter]')?.click()
      else if (event.key === 'n') document.querySelector<HTMLElement>('[data-new]')?.click()
      else return
      event.preventDefault()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
}

function focus(selector: string) {
  document.querySelector<HTMLElement>(selector)?.focus()
}
