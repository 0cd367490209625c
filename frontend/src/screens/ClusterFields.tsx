// How a saved cluster is described, for adding and for changing one.
import { ColorInput, Switch, TextInput } from '@mantine/core'
import type { SaveCluster } from '../api/types'
import { t } from '../text'

const colours = ['#1d6870', '#1971c2', '#3b5bdb', '#9c36b5', '#c2255c', '#c92a2a', '#d9480f', '#e67700', '#2b8a3e', '#495057']

export function ClusterFields({ value, onChange, fault }: { value: SaveCluster; onChange: (next: SaveCluster) => void; fault: (pointer: string) => string | undefined }) {
  const set = (change: Partial<SaveCluster>) => onChange({ ...value, ...change })
  return (
    <>
      <TextInput label={t('column.name')} description={t('add.name.help')} required value={value.name} error={fault('/name')} onChange={(event) => set({ name: event.currentTarget.value })} />
      <TextInput label={t('add.addresses')} description={t('add.addresses.help')} required value={value.urls.join(' ')} error={fault('/urls')} onChange={(event) => set({ urls: event.currentTarget.value.split(/[\s,]+/) })} />
      <TextInput label={t('column.environment')} description={t('add.environment.help')} value={value.environment ?? ''} error={fault('/environment')} onChange={(event) => set({ environment: event.currentTarget.value })} />
      <TextInput label={t('column.tag')} value={value.tag ?? ''} error={fault('/tag')} onChange={(event) => set({ tag: event.currentTarget.value })} />
      <ColorInput label={t('add.colour')} size="xs" swatches={colours} withEyeDropper={false} value={value.colour ?? ''} error={fault('/colour')} onChange={(colour) => set({ colour })} />
      <Switch label={t('add.protected')} description={t('add.protected.help')} checked={value.protected ?? false} onChange={(event) => set({ protected: event.currentTarget.checked })} />
      <Switch label={t('shell.readOnly')} description={t('add.readOnly.help')} checked={value.read_only ?? false} onChange={(event) => set({ read_only: event.currentTarget.checked })} />
    </>
  )
}

/** What is sent: without the blanks of half-typed addresses. */
export function tidied(value: SaveCluster): SaveCluster {
  return { ...value, name: value.name.trim(), urls: value.urls.map((one) => one.trim()).filter(Boolean) }
}
