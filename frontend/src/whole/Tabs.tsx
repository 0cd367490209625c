// Parts of a screen, one at a time.
import { Tabs as Mantine } from '@mantine/core'

export function Tabs({ label, now, tabs, onTab }: { label: string; now: string; tabs: readonly (readonly [string, string])[]; onTab: (tab: string) => void }) {
  return (
    <Mantine value={now} onChange={(tab) => { if (tab) onTab(tab) }} mb="sm">
      <Mantine.List aria-label={label}>{tabs.map(([id, title]) => <Mantine.Tab key={id} value={id}>{title}</Mantine.Tab>)}</Mantine.List>
    </Mantine>
  )
}
