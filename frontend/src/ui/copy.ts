import { call } from '../api/http'
import { shellInfo } from '../api/shell'
import { t } from '../text'
import { notify } from './notice'

/** Puts a text on the clipboard and says so; where the browser refuses, it says that. */
export async function copyText(text: string): Promise<void> {
  try {
    if (await shellInfo()) await call('shell/copy', { method: 'POST', body: { text } })
    else await navigator.clipboard.writeText(text)
    notify(t('copy.done'))
  } catch {
    notify(t('copy.refused'), true)
  }
}
