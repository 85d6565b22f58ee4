/**
 * The changes that take a record back to what it was, judged by what it is now: only a record that still is as the action
 * left it is taken back; one that somebody changed since is a conflict and stays as it is.
 */
import type { Cell } from '../../values/field-type.ts'
import { type CellChange, cellJson, type RecordChange, sameCell } from './change-codec.ts'
import type { Change, RowConflict } from './ports.ts'
import type { TableAccess } from './table-access.ts'

export type Reversal =
  | { readonly is: 'changes'; readonly changes: readonly Change[] }
  /** It is as it was before the action already. */
  | { readonly is: 'nothing' }
  | Conflict

/** Somebody changed the record since. */
export interface Conflict {
  readonly is: 'conflict'
  readonly what: RowConflict['is']
  /** What differs from what the action made of it. */
  cells(): RowConflict['cells']
  /** The changes that take it back over what was changed since; none where it is gone. */
  forced(): readonly Change[]
}

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
  if (placeOf(table, record.rowId, record.key, before) !== undefined) return { is: 'nothing' }
  return updateConflict(table, record, [key, record.key])
}

/** @param keys by which the record may be found now: the one it was given, and the one it had */
function updateConflict(
  table: TableAccess,
  record: Extract<RecordChange, { is: 'update' }>,
  keys: readonly Cell[],
): Conflict {
  const found = keys.flatMap((key) => {
    const rowId = table.locate(record.rowId, key)
    return rowId === undefined ? [] : [{ rowId, key }]
  })[0]
  if (found === undefined) return { is: 'conflict', what: 'gone', cells: () => [], forced: () => [] }
  const { rowId, key } = found
  const cells = table.writable(record.cells)
  const columns = cells.map((cell) => cell.column)
  const now = columns.length === 0 ? {} : (table.row(rowId, key, columns) ?? {})
  const held = (column: string) => now[column] ?? null
  return {
    is: 'conflict',
    what: 'changed',
    cells: () =>
      cells.flatMap(({ column, before, after }) =>
        sameCell(held(column), after) ? [] : [comparison(column, before, after, held(column))],
      ),
    forced() {
      const changes = cells.flatMap(({ column, before }): Change[] =>
        sameCell(held(column), before) ? [] : [{ is: 'cell', rowId, key, column, before: held(column), after: before }],
      )
      return changes.length === 0 ? [] : [...changes, ...followBack(table, rowId, key, record.follows)]
    },
  }
}

function comparison(field: string, before: Cell, made: Cell, now: Cell): RowConflict['cells'][number] {
  return { field, before: cellJson(before), made: cellJson(made), now: cellJson(now) }
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
  const row = table.row(rowId, key)
  if (row === undefined) return { is: 'nothing' }
  const changes: readonly Change[] = [{ is: 'delete', rowId, key, row }]
  if (table.holds(rowId, key, record.row)) return { is: 'changes', changes }
  return {
    is: 'conflict',
    what: 'changed',
    cells: () =>
      Object.entries(record.row).flatMap(([column, made]) =>
        sameCell(row[column] ?? null, made) ? [] : [comparison(column, null, made, row[column] ?? null)],
      ),
    forced: () => changes,
  }
}

function reverseDelete(table: TableAccess, record: Extract<RecordChange, { is: 'delete' }>): Reversal {
  const rowId = table.locate(record.rowId, record.key)
  if (rowId === undefined) {
    return { is: 'changes', changes: [{ is: 'insert', rowId: record.rowId, key: record.key, row: record.row }] }
  }
  if (table.holds(rowId, record.key, record.row)) return { is: 'nothing' }
  const now = table.row(rowId, record.key) ?? {}
  const differing = Object.entries(record.row).filter(
    ([column, cell]) => column in now && !sameCell(now[column] ?? null, cell),
  )
  return {
    is: 'conflict',
    what: 'back',
    cells: () => differing.map(([column, was]) => comparison(column, was, null, now[column] ?? null)),
    forced: () => {
      const cells = differing.map(([column, was]): CellChange => {
        return { is: 'cell', rowId, key: record.key, column, before: now[column] ?? null, after: was }
      })
      return table.writable(cells)
    },
  }
}
