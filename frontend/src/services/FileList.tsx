// The files of a package, to choose one of them.
import { isTest, paths, type Files } from './files'
import { t } from '../text'

interface Props {
  files: Files
  chosen: string
  onChoose: (path: string) => void
  /** Files with faults, and files that were changed. */
  faulty?: ReadonlySet<string>
  changed?: ReadonlySet<string>
}

export function FileList({ files, chosen, onChoose, faulty, changed }: Props) {
  return (
    <nav className="package-files" aria-label={t('source.files')}>
      {paths(files).map((path) => (
        <button key={path} type="button" aria-current={path === chosen || undefined} data-test={isTest(path) || undefined} onClick={() => onChoose(path)} title={path}>
          <span className="cut">{path}</span>
          {changed?.has(path) && <><span aria-hidden className="mark">●</span><span className="sr"> {t('form.changed')}</span></>}
          {faulty?.has(path) && <><span aria-hidden className="mark bad">!</span><span className="sr"> {t('source.faulty')}</span></>}
        </button>
      ))}
    </nav>
  )
}
