// A list of any rows: search, filters, order, choice of columns (remembered), selection,
// keyboard, and only the rows in sight in the page.
import { Button, Menu, TextInput } from '@mantine/core'
import { useMemo, useState, type ReactNode } from 'react'
import * as z from 'zod/mini'
import { t } from '../text'
import { Blank } from '../ui/states'
import { useStored } from '../ui/store'
import { saveText } from '../ui/file'
import { Grid } from './Grid'
import { csv, nextSort, plainView, visibleRows, type Column } from './rows'

export interface ShownColumn<Row> extends Column<Row> {
  show?: (row: Row) => ReactNode
}

export interface TableProps<Row> {
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

const shape = z.object({
  columns: z.array(z.string()),
  sort: z.string(),
  down: z.boolean(),
  filters: z.record(z.string(), z.string()),
  filtering: z.optional(z.boolean()),
})

export function DataTable<Row>(props: TableProps<Row>) {
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
