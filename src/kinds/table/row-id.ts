import { freeRowIdName } from '../../targets/sqlite/addressing.ts'
/** A name of SQLite's rowid that no column of the table hides. */
export function rowIdName(columns: readonly string[]): string {
  // A table with all three names as columns hides its rowid for good; `_rowid_` then reads the column, which the
  // look reports before anything relies on it.
  return freeRowIdName(columns) ?? '_rowid_'
}

/** Whether all names of the rowid are hidden by columns. */
export function hidesRowId(columns: readonly string[]): boolean {
  return freeRowIdName(columns) === undefined
}
