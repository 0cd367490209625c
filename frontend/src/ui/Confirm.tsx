// The question before something is destroyed. A protected cluster wants its name typed.
import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Cluster } from '../api/types'
import { t } from '../text'
import { Dialog } from './Dialog'
import { TypedName, useTypedName } from './TypedName'

interface Props {
  cluster?: Cluster
  title: string
  action: string
  busy?: boolean
  /** Nothing is destroyed: the button is not red. */
  calm?: boolean
  /** Stands at the left of the buttons, such as the command of the act. */
  aside?: ReactNode
  size?: 'lg' | 'xl'
  children: ReactNode
  onConfirm: () => void
  onClose: () => void
}

export function Confirm({ cluster, title, action, busy = false, calm = false, size = 'lg', aside, children, onConfirm, onClose }: Props) {
  const name = useTypedName(cluster)
  const ready = !busy && name.right
  return (
    <Dialog onClose={onClose} title={title} size={size}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (ready) onConfirm()
        }}
      >
        {children}
        <TypedName of={name} mt="md" data-autofocus />
        <div className="row end" style={{ marginTop: 16 }}>
          <span className="grow">{aside}</span>
          <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
          <Button {...(!calm && { color: 'red' })} type="submit" disabled={!ready} loading={busy}>{action}</Button>
        </div>
      </form>
    </Dialog>
  )
}
