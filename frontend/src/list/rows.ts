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
  const filters = columns.filter((column) => view.filters[column.id] !== undefined)
  const out = rows.filter((row) => {
    if (filters.some((column) => String(column.value(row) ?? '') !== view.filters[column.id])) return false
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
