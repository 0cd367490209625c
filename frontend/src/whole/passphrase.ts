// The hint at how good a passphrase is. The node decides; this says the same beforehand.

/** Different pairs of neighbouring characters that are no repetition and no run. */
export function steps(text: string): number {
  const seen = new Set<string>()
  let last: number | undefined
  for (const one of text.toLowerCase()) {
    const code = one.codePointAt(0) ?? 0
    if (last !== undefined && Math.abs(code - last) > 1) seen.add(`${last} ${code}`)
    last = code
  }
  return seen.size
}

type Strength = 'short' | 'simple' | 'fair' | 'good'

export function strength(text: string): Strength {
  const length = [...text].length
  if (length < 12) return 'short'
  const n = steps(text)
  if (n < 8) return 'simple'
  return length >= 20 && n >= 14 ? 'good' : 'fair'
}
