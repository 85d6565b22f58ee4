/** The order of records: empty first, text regardless of case, choices as their field lists them, all [?]. */

import { type FormulaValue, isBlank, isDate, isFault, textOf } from '../formula/value.ts'
import type { Field, SortRule, Table } from '../metadata/model.ts'
import { fieldOf } from '../metadata/model.ts'
import type { StoredRecord } from '../store/records.ts'
import type { RecordReader } from './reader.ts'

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** Sorts by the rules in turn; records that agree on all of them stay in the order given. */
export function sortRecords(
  records: readonly StoredRecord[],
  table: Table,
  rules: readonly SortRule[],
  reader: RecordReader,
): StoredRecord[] {
  const columns = rules.flatMap((rule) => {
    const field = fieldOf(table, rule.fieldId)
    return field === undefined ? [] : [{ field, sign: rule.direction === 'desc' ? -1 : 1 }]
  })
  const keyed = records.map((record) => ({
    record,
    keys: columns.map(({ field }) => keyOf(field, record, table, reader)),
  }))
  keyed.sort((a, b) => {
    for (const [index, { sign }] of columns.entries()) {
      const difference = compare(a.keys[index] ?? null, b.keys[index] ?? null)
      if (difference !== 0) return difference * sign
    }
    return 0
  })
  return keyed.map(({ record }) => record)
}

type SortKey = null | number | string

function keyOf(field: Field, record: StoredRecord, table: Table, reader: RecordReader): SortKey {
  if (field.type === 'singleSelect') {
    const position = field.choices.findIndex((choice) => choice.id === record.cells[field.id])
    return position < 0 ? null : position
  }
  return plainKey(reader.value(table, record, field))
}

function plainKey(value: FormulaValue): SortKey {
  if (isBlank(value) || isFault(value)) return null
  if (typeof value === 'number') return Number.isNaN(value) ? null : value
  if (typeof value === 'boolean') return value ? 1 : 0
  return isDate(value) ? value.ms : textOf(value)
}

function compare(a: SortKey, b: SortKey): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null)
  if (typeof a === 'number' && typeof b === 'number') return a < b ? -1 : a > b ? 1 : 0
  return collator.compare(String(a), String(b))
}
