// The columns of a list of definitions, from the kind's fields.
import type { Definition } from '../api/types'
import { applies, type Field } from '../form/model'
import type { ShownColumn } from '../list/DataTable'
import { t } from '../text'
import { Ago } from '../ui/time'

const plain = new Set(['string', 'integer', 'number', 'boolean', 'duration', 'size'])

export function columnsOf(fields: Field[]): ShownColumn<Definition>[] {
  const own = fields.filter((field) => plain.has(field.type) && !field.multiline)
  return [
    { id: 'name', title: t('column.name'), value: (row) => row.name, standard: true, least: 180 },
    ...own.map((field, i) => columnOf(field, fields, i < 5)),
    ...fields.filter((field) => field.multiline && field.type === 'string').map((field) => columnOf(field, fields, false)),
    { id: '.version', title: t('column.version'), value: (row) => row.version, align: 'right', width: 76, standard: true },
    { id: '.revision', title: t('column.revision'), value: (row) => row.revision, align: 'right', width: 84 },
    { id: '.updated', title: t('column.updated'), value: (row) => row.updated, show: (row) => <Ago at={row.updated} />, width: 120, standard: true },
  ]
}

function columnOf(field: Field, all: Field[], standard: boolean): ShownColumn<Definition> {
  const value = (row: Definition) => {
    if (!applies(field, all, row.spec)) return undefined
    const set = (row.spec as Record<string, unknown>)[field.name] ?? field.default
    if (field.type === 'boolean') return set === true ? t('form.on') : t('form.off')
    return typeof set === 'number' ? set : set === undefined ? undefined : String(set)
  }
  const column: ShownColumn<Definition> = { id: field.name, title: field.title, value, standard }
  if (field.type === 'boolean') Object.assign(column, { options: [t('form.on'), t('form.off')], width: 84 })
  else if (field.options) Object.assign(column, { options: field.options, width: 110 })
  else if (field.type === 'integer' || field.type === 'number') Object.assign(column, { align: 'right', width: 90 })
  return column
}

/** What a search looks through: the name and every value, but no sealed secret. */
export function searchText(row: Definition): string {
  return row.name + ' ' + JSON.stringify(row.spec).replace(/"sealed:[^"]*"/g, '')
}
