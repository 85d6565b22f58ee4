/** A name of SQLite's rowid that no column of the table hides. */
export function rowIdName(columns: readonly string[]): string {
  const taken = new Set(columns.map((column) => column.toLowerCase()))
  // A table with all three names as columns hides its rowid for good; `_rowid_` then reads the column, which the
  // look reports before anything relies on it.
  return ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name)) ?? '_rowid_'
}

/** Whether all names of the rowid are hidden by columns. */
export function hidesRowId(columns: readonly string[]): boolean {
  const taken = new Set(columns.map((column) => column.toLowerCase()))
  return ['rowid', '_rowid_', 'oid'].every((name) => taken.has(name))
}
