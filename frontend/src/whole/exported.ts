// What of the configuration is chosen for an export: whole kinds, and single definitions as kind/name.
export interface Chosen {
  kinds: string[]
  names: string[]
}

export function toggleKind({ kinds, names }: Chosen, kind: string): Chosen {
  const rest = names.filter((one) => !one.startsWith(kind + '/'))
  return { kinds: kinds.includes(kind) ? kinds.filter((one) => one !== kind) : [...kinds, kind], names: rest }
}

export function toggleName({ kinds, names }: Chosen, name: string): Chosen {
  return { kinds, names: names.includes(name) ? names.filter((one) => one !== name) : [...names, name] }
}

/** The words of `signalbox export`, in an order of their own so that they do not tell of clicks. */
export const chosenWords = ({ kinds, names }: Chosen): string[] => [...[...kinds].sort(), ...[...names].sort()]

export function exportPath({ kinds, names }: Chosen): string {
  const query = [...[...kinds].sort().map((kind) => 'kind=' + encodeURIComponent(kind)), ...[...names].sort().map((name) => 'definition=' + encodeURIComponent(name))]
  return query.length === 0 ? 'export' : 'export?' + query.join('&')
}
