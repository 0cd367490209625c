// Light, dark and contrast: what the system wants, unless a person chose.
import { useMantineColorScheme } from '@mantine/core'
import { useEffect, useState } from 'react'

export type Look = 'auto' | 'light' | 'dark' | 'contrast'

const stored = 'signalbox.look'
export const looks: Look[] = ['auto', 'light', 'dark', 'contrast']

function storedLook(): Look {
  const look = localStorage.getItem(stored) as Look
  return looks.includes(look) ? look : 'auto'
}

/** Puts the look onto the page. High contrast follows the system's light or dark. */
export function useLook(): [Look, (next: Look) => void] {
  const [look, setLook] = useState(storedLook)
  const { setColorScheme } = useMantineColorScheme()
  useEffect(() => {
    setColorScheme(look === 'contrast' ? 'auto' : look)
    document.documentElement.toggleAttribute('data-contrast', look === 'contrast')
  }, [look, setColorScheme])
  return [
    look,
    (next) => {
      localStorage.setItem(stored, next)
      setLook(next)
    },
  ]
}
