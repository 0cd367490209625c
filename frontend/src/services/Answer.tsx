// How a call went: its answer or its fault, its time and id, and how that compares with before.
import { problemOf } from '../api/http'
import type { Called } from '../api/services'
import type { Problem } from '../api/types'
import { diff } from '../diff/diff'
import { DiffTable } from '../diff/Diff'
import { number, t } from '../text'
import { Ago } from '../ui/time'
import { compared, type Outcome } from './cases'

interface Props {
  called: Called
  problem?: Problem | undefined
  /** The run of the saved case before this one. */
  before?: Outcome | undefined
  named?: string | undefined
  cut?: boolean
}

export function Answer({ called, problem, before, named, cut = false }: Props) {
  const fault = called.ok ? undefined : (problem ?? problemOf(called.error))
  return (
    <section aria-label={t('invoke.answer')}>
      <div className="quiet small row wrap" role="status">
        <strong className="state" data-state={called.ok ? 'up' : 'down'}>{called.ok ? t('invoke.took', { ms: number(called.ms, 1) }) : t('invoke.failedAfter', { ms: number(called.ms, 1) })}</strong>
        {called.ok && called.note !== '200' && <span>{t('invoke.status', { status: called.note })}</span>}
        {called.cid && <span>{t('error.cid')} <code>{called.cid}</code></span>}
      </div>
      {fault ? <Fault fault={fault} /> : cut
        ? <p className="quiet">{t('invoke.cut')}</p>
        : <pre className="yaml answer" tabIndex={0} aria-label={t('invoke.answer')}>{called.text ?? (called.answer === undefined ? t('invoke.nothing') : JSON.stringify(called.answer, null, 2))}</pre>}
      {named !== undefined && <Compared called={called} before={before} named={named} />}
    </section>
  )
}

/** The server tells cause and stack to those who may see them, and to nobody else. */
function Fault({ fault }: { fault: Problem }) {
  return (
    <div className="box bad" role="alert">
      <div><code>{fault.code}</code> <strong>{fault.detail}</strong></div>
      {fault.errors && fault.errors.length > 0 && <ul>{fault.errors.map((one) => <li key={one.pointer + one.message}>{one.pointer && <code>{one.pointer}</code>} {one.message}</li>)}</ul>}
      {fault.details !== undefined && fault.details !== null && <pre className="fault-text" tabIndex={0} aria-label={t('invoke.details')}>{JSON.stringify(fault.details, null, 2)}</pre>}
      {fault.cause && <p><span className="quiet">{t('invoke.cause')}</span> {fault.cause}</p>}
      {fault.stack && <pre className="fault-text" tabIndex={0} aria-label={t('invoke.stack')}>{fault.stack}</pre>}
    </div>
  )
}

function Compared({ called, before, named }: { called: Called; before: Outcome | undefined; named: string }) {
  const now: Outcome = { ok: called.ok, ms: called.ms, at: '', cid: called.cid, note: called.note, answer: called.ok ? (called.text ?? called.answer) : problemOf(called.error).detail }
  const how = compared(before, now)
  if (how === 'first' || !before) return <p className="quiet small">{t('cases.first', { name: named })}</p>
  return (
    <div className="small">
      <p className={how === 'other' ? 'warn-text' : 'quiet'}>{t(`cases.${how}`)} <Ago at={before.at} /> ({before.note}, {number(before.ms, 1)} ms)</p>
      {how === 'other' && <DiffTable changes={diff(before.answer, now.answer)} heads={[t('cases.before'), t('cases.now')]} />}
    </div>
  )
}
