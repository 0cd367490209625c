import { useRef } from 'react'
import { handOver, useDropped, type Opened } from '../api/shell'
import { href } from '../shell/router'
import { t } from '../text'
import { notify, notifyFailure } from '../ui/notice'
import type { Files } from './files'
import { read } from './picked'

/** Adds files to a package: those that are dropped, and with the function it returns those that are picked. */
export function useTaking(cluster: string, name: string, add: (files: Files) => void): (opened: Opened) => Promise<void> {
  const take = async (opened: Opened) => {
    try {
      const picked = await read(opened)
      if (Object.keys(picked.files).length > 0) add(picked.files)
      if (picked.skipped.length > 0) notify(t('package.skipped', { files: picked.skipped.join(', ') }), true)
    } catch (error) {
      notifyFailure(error)
    }
  }
  const passedOn = useRef<Opened>(undefined)
  // A folder that is another package is opened as such; the shell leads to where that is done.
  useDropped('package', (opened) => {
    if (opened.root === '' || opened.root === name || passedOn.current === opened) {
      void take(opened)
      location.hash = href(['c', cluster, 'package', name])
    } else {
      passedOn.current = opened
      location.hash = href(['c', cluster, 'package'])
      setTimeout(() => handOver('package', opened), 50) // when that screen is there
    }
  })
  return take
}
