// Search, filter, sort and choice of columns of a list: pure, so that tests can hold it.

export interface Column<Row> {
  id: string
  title: string
  /** What sorting and search look at. */
  value: (row: Row) => string | number | boolean | undefined
  /** Offered as a filter with these values. */
  options?: string[]
  align?: 'right'
  width?: number
  /** Least width of a column that takes what is left. */
  least?: number
  /** Shown without being chosen. */
  standard?: boolean
}

export interface View {
  search: string
  filters: Record<string, string>
  sort: string
  down: boolean
}

export const plainView: View = { search: '', filters: {}, sort: '', down: false }

/** The rows that a view shows, in its order. Every word of the search must be in a row. */
export function visibleRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], view: View, text: (row: Row) => string): Row[] {
  const wanted = view.search.toLowerCase().split(/\s+/).filter(Boolean)
  const tests = columns.flatMap((column) => {
    const filter = view.filters[column.id]?.trim() ?? ''
    if (filter === '') return []
    const fits = column.options ? (value: unknown) => String(value ?? '') === filter : filterOf(filter)
    return [(row: Row) => fits(column.value(row))]
  })
  const out = rows.filter((row) => {
    if (tests.some((fits) => !fits(row))) return false
    if (wanted.length === 0) return true
    const hay = text(row).toLowerCase()
    return wanted.every((word) => hay.includes(word))
  })
  const by = columns.find((column) => column.id === view.sort)
  if (!by) return out
  const keyed = out.map((row) => ({ row, key: by.value(row) }))
  keyed.sort((a, b) => compare(a.key, b.key, view.down))
  return keyed.map(({ row }) => row)
}

/**
 * What a filter of a column lets through: `text` what has it anywhere, `=text` what is it,
 * `!text` what has it not, `=` alone what is not set; `>5`, `>=5`, `<5`, `<=5` numbers.
 */
export function filterOf(filter: string): (value: unknown) => boolean {
  const [, sign = '', rest = ''] = /^(>=|<=|>|<|=|!)?\s*(.*)$/s.exec(filter) ?? []
  const wanted = rest.toLowerCase()
  const text = (value: unknown) => String(value ?? '').toLowerCase()
  const limit = Number(rest)
  if (/[<>]/.test(sign) && rest !== '' && !Number.isNaN(limit)) {
    const number = (value: unknown) => (value === undefined || value === '' ? NaN : Number(value))
    switch (sign) {
      case '>': return (value) => number(value) > limit
      case '>=': return (value) => number(value) >= limit
      case '<': return (value) => number(value) < limit
      default: return (value) => number(value) <= limit
    }
  }
  if (sign === '=') return (value) => text(value) === wanted
  if (sign === '!') return (value) => !text(value).includes(wanted)
  return (value) => text(value).includes(filter.toLowerCase())
}

/** Rows as CSV (RFC 4180), with what a spreadsheet would run as a formula kept as text. */
export function csv<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const line = (cells: unknown[]) => cells.map(csvCell).join(',')
  return [line(columns.map((column) => column.title)), ...rows.map((row) => line(columns.map((column) => column.value(row))))].join('\r\n') + '\r\n'
}

function csvCell(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = (/^[=+\-@\t\r]/.test(String(value)) ? "'" : '') + String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** Values in order; what is not set comes last, whichever way the order goes. */
function compare(a: unknown, b: unknown, down: boolean): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1
  const order = typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b))
  return down ? -order : order
}

/** A click on a column's head: up, down, then the list's own order again. */
export function nextSort(view: View, id: string): View {
  if (view.sort !== id) return { ...view, sort: id, down: false }
  return view.down ? { ...view, sort: '', down: false } : { ...view, down: true }
}

/** Rows from one to the other, for a selection with shift. */
export function between(ids: readonly string[], from: string, to: string): string[] {
  const a = ids.indexOf(from)
  const b = ids.indexOf(to)
  if (a < 0 || b < 0) return [to]
  return ids.slice(Math.min(a, b), Math.max(a, b) + 1)
}
