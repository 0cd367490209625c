// The filter of a log: what the address tells of it, and the fields that change it.
import { TextInput } from '@mantine/core'
import { useState } from 'react'

export type Filter<Name extends string> = Partial<Record<Name, string>>

export const filterOf = <Name extends string>(names: readonly Name[], query: Record<string, string>) =>
  Object.fromEntries(names.flatMap((name) => (query[name] ? [[name, query[name]]] : []))) as Filter<Name>

/** The filter with its days as points in time: from the beginning of one, to the end of the other. */
export function times<Name extends string>(filter: Filter<Name | 'from' | 'to'>): Filter<Name | 'from' | 'to'> {
  const { from, to, ...rest } = filter as Filter<string>
  const start = day(from, 0)
  const end = day(to, 1)
  return { ...rest, ...(start && { from: start }), ...(end && { to: end }) } as Filter<Name | 'from' | 'to'>
}

function day(text: string | undefined, more: number): string | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text ?? '')
  return parts ? new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + more).toISOString() : undefined
}

/** What is typed into a filter. It is put in force by send, a day as soon as it is chosen; another address fills the fields anew. */
export function useFilter<Name extends string>(names: readonly Name[], filter: Filter<Name>, put: (next: Record<string, string | undefined>) => void) {
  const [typed, setTyped] = useState(filter)
  const told = JSON.stringify(filter)
  const [known, setKnown] = useState(told)
  if (known !== told) {
    setKnown(told)
    setTyped(filter)
  }
  const take = (next: Filter<Name>) => {
    setTyped(next)
    put(Object.fromEntries(names.map((name) => [name, next[name]?.trim() || undefined])))
  }
  const send = (change: Filter<Name> = {}) => take({ ...typed, ...change })
  const field = (name: Name, label: string, w: number, of: { type?: 'date'; 'data-search'?: true } = {}) => (
    <TextInput {...of} w={w} label={label} value={typed[name] ?? ''} onChange={(event) => {
      const next = { ...typed, [name]: event.currentTarget.value }
      if (of.type === 'date') take(next)
      else setTyped(next)
    }} />
  )
  return { typed, send, clear: () => take({}), field }
}
