// The rows of a list under their heads: only those in sight are in the page, and keys walk through them.
import { Button, Checkbox } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useEffect, useMemo, useRef, type KeyboardEvent, type ReactNode } from 'react'
import { t } from '../text'
import type { ShownColumn, TableProps } from './DataTable'
import { between } from './rows'

const rowHeight = 32

interface GridProps<Row> extends TableProps<Row> {
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

export function Grid<Row>(props: GridProps<Row>) {
  const { shown, visible, id, open, selected, label, chosen, filters, onReset } = props
  const scroll = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({ count: visible.length, getScrollElement: () => scroll.current, estimateSize: () => rowHeight, overscan: 12 })
  const template = (selected ? '34px ' : '') + shown.map((column) => (column.width ? `${column.width}px` : 'minmax(' + (column.least ?? 120) + 'px, 1fr)')).join(' ')
  const width = (selected ? 34 : 0) + shown.reduce((sum, column) => sum + (column.width ?? column.least ?? 120), 0)
  const head = filters ? 2 * rowHeight : rowHeight
  const act = useRowActs(props, (index) => {
    rows.scrollToIndex(index)
    requestAnimationFrame(() => scroll.current?.querySelector<HTMLElement>(`[aria-rowindex="${index + 2}"]`)?.focus())
  })
  return (
    <div className="scroll" ref={scroll} tabIndex={-1}>
      <div className="table" role="grid" aria-label={label} aria-rowcount={visible.length + 1} style={{ height: rows.getTotalSize() + head, minWidth: width }}>
        <Heads {...props} template={template} />
        {filters && <Filters {...props} filters={filters} template={template} />}
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

interface RowActs<Row> {
  key: (event: KeyboardEvent<HTMLDivElement>, index: number) => void
  toggle: (row: Row, range: boolean) => void
}

/** What a row calls. Rows are drawn anew only when something of them changed, so it stays the same. */
function useRowActs<Row>({ visible, id, open, selected, chosen, setChosen }: GridProps<Row>, focusRow: (index: number) => void): RowActs<Row> {
  const last = useRef('')
  const acts = useRef<RowActs<Row>>({ key: () => undefined, toggle: () => undefined })
  const toggle = (row: Row, range: boolean) => {
    const next = new Set(chosen)
    const ids = range && last.current ? between(visible.map(id), last.current, id(row)) : [id(row)]
    const on = !chosen.has(id(row))
    for (const one of ids) on ? next.add(one) : next.delete(one)
    last.current = id(row)
    setChosen(next)
  }
  const key = (event: KeyboardEvent<HTMLDivElement>, index: number) => {
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
  useEffect(() => {
    acts.current = { key, toggle }
  })
  return useMemo(() => ({ key: (event, index) => acts.current.key(event, index), toggle: (row, range) => acts.current.toggle(row, range) }), [])
}

function Heads<Row>({ shown, visible, id, selected, chosen, setChosen, sort, onSort, template }: GridProps<Row> & { template: string }) {
  const all = visible.length > 0 && visible.every((row) => chosen.has(id(row)))
  return (
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
  )
}

function Filters<Row>({ shown, selected, filters, onFilter, template }: GridProps<Row> & { filters: Record<string, string>; template: string }) {
  return (
    <div className="tr thead filters" role="row" style={{ gridTemplateColumns: template }}>
      {selected && <span role="gridcell" />}
      {shown.map((column) => (
        <div className="td" key={column.id} role="gridcell">
          <Filter column={column} value={filters[column.id] ?? ''} onChange={(value) => onFilter(column.id, value)} />
        </div>
      ))}
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
