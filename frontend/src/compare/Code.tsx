// The packages that go along with copied services: before, and how it went.
import type { CheckedPackage, Cluster, Deployed } from '../api/types'
import { t } from '../text'

const short = (hash: string | undefined) => (hash ?? '').slice(0, 12)

export function Code({ checked, to }: { checked: readonly CheckedPackage[]; to: Cluster }) {
  return (
    <section aria-labelledby="code">
      <h2 id="code">{t('drift.code')}</h2>
      <p className="quiet small">{t('drift.code.help', { name: to.name })}</p>
      {checked.map((one) => (
        <div key={one.package} className={one.ok ? '' : 'box bad'} role={one.ok ? undefined : 'alert'}>
          {!one.ok && <strong>{t('drift.code.bad', { package: one.package })}</strong>}
          {one.ok && <p>{one.current ? t('drift.code.over', { package: one.package, hash: short(one.hash), current: short(one.current) }) : t('drift.code.package', { package: one.package, hash: short(one.hash) })}</p>}
          <ul className="marks">
            {one.messages.map((message, i) => <li key={i}><code>{message.file}:{message.line}:{message.column}</code> {message.text}</li>)}
            {one.changes.map((change) => <li key={change.service} data-op={change.op}><span className="tag">{t(`op.${change.op as 'create'}`)}</span> {change.service}</li>)}
          </ul>
        </div>
      ))}
    </section>
  )
}

export function CodeDone({ deployed }: { deployed: Deployed }) {
  const bad = deployed.nodes.filter((one) => !one.ok)
  return (
    <div className={bad.length > 0 ? 'box warn' : 'box good'} role="status">
      <ul className="marks">
        {deployed.packages.map((one) => <li key={one.package}>{t('drift.code.done', { package: one.package, hash: short(one.hash), revision: deployed.revision })}</li>)}
        {bad.map((one) => <li key={one.name}>{one.name}: {one.error}</li>)}
      </ul>
    </div>
  )
}
