// "As a command": shows the line that does the same as an action, and copies it.
import { Button, Popover } from '@mantine/core'
import { useState } from 'react'
import { t } from '../text'
import { commandLine, type Target, type Words } from './command'
import { copyText } from './copy'

interface CopyCommandProps {
  /** Whose address is named in the line; without one the line is for the box that it runs on. */
  cluster?: Target | undefined
  /** The words after `signalbox`, not quoted; of several commands, one a line, when they are shown. */
  words: Words | (() => readonly Words[])
  /** What the command reads on standard input. No secret belongs here. */
  input?: string
  /** A second command, which reads what the first one writes. */
  then?: { cluster: Target | undefined; words: Words }
  /** Shown at once, in place of a button that opens it. */
  open?: boolean
}

/** On whatever of an open command can have the focus: Escape closes the command, but no dialog around it. */
const holdsEscape = { 'data-mantine-stop-propagation': 'true' }

export function CopyCommand({ open = false, ...of }: CopyCommandProps) {
  return open ? <Line of={of} own={{}} /> : <Opened of={of} />
}

function Opened({ of }: { of: Omit<CopyCommandProps, 'open'> }) {
  const { cluster } = of
  const [opened, setOpened] = useState(false)
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" width={460} withArrow trapFocus shadow="md">
      <Popover.Target>
        <Button
          {...(opened && holdsEscape)} variant="subtle" color="gray" className="cli" aria-label={t('command.show')} title={t('command.show')}
          onClick={() => setOpened(!opened)} onKeyDown={(event) => { if (event.key === 'Escape') setOpened(false) }}
        >
          CLI
        </Button>
      </Popover.Target>
      <Popover.Dropdown {...holdsEscape} aria-label={t('command.show')}>
        <Line of={of} own={holdsEscape} />
        {(cluster?.url ?? cluster?.urls?.[0]) !== undefined && <p className="quiet small" style={{ margin: '8px 0 0' }}>{t('command.help')}</p>}
      </Popover.Dropdown>
    </Popover>
  )
}

function Line({ of: { cluster, words, input, then }, own }: { of: Omit<CopyCommandProps, 'open'>; own: object }) {
  const all = typeof words === 'function' ? words() : [words]
  const line = all.map((one) => commandLine(cluster, one, input)).join('\n') + (then ? ' | ' + commandLine(then.cluster, then.words) : '')
  return (
    <div className="command">
      <pre {...own} tabIndex={0} aria-label={t('command.line')}>{line}</pre>
      <Button {...own} variant="default" onClick={() => void copyText(line)}>{t('action.copy')}</Button>
    </div>
  )
}
