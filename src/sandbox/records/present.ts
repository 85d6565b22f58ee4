/** A record as the API answers it: empty cells are left out [D, R]. */
import type { JsonObject, JsonValue } from '../../json.ts'
import type { Field, Table } from '../metadata/model.ts'
import type { StoredRecord } from '../store/records.ts'
import { isoText } from './cells/date-cells.ts'
import type { RecordReader } from './reader.ts'

export interface PresentOptions {
  readonly byFieldId: boolean
  readonly asText?: boolean
  /** Fields to show; undefined shows all. */
  readonly fields?: readonly Field[] | undefined
  readonly commentCount?: boolean
}

export function presentRecord(
  table: Table,
  record: StoredRecord,
  reader: RecordReader,
  options: PresentOptions,
): JsonObject {
  const cells: Record<string, JsonValue> = {}
  for (const field of options.fields ?? table.fields) {
    const value =
      options.asText === true ? reader.text(table, record, field) || undefined : reader.json(table, record, field)
    if (value !== undefined) cells[options.byFieldId ? field.id : field.name] = value
  }
  const shown = { id: record.id, createdTime: isoText(record.createdMs), fields: cells }
  return options.commentCount === true ? { ...shown, commentCount: 0 } : shown
}
