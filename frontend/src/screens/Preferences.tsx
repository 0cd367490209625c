// The app's own settings on this machine.
import { Button, NumberInput, SegmentedControl, Select, Switch } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { exportPath, useOwnList, useSettings, useWindowSettings } from '../api/clusters'
import { call } from '../api/http'
import { useApp } from '../api/queries'
import { saveFile } from '../api/shell'
import type { Settings, ShellInfo, WindowSettings } from '../api/types'
import { href } from '../shell/router'
import { Size } from '../shell/window/Size'
import { languages, setLanguage, t, useLanguage, type Language } from '../text'
import { looks, useLook, type Look } from '../theme/mode'
import { notify } from '../ui/notice'
import { Failed, Shown } from '../ui/states'
import { VaultPart } from './Vault'

export default function Preferences() {
  const app = useApp()
  const own = useOwnList()
  return (
    <div className="page" style={{ maxWidth: 720, width: '100%', margin: '0 auto' }}>
      <div className="head"><div className="grow"><h1>{t('prefs.title')}</h1><div className="quiet">{t('settings.help')}</div></div><div className="actions">{own && <Button variant="default" component="a" href={href(['about'])}>{t('about.title')}</Button>}</div></div>
      <Page />
      {own && <><VaultPart /><Lock /></>}
      {app.data?.shell && <WindowPart can={app.data.shell} />}
      {own && <Lists />}
    </div>
  )
}

function Page() {
  const language = useLanguage()
  const [look, setLook] = useLook()
  return (
    <section aria-labelledby="page">
      <h2 id="page">{t('prefs.page')}</h2>
      <div style={{ display: 'grid', gap: 12, justifyItems: 'start' }}>
        <Select label={t('prefs.language')} w={240} allowDeselect={false} value={language} data={(Object.keys(languages) as Language[]).map((one) => ({ value: one, label: String(languages[one]['language.name']) }))} onChange={(next) => { if (next) setLanguage(next as Language) }} />
        <div>
          <div id="look" style={{ fontSize: 13, marginBottom: 2 }}>{t('prefs.look')}</div>
          <SegmentedControl aria-labelledby="look" size="xs" value={look} data={looks.map((one) => ({ value: one, label: t(`look.${one}`) }))} onChange={(next) => setLook(next as Look)} transitionDuration={0} />
        </div>
      </div>
    </section>
  )
}

function Lock() {
  const settings = useSettings()
  const queries = useQueryClient()
  const save = useMutation({
    mutationFn: (body: Settings) => call<Settings>('settings', { method: 'PUT', body }),
    onSuccess: (next) => {
      queries.setQueryData(['settings'], next)
      notify(t('prefs.saved'))
    },
  })
  return (
    <Shown of={settings}>
      {(now) => (
        <div style={{ marginTop: 16 }}>
          <NumberInput
            label={t('prefs.lock')} description={t('prefs.lock.help')} w={360} min={0} max={1440} allowDecimal={false} allowNegative={false} defaultValue={now.idle_lock_minutes}
            onBlur={(event) => {
              const minutes = Number(event.currentTarget.value)
              if (event.currentTarget.value !== '' && minutes !== now.idle_lock_minutes) save.mutate({ ...now, idle_lock_minutes: minutes })
            }}
          />
          {save.isError && <Failed error={save.error} />}
        </div>
      )}
    </Shown>
  )
}

const policies = ['never', 'on-demand', 'always'] as const

function WindowPart({ can }: { can: ShellInfo }) {
  const settings = useWindowSettings(can.notifications || can.gpu)
  const queries = useQueryClient()
  const save = useMutation({
    mutationFn: (body: WindowSettings) => call<WindowSettings>('shell/settings', { method: 'PUT', body }),
    onSuccess: (next) => {
      queries.setQueryData(['shell', 'settings'], next)
      notify(t('prefs.saved'))
    },
  })
  return (
    <section aria-labelledby="window">
      <h2 id="window">{t('prefs.window')}</h2>
      <Size />
      <Shown of={settings}>
        {(now) => (
          <div style={{ display: 'grid', gap: 12, justifyItems: 'start', marginTop: 12 }}>
            {can.notifications && <Switch label={t('prefs.notifications')} checked={now.notifications} onChange={(event) => save.mutate({ ...now, notifications: event.currentTarget.checked })} />}
            {can.gpu && <Select label={t('prefs.gpu')} description={t('prefs.gpu.help')} w={360} allowDeselect={false} value={now.gpu} data={policies.map((one) => ({ value: one, label: t(`prefs.gpu.${one}`) }))} onChange={(next) => { if (next) save.mutate({ ...now, gpu: next as WindowSettings['gpu'] }) }} />}
            {save.isError && <Failed error={save.error} />}
          </div>
        )}
      </Shown>
    </section>
  )
}

function Lists() {
  const save = useMutation({ mutationFn: () => saveFile('signalbox-clusters.json', { path: exportPath([]) }, t('export.go')) })
  return (
    <section aria-labelledby="lists">
      <h2 id="lists">{t('prefs.clusters')}</h2>
      <p className="quiet">{t('prefs.clusters.help')} {t('export.list.help')}</p>
      <div className="row wrap">
        <Button variant="default" loading={save.isPending} onClick={() => save.mutate()}>{t('prefs.exportAll')}</Button>
        <Button variant="default" component="a" href={href(['add'], { by: 'file' })}>{t('prefs.import')}</Button>
      </div>
      {save.isError && <Failed error={save.error} />}
    </section>
  )
}
