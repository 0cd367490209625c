// The saved calls of a service, kept on this machine.
import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { number, t } from '../text'
import { Ago } from '../ui/time'
import { maxCases, saved, type Case } from './cases'

interface Props {
  cases: readonly Case[]
  chosen: string | undefined
  input: unknown
  canSave: boolean
  onTake: (one: Case) => void
  onKeep: (cases: Case[]) => void
  onChosen: (name: string | undefined) => void
}

export function Cases({ cases, chosen, input, canSave, onTake, onKeep, onChosen }: Props) {
  const [name, setName] = useState('')
  const full = cases.length >= maxCases && cases.every((one) => one.name !== name.trim())
  const save = () => {
    const wanted = name.trim()
    if (wanted === '' || !canSave || full) return
    onKeep(saved(cases, wanted, input, new Date().toISOString()))
    onChosen(wanted)
    setName('')
  }
  return (
    <aside className="cases" aria-labelledby="cases">
      <h2 id="cases">{t('cases.title')}</h2>
      {cases.length === 0 && <p className="quiet small">{t('cases.none')}</p>}
      <ul>
        {cases.map((one) => (
          <li key={one.name} aria-current={one.name === chosen || undefined}>
            <button type="button" className="case" onClick={() => onTake(one)}>
              <strong className="cut">{one.name}</strong>
              {one.last
                ? <span className="small"><span className="state" data-state={one.last.ok ? 'up' : 'down'}>{one.last.note}</span> {number(one.last.ms, 1)} ms, <Ago at={one.last.at} /></span>
                : <span className="quiet small">{t('cases.never')}</span>}
            </button>
            <Button variant="subtle" color="gray" aria-label={t('cases.forgetOne', { name: one.name })} onClick={() => { onKeep(cases.filter((other) => other !== one)); if (one.name === chosen) onChosen(undefined) }}>{t('cases.forget')}</Button>
          </li>
        ))}
      </ul>
      <form className="row" onSubmit={(event) => { event.preventDefault(); save() }}>
        <TextInput className="grow" aria-label={t('cases.name')} placeholder={t('cases.name')} maxLength={80} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Button type="submit" variant="default" disabled={name.trim() === '' || !canSave || full}>{t('cases.save')}</Button>
      </form>
      <p className="quiet small">{full ? t('cases.full', { n: maxCases }) : t('cases.where')}</p>
    </aside>
  )
}
