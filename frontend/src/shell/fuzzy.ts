// How well a typed text fits a title: the letters in order, better at the beginnings of words.

/** Score from 0 up; undefined when it does not fit. */
export function fuzzy(typed: string, title: string): number | undefined {
  const needle = typed.toLowerCase().replace(/\s+/g, '')
  const hay = title.toLowerCase()
  if (needle === '') return 0
  const whole = hay.indexOf(typed.toLowerCase().trim())
  if (whole >= 0) return 100 - Math.min(whole, 50) - hay.length / 1000
  let score = 0
  let at = -1
  for (const letter of needle) {
    const next = hay.indexOf(letter, at + 1)
    if (next < 0) return undefined
    const begins = next === 0 || /[\s./_:-]/.test(hay.charAt(next - 1))
    score += begins ? 3 : next === at + 1 ? 2 : 0
    at = next
  }
  return score / needle.length - hay.length / 1000
}

/** The best fits, best first; equal ones keep their order. */
export function best<T>(typed: string, items: readonly T[], title: (item: T) => string, limit: number): T[] {
  const scored = items.flatMap((item, i) => {
    const score = fuzzy(typed, title(item))
    return score === undefined ? [] : [{ item, score, i }]
  })
  scored.sort((a, b) => b.score - a.score || a.i - b.i)
  return scored.slice(0, limit).map(({ item }) => item)
}
