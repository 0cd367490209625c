// The name of a protected cluster, typed before something is destroyed there.
import { TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Cluster } from '../api/types'
import { t } from '../text'

/** right: the name was typed, or is not wanted. */
export function useTypedName(cluster: Cluster | undefined, wanted = cluster?.protected === true) {
  const [typed, setTyped] = useState('')
  return { name: wanted ? cluster?.name : undefined, typed, setTyped, right: !wanted || typed === cluster?.name }
}

interface Props {
  of: ReturnType<typeof useTypedName>
  mt?: 'sm' | 'md'
  'data-autofocus'?: boolean
}

export function TypedName({ of: { name, typed, setTyped }, ...rest }: Props) {
  if (name === undefined) return null
  return <TextInput {...rest} label={t('confirm.type', { name })} value={typed} onChange={(event) => setTyped(event.currentTarget.value)} />
}
