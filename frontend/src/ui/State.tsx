import { t } from '../text'

/** Up, down or unknown, told by word, shape and colour. */
export function StateMark({ state }: { state: string }) {
  const known = state === 'up' || state === 'down' ? state : 'unknown'
  return <span className="state" data-state={known}>{state === 'behind' ? t('state.behind') : t(`state.${known}`)}</span>
}
