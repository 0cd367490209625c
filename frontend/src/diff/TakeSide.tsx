import { SegmentedControl } from '@mantine/core'
import { t } from '../text'

/** Whose change is taken of a place that both changed. */
export function TakeSide({ place, mine, onMine }: { place: string; mine: boolean; onMine: (mine: boolean) => void }) {
  return (
    <SegmentedControl
      size="xs" aria-label={place} value={mine ? 'mine' : 'theirs'}
      data={[{ value: 'theirs', label: t('conflict.takeTheirs') }, { value: 'mine', label: t('conflict.takeMine') }]}
      onChange={(side) => onMine(side === 'mine')}
    />
  )
}
