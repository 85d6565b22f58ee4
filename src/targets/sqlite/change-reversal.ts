/**
 * The changes that take a record back to what it was, judged by what it is now: only a record that still is as the action
 * left it is taken back; one that somebody changed since is a conflict and stays as it is.
 */
import type { Cell } from '../../values/field-type.ts'
import { type CellChange, type RecordChange, sameCell } from './change-codec.ts'
import type { Change } from './ports.ts'
import type { TableAccess } from './table-access.ts'

export type Reversal =
  | { readonly is: 'changes'; readonly changes: readonly Change[] }
  /** It is as it was before the action already. */
  | { readonly is: 'nothing' }
  | { readonly is: 'conflict' }

/**
 * @param chosenRowId the rowid that SQLite chose when the record was inserted, where that is known
 * @param keyColumn whose change moves the record to another key
 */
export function reversalOf(
  table: TableAccess,
  record: RecordChange,
  keyColumn: string,
  chosenRowId: number | undefined,
): Reversal {
  switch (record.is) {
    case 'update':
      return reverseUpdate(table, record, keyColumn)
    case 'insert':
      return reverseInsert(table, record, chosenRowId ?? record.rowId)
    case 'delete':
      return reverseDelete(table, record)
  }
}

function reverseUpdate(
  table: TableAccess,
  record: Extract<RecordChange, { is: 'update' }>,
  keyColumn: string,
): Reversal {
  const assigned = record.cells.find((cell) => cell.column === keyColumn)
  const key = assigned === undefined ? record.key : assigned.after
  const after = Object.fromEntries(record.cells.map((cell) => [cell.column, cell.after]))
  const before = Object.fromEntries(record.cells.map((cell) => [cell.column, cell.before]))
  const rowId = placeOf(table, record.rowId, key, after)
  if (rowId !== undefined) {
    const changes = record.cells.map((cell): Change => {
      return { is: 'cell', rowId, key, column: cell.column, before: cell.after, after: cell.before }
    })
    return { is: 'changes', changes: [...changes, ...followBack(table, rowId, key, record.follows)] }
  }
  return placeOf(table, record.rowId, record.key, before) === undefined ? { is: 'conflict' } : { is: 'nothing' }
}

/**
 * Cells that follow go back to what they were where they still are what the action made them. Others keep what they hold
 * now, which has to be said, since a trigger would stamp the record anew otherwise.
 */
function followBack(table: TableAccess, rowId: number, key: Cell, follows: readonly CellChange[]): readonly Change[] {
  const cells = table.writable(follows)
  if (cells.length === 0) return []
  const columns = cells.map((cell) => cell.column)
  const now = table.row(rowId, key, columns)
  return cells.map(({ column, before, after }): Change => {
    const held = now?.[column] ?? null
    const back = sameCell(held, after) ? before : held
    return { is: 'cell', rowId, key, column, before: held, after: back, follows: true }
  })
}

/** Where the record with this key is, when it holds these values. */
function placeOf(
  table: TableAccess,
  seenAt: number,
  key: Cell,
  values: Readonly<Record<string, Cell>>,
): number | undefined {
  if (table.holds(seenAt, key, values)) return seenAt
  const movedTo = table.locate(seenAt, key)
  return movedTo !== undefined && movedTo !== seenAt && table.holds(movedTo, key, values) ? movedTo : undefined
}

function reverseInsert(
  table: TableAccess,
  record: Extract<RecordChange, { is: 'insert' }>,
  insertedAt: number,
): Reversal {
  // A key that was left to a default or a trigger of the table is not in the set; the row is then known by its rowid.
  const key = record.key ?? table.keyAt(insertedAt) ?? null
  const rowId = table.locate(insertedAt, key)
  if (rowId === undefined) return { is: 'nothing' }
  if (!table.holds(rowId, key, record.row)) return { is: 'conflict' }
  const row = table.row(rowId, key)
  if (row === undefined) return { is: 'nothing' }
  return { is: 'changes', changes: [{ is: 'delete', rowId, key, row }] }
}

function reverseDelete(table: TableAccess, record: Extract<RecordChange, { is: 'delete' }>): Reversal {
  const rowId = table.locate(record.rowId, record.key)
  if (rowId === undefined) {
    return { is: 'changes', changes: [{ is: 'insert', rowId: record.rowId, key: record.key, row: record.row }] }
  }
  return table.holds(rowId, record.key, record.row) ? { is: 'nothing' } : { is: 'conflict' }
}
