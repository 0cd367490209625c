// What can be set of the window itself. Look and language are in the menu of every screen.
import { Checkbox, Modal, NativeSelect } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call, problemOf } from '../../api/http'
import { useApp } from '../../api/queries'
import type { GPUPolicy, WindowSettings } from '../../api/types'
import { t } from '../../text'
import { notify } from '../../ui/notice'
import { Shown } from '../../ui/states'
import { setSize, size, sizes } from './zoom'

const policies: GPUPolicy[] = ['never', 'on-demand', 'always']

export function Settings({ onClose }: { onClose: () => void }) {
  const app = useApp()
  const queries = useQueryClient()
  const [shown, setShown] = useState(size())
  const settings = useQuery({ queryKey: ['shell', 'settings'], queryFn: ({ signal }) => call<WindowSettings>('shell/settings', { signal }) })
  const save = useMutation({
    mutationFn: (body: WindowSettings) => call<WindowSettings>('shell/settings', { method: 'PUT', body }),
    onSuccess: (saved) => {
      queries.setQueryData(['shell', 'settings'], saved)
      notify(t('settings.kept'))
    },
    onError: (error) => notify(problemOf(error).detail ?? '', true),
  })
  const can = app.data?.shell
  return (
    <Modal opened onClose={onClose} title={t('settings.window')} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <Shown of={settings}>
        {(now) => (
          <div style={{ display: 'grid', gap: 16 }}>
            <Checkbox
              label={t('settings.notifications')} checked={now.notifications} disabled={!can?.notifications} {...(can?.notifications ? {} : { description: t('settings.notifications.none') })}
              onChange={(event) => save.mutate({ ...now, notifications: event.currentTarget.checked })}
            />
            <NativeSelect
              label={t('settings.size')} value={String(shown)} data={sizes.map((one) => ({ value: String(one), label: t('settings.size.is', { n: one }) }))}
              onChange={(event) => { setSize(Number(event.currentTarget.value)); setShown(size()) }}
            />
            {can?.gpu && (
              <NativeSelect
                label={t('settings.gpu')} description={t('settings.gpu.help')} value={now.gpu} data={policies.map((one) => ({ value: one, label: t(`settings.gpu.${one}`) }))}
                onChange={(event) => save.mutate({ ...now, gpu: event.currentTarget.value as GPUPolicy })}
              />
            )}
            <div className="quiet small">{t('settings.about', { version: app.data?.version ?? '' })}</div>
          </div>
        )}
      </Shown>
    </Modal>
  )
}
