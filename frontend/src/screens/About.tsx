// What runs here: version, memory, licences.
import licence from '../../../LICENSE?raw'
import notice from '../../../NOTICE?raw'
import { useAbout } from '../api/clusters'
import { number, t } from '../text'
import { Shown } from '../ui/states'
import { For } from '../ui/time'

const mebi = (bytes: number) => `${number(bytes / (1 << 20), 1)} MiB`

export default function About() {
  const about = useAbout()
  return (
    <div className="page" style={{ maxWidth: 760, width: '100%', margin: '0 auto' }}>
      <div className="head"><h1>{t('about.title')}</h1></div>
      <Shown of={about}>
        {(now) => (
          <dl className="facts">
            <dt>{t('column.release')}</dt><dd>{now.version}</dd>
            <dt>{t('about.running')}</dt><dd><For at={now.started} /></dd>
            <dt>{t('about.memory')}</dt><dd>{now.rss_bytes ? mebi(now.rss_bytes) : t('about.memory.unknown')}, {mebi(now.heap_bytes)} {t('about.heap')}</dd>
            <dt>{t('about.pid')}</dt><dd>{now.pid} · {now.system}</dd>
            <dt>{t('about.go')}</dt><dd>{now.go}</dd>
            <dt>{t('about.dir')}</dt><dd className="mono">{now.dir}</dd>
            <dt>{t('home.title')}</dt><dd>{number(now.clusters)}</dd>
          </dl>
        )}
      </Shown>
      <h2>{t('about.notice')}</h2>
      <pre className="yaml" tabIndex={0} aria-label={t('about.notice')}>{notice}</pre>
      <details><summary>{t('about.licence')}</summary><pre className="yaml" tabIndex={0} aria-label={t('about.licence')}>{licence}</pre></details>
    </div>
  )
}
