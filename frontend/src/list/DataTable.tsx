// A list of any rows: search, filters, order, choice of columns (remembered), selection,
// keyboard, and only the rows in sight in the page.
import { Checkbox, Menu, TextInput, Button } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import * as z from 'zod/mini'
import { t } from '../text'
import { Blank } from '../ui/states'
import { useStored } from '../ui/store'
import { saveText } from '../ui/file'
import { between, csv, nextSort, plainView, visibleRows, type Column } from './rows'

export interface ShownColumn<Row> extends Column<Row> {
  show?: (row: Row) => ReactNode
}

interface Props<Row> {
  name: string
  label: string
  rows: readonly Row[]
  columns: ShownColumn<Row>[]
  id: (row: Row) => string
  text: (row: Row) => string
  open?: (row: Row) => string | undefined
  empty: ReactNode
  /** Actions on the selected rows; without it nothing can be selected. */
  selected?: (rows: Row[], clear: () => void) => ReactNode
}

const rowHeight = 32
const shape = z.object({
  columns: z.array(z.string()),
  sort: z.string(),
  down: z.boolean(),
  filters: z.record(z.string(), z.string()),
  filtering: z.optional(z.boolean()),
})

export function DataTable<Row>(props: Props<Row>) {
  const { rows, columns, id, text } = props
  const standard = columns.filter((column) => column.standard).map((column) => column.id)
  const [view, setView] = useStored('list.' + props.name, shape, { columns: standard, sort: '', down: false, filters: {} })
  const [search, setSearch] = useState('')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const shown = useMemo(() => columns.filter((column) => view.columns.includes(column.id)), [columns, view.columns])
  const visible = useMemo(
    () => visibleRows(rows, columns, { ...plainView, ...view, search }, text),
    [rows, columns, view, search, text],
  )
  const filtering = view.filtering === true || Object.keys(view.filters).length > 0
  const picked = rows.filter((row) => chosen.has(id(row)))
  const set = (change: Partial<typeof view>) => setView({ ...view, ...change })
  if (rows.length === 0) return <>{props.empty}</>
  return (
    <div className="list">
      <div className="tools">
        <TextInput
          className="grow" style={{ maxWidth: 320, minWidth: 180 }} placeholder={t('list.search')} aria-label={t('list.search')} data-search
          value={search} onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Button variant={filtering ? 'light' : 'default'} aria-expanded={filtering} data-filter onClick={() => (filtering ? set({ filtering: false, filters: {} }) : set({ filtering: true }))}>{t('list.filter')}</Button>
        <Menu closeOnItemClick={false} position="bottom-start">
          <Menu.Target><Button variant="default">{t('list.columns')}</Button></Menu.Target>
          <Menu.Dropdown mah="60vh" style={{ overflowY: 'auto' }}>
            {columns.map((column) => (
              <Menu.Item
                key={column.id} role="menuitemcheckbox" aria-checked={view.columns.includes(column.id)}
                leftSection={<span aria-hidden style={{ width: 14, display: 'inline-block' }}>{view.columns.includes(column.id) ? '✓' : ''}</span>}
                onClick={() => set({ columns: toggled(view.columns, column.id, columns) })}
              >
                {column.title}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <Button variant="default" onClick={() => saveText(props.name + '.csv', csv(visible, shown), 'text/csv')}>CSV</Button>
        <span className="quiet small" role="status">
          {visible.length === rows.length ? t('list.count', { n: rows.length }) : t('list.some', { n: visible.length, all: rows.length })}
        </span>
        {picked.length > 0 && <span className="row">{t('list.selected', { n: picked.length })}{props.selected?.(picked, () => setChosen(new Set()))}</span>}
      </div>
      {visible.length === 0 && !filtering
        ? <Blank title={t('list.nothing')}><Button variant="default" onClick={() => { setSearch(''); set({ filters: {} }) }}>{t('list.reset')}</Button></Blank>
        : <Grid {...props} shown={shown} visible={visible} chosen={chosen} setChosen={setChosen} sort={view} onSort={(column) => set(nextSort({ ...plainView, ...view }, column))}
          filters={filtering ? view.filters : undefined} onFilter={(column, value) => set({ filters: withFilter(view.filters, column, value), filtering: true })}
          onReset={() => { setSearch(''); set({ filters: {}, filtering: true }) }} />}
    </div>
  )
}

function withFilter(filters: Record<string, string>, column: string, value: string): Record<string, string> {
  const next = { ...filters, [column]: value }
  if (value === '') delete next[column]
  return next
}

/** The chosen columns with one more or one less, in the list's own order; never none. */
function toggled(now: string[], id: string, all: { id: string }[]): string[] {
  const next = now.includes(id) ? now.filter((one) => one !== id) : [...now, id]
  return next.length === 0 ? now : all.map((column) => column.id).filter((one) => next.includes(one))
}

interface GridProps<Row> extends Props<Row> {
  shown: ShownColumn<Row>[]
  visible: Row[]
  chosen: ReadonlySet<string>
  setChosen: (next: ReadonlySet<string>) => void
  sort: { sort: string; down: boolean }
  onSort: (column: string) => void
  /** Undefined while the row of filters is not shown. */
  filters: Record<string, string> | undefined
  onFilter: (column: string, value: string) => void
  onReset: () => void
}

function Grid<Row>({ shown, visible, id, open, selected, label, chosen, setChosen, sort, onSort, filters, onFilter, onReset }: GridProps<Row>) {
  const scroll = useRef<HTMLDivElement>(null)
  const last = useRef('')
  const rows = useVirtualizer({ count: visible.length, getScrollElement: () => scroll.current, estimateSize: () => rowHeight, overscan: 12 })
  const template = (selected ? '34px ' : '') + shown.map((column) => (column.width ? `${column.width}px` : 'minmax(' + (column.least ?? 120) + 'px, 1fr)')).join(' ')
  const width = (selected ? 34 : 0) + shown.reduce((sum, column) => sum + (column.width ?? column.least ?? 120), 0)
  const toggle = (row: Row, range: boolean) => {
    const next = new Set(chosen)
    const ids = range && last.current ? between(visible.map(id), last.current, id(row)) : [id(row)]
    const on = !chosen.has(id(row))
    for (const one of ids) on ? next.add(one) : next.delete(one)
    last.current = id(row)
    setChosen(next)
  }
  // Rows are drawn anew only when something of them changed, so what they call stays the same.
  const acts = useRef<RowActs<Row>>({ key: () => undefined, toggle: () => undefined })
  const act = useMemo<RowActs<Row>>(() => ({ key: (event, index) => acts.current.key(event, index), toggle: (row, range) => acts.current.toggle(row, range) }), [])
  const all = visible.length > 0 && visible.every((row) => chosen.has(id(row)))
  const head = filters ? 2 * rowHeight : rowHeight
  const onKey = (event: KeyboardEvent<HTMLDivElement>, index: number) => {
    const row = visible[index]
    if (row === undefined || event.target !== event.currentTarget) return
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -visible.length, End: visible.length }[event.key]
    const to = open?.(row)
    if (step !== undefined) focusRow(Math.min(Math.max(index + step, 0), visible.length - 1))
    else if (event.key === 'Enter' && to) location.hash = to
    else if (event.key === ' ' && selected) toggle(row, event.shiftKey)
    else return
    event.preventDefault()
  }
  const focusRow = (index: number) => {
    rows.scrollToIndex(index)
    requestAnimationFrame(() => scroll.current?.querySelector<HTMLElement>(`[aria-rowindex="${index + 2}"]`)?.focus())
  }
  useEffect(() => {
    acts.current = { key: onKey, toggle }
  })
  return (
    <div className="scroll" ref={scroll} tabIndex={-1}>
      <div className="table" role="grid" aria-label={label} aria-rowcount={visible.length + 1} style={{ height: rows.getTotalSize() + head, minWidth: width }}>
        <div className="tr thead" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
          {selected && (
            <div className="td tick" role="columnheader">
              <Checkbox aria-label={t('list.all')} checked={all} indeterminate={!all && chosen.size > 0} onChange={() => setChosen(new Set(all ? [] : visible.map(id)))} />
            </div>
          )}
          {shown.map((column) => (
            <div key={column.id} className={'td' + (column.align ? ' right' : '')} role="columnheader" aria-sort={sort.sort !== column.id ? 'none' : sort.down ? 'descending' : 'ascending'}>
              <button type="button" className="th" onClick={() => onSort(column.id)}>
                {column.title}{sort.sort === column.id ? (sort.down ? ' ↓' : ' ↑') : ''}
              </button>
            </div>
          ))}
        </div>
        {filters && (
          <div className="tr thead filters" role="row" style={{ gridTemplateColumns: template }}>
            {selected && <span role="gridcell" />}
            {shown.map((column) => (
              <div className="td" key={column.id} role="gridcell">
                <Filter column={column} value={filters[column.id] ?? ''} onChange={(value) => onFilter(column.id, value)} />
              </div>
            ))}
          </div>
        )}
        {visible.length === 0 && <div className="blank" style={{ position: 'absolute', top: head, left: 0 }}><p>{t('list.nothing')}</p><Button variant="default" onClick={onReset}>{t('list.reset')}</Button></div>}
        {rows.getVirtualItems().map((item) => {
          const row = visible[item.index] as Row
          return (
            <TableRow
              key={id(row)} row={row} name={id(row)} to={open?.(row)} index={item.index} top={item.start + head} columns={shown} template={template}
              chosen={selected ? chosen.has(id(row)) : undefined} first={item.index === (rows.range?.startIndex ?? 0)} act={act}
            />
          )
        })}
      </div>
    </div>
  )
}

/** The filter of a column: one of its values, or a text with signs (see filterOf). */
function Filter<Row>({ column, value, onChange }: { column: ShownColumn<Row>; value: string; onChange: (value: string) => void }) {
  const label = t('list.filterOf', { name: column.title })
  if (!column.options) return <input className="filter" aria-label={label} title={t('list.filterHelp')} value={value} onChange={(event) => onChange(event.currentTarget.value)} />
  return (
    <select className="filter" aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      <option value="">{t('list.any')}</option>
      {column.options.map((one) => <option key={one}>{one}</option>)}
    </select>
  )
}

interface RowActs<Row> {
  key: (event: KeyboardEvent<HTMLDivElement>, index: number) => void
  toggle: (row: Row, range: boolean) => void
}

interface RowProps<Row> {
  row: Row
  name: string
  to: string | undefined
  index: number
  top: number
  columns: ShownColumn<Row>[]
  template: string
  chosen: boolean | undefined
  first: boolean
  act: RowActs<Row>
}

function PlainRow<Row>({ row, name, to, index, top, columns, template, chosen, first, act }: RowProps<Row>) {
  return (
    <div
      className="tr body" role="row" aria-rowindex={index + 2} aria-selected={chosen} tabIndex={first ? 0 : -1}
      onKeyDown={(event) => act.key(event, index)} style={{ gridTemplateColumns: template, top }}
    >
      {chosen !== undefined && (
        <div className="td tick" role="gridcell">
          <input type="checkbox" tabIndex={-1} aria-label={t('list.select', { name })} checked={chosen} onChange={() => undefined} onClick={(event) => act.toggle(row, event.shiftKey)} />
        </div>
      )}
      {columns.map((column, i) => (
        <div key={column.id} className={'td' + (column.align ? ' right' : '')} role="gridcell">
          {i === 0 && to ? <a href={to} tabIndex={-1}>{cell(column, row)}</a> : cell(column, row)}
        </div>
      ))}
    </div>
  )
}

const TableRow = memo(PlainRow) as typeof PlainRow

function cell<Row>(column: ShownColumn<Row>, row: Row): ReactNode {
  if (column.show) return column.show(row)
  const value = column.value(row)
  return value === undefined ? '' : String(value)
}
