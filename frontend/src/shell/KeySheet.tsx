import { Fragment } from 'react'
import { useFixed } from '../api/queries'
import { t, type Key } from '../text'
import { Dialog } from '../ui/Dialog'
import { places } from './places'

const general: [string[], Key][] = [
  [['Ctrl', 'K'], 'keys.palette'],
  [['c'], 'keys.switcher'],
  [['Alt', '1…9'], 'keys.nth'],
  [['?'], 'keys.title'],
  [['/'], 'keys.search'],
  [['f'], 'keys.filter'],
  [['n'], 'keys.new'],
  [['Ctrl', 'S'], 'keys.save'],
  [['Ctrl', 'Z'], 'keys.undo'],
  [['Alt', 'Enter'], 'keys.command'],
  [['↑', '↓'], 'keys.rows'],
  [['Enter'], 'keys.open'],
  [['Space'], 'keys.select'],
  [['Esc'], 'keys.close'],
  [['g', 'h'], 'home.title'],
]

export function KeySheet({ onClose }: { onClose: () => void }) {
  const fixed = useFixed()
  const list: Key[] = ['keys.switcher', 'keys.nth', 'home.title'] // what only a list of clusters has
  const all: [string[], Key][] = [...general.filter(([, what]) => !fixed || !list.includes(what)), ...places.map((place): [string[], Key] => [['g', place.key], place.title])]
  return (
    <Dialog onClose={onClose} title={t('keys.title')}>
      <div className="keys">
        {all.map(([keys, what]) => (
          <Fragment key={what}>
            <span>{keys.map((key) => <kbd key={key} style={{ marginRight: 4 }}>{key}</kbd>)}</span>
            <span>{t(what)}</span>
          </Fragment>
        ))}
      </div>
    </Dialog>
  )
}
