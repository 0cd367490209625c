// What the app itself has to say since it was started, such as where a report of its last
// end lies. It stays until it is read.
import { useState } from 'react'
import { useApp } from '../../api/queries'
import { t } from '../../text'

export function AppNotice() {
  const app = useApp()
  const [read, setRead] = useState<string>()
  const notice = app.data?.notice
  if (!notice || read === notice) return null
  return (
    <div className="strip" role="status">
      {notice} <button type="button" className="link" onClick={() => setRead(notice)}>{t('action.close')}</button>
    </div>
  )
}
