// The size of everything, as a setting.
import { Select } from '@mantine/core'
import { useState } from 'react'
import { t } from '../../text'
import { setSize, size, sizes } from './zoom'

export function Size() {
  const [shown, setShown] = useState(size())
  const change = (next: string | null) => {
    if (!next) return
    setSize(Number(next))
    setShown(size())
  }
  return <Select label={t('size.title')} w={240} allowDeselect={false} value={String(shown)} data={sizes.map((one) => ({ value: String(one), label: t('size.is', { n: one }) }))} onChange={change} />
}
