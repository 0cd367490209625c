// What differs between two texts, line by line, and what three of them make together.

export interface Line {
  sign: ' ' | '-' | '+'
  text: string
  /** Numbers from 1; undefined where the line is not in that text. */
  before?: number | undefined
  after?: number | undefined
}

/** Above so many differing lines the rest is told as replaced: nobody reads it line by line. */
const most = 3000

export const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

/** Every line of both texts in order, those in common once. */
export function diffLines(before: string, after: string): Line[] {
  const a = linesOf(before)
  const b = linesOf(after)
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let cut = 0
  while (cut < a.length - start && cut < b.length - start && a[a.length - 1 - cut] === b[b.length - 1 - cut]) cut++
  const out: Line[] = []
  let i = 0
  let j = 0
  const keep = () => out.push({ sign: ' ', text: a[i] as string, before: ++i, after: ++j })
  while (i < start) keep()
  for (const step of shortest(a.slice(start, a.length - cut), b.slice(start, b.length - cut))) {
    if (step === ' ') keep()
    else if (step === '-') out.push({ sign: '-', text: a[i] as string, before: ++i })
    else out.push({ sign: '+', text: b[j] as string, after: ++j })
  }
  while (i < a.length) keep()
  return out
}

/** Myers' shortest edit script. */
function shortest(a: readonly string[], b: readonly string[]): (' ' | '-' | '+')[] {
  const all = a.length + b.length
  const trace: Int32Array[] = []
  const v = new Int32Array(2 * Math.min(all, most) + 3)
  const middle = Math.min(all, most) + 1
  for (let d = 0; d <= all; d++) {
    if (d > most) return [...a.map(() => '-' as const), ...b.map(() => '+' as const)]
    trace.push(v.slice(middle - d - 1, middle + d + 2))
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (v[middle + k - 1] as number) < (v[middle + k + 1] as number))
      let x = down ? (v[middle + k + 1] as number) : (v[middle + k - 1] as number) + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      v[middle + k] = x
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a.length, b.length)
    }
  }
  return []
}

function walkBack(trace: Int32Array[], x: number, y: number): (' ' | '-' | '+')[] {
  const out: (' ' | '-' | '+')[] = []
  for (let d = trace.length - 1; d >= 0; d--) {
    const v = trace[d] as Int32Array
    const at = (k: number) => v[k + d + 1] as number
    const k = x - y
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1))
    const fromK = down ? k + 1 : k - 1
    const fromX = d === 0 ? 0 : at(fromK)
    const fromY = d === 0 ? 0 : fromX - fromK
    while (x > fromX && y > fromY && !(d > 0 && (down ? x === fromX : y === fromY))) {
      out.push(' ')
      x--
      y--
    }
    if (d > 0) out.push(down ? '+' : '-')
    x = fromX
    y = fromY
  }
  return out.reverse()
}

/** The differing lines with a few around them; undefined stands for a gap. */
export function hunks(lines: readonly Line[], around = 3): (Line | undefined)[] {
  const near = new Set<number>()
  lines.forEach((line, i) => {
    if (line.sign !== ' ') for (let n = i - around; n <= i + around; n++) near.add(n)
  })
  const out: (Line | undefined)[] = []
  let last = -1
  lines.forEach((line, i) => {
    if (!near.has(i)) return
    if (i !== last + 1) out.push(undefined)
    out.push(line)
    last = i
  })
  if (last >= 0 && last < lines.length - 1) out.push(undefined)
  return out
}

interface Edit {
  from: number // in the base, from 0
  to: number
  lines: string[]
}

function edits(base: string, other: string): Edit[] {
  const out: Edit[] = []
  let at = 0
  let open: Edit | undefined
  for (const line of diffLines(base, other)) {
    if (line.sign === ' ') {
      open = undefined
      at++
      continue
    }
    if (!open) out.push((open = { from: at, to: at, lines: [] }))
    if (line.sign === '-') open.to = ++at
    else open.lines.push(line.text)
  }
  return out
}

/** Both changes of a text in one; undefined when they touch the same lines in different ways. */
export function mergeText(base: string, theirs: string, mine: string): string | undefined {
  if (theirs === mine || base === mine) return theirs
  if (base === theirs) return mine
  const a = edits(base, theirs)
  const all = [...a, ...edits(base, mine).filter((edit) => !a.some((other) => sameEdit(edit, other)))].sort((x, y) => x.from - y.from || x.to - y.to)
  for (let i = 1; i < all.length; i++) {
    const before = all[i - 1] as Edit
    if ((all[i] as Edit).from <= before.to) return undefined
  }
  const lines = linesOf(base)
  for (const edit of all.reverse()) lines.splice(edit.from, edit.to - edit.from, ...edit.lines)
  return lines.length === 0 ? '' : lines.join('\n') + '\n'
}

const sameEdit = (a: Edit, b: Edit) => a.from === b.from && a.to === b.to && a.lines.join('\n') === b.lines.join('\n')
