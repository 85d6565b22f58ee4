/** Makes the schema of a damaged file again, as far as it can be read, and tells how the records of its tables are laid out. */
import type Database from 'better-sqlite3'
import { messageOf, unreachable } from '../../../errors.ts'
import { quoteIdentifier } from '../schema-reader.ts'
import type { LeafCell } from './cells.ts'
import type { ShapeColumn, TableShape } from './walk.ts'

export interface SchemaEntry {
  readonly type: 'table' | 'index' | 'view' | 'trigger'
  readonly name: string
  readonly sql: string
  /** First page of its tree in the damaged file; undefined where only the backup knows of it. */
  readonly root: number | undefined
}

const types = ['table', 'index', 'view', 'trigger'] as const
const creates = /^\s*CREATE\s+(TABLE|UNIQUE\s+INDEX|INDEX|VIEW|TRIGGER|VIRTUAL\s+TABLE)\b/i

/** The entries that SQL can be made from again. */
export function entriesOf(rows: readonly LeafCell[]): readonly SchemaEntry[] {
  return rows.flatMap(({ cells: [type, name, , root, sql] }) => {
    const known = types.find((one) => one === type)
    if (known === undefined || typeof name !== 'string' || typeof sql !== 'string' || !creates.test(sql)) return []
    if (name.startsWith('sqlite_')) return []
    return [{ type: known, name, sql, root: typeof root === 'bigint' && root > 0n ? Number(root) : undefined }]
  })
}

/** The entries of a sound database. */
export function entriesIn(db: Database.Database, schema: string): readonly SchemaEntry[] {
  const sql = `SELECT type, name, sql FROM ${schema}.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`
  const rows = db.prepare<[], { type: string; name: string; sql: string }>(sql).all()
  return rows.flatMap(({ type, name, sql: text }) => {
    const known = types.find((one) => one === type)
    return known === undefined ? [] : [{ type: known, name, sql: text, root: undefined }]
  })
}

const sameName = (one: SchemaEntry) => (other: SchemaEntry) => other.name.toLowerCase() === one.name.toLowerCase()

/**
 * What stands in the schema. `whole`: what the file says. `in-part`: that, and what only the backup has, since not all of the
 * file's schema can be read. `as-kept`: what the backup says, since the file was not written after it, so that whatever the file
 * says otherwise is damage, even where SQLite takes it; the file tells only where the tables begin. A text that SQLite does not
 * take is the backup's in any case (`createEntries`).
 */
export function joinEntries(
  found: readonly SchemaEntry[],
  kept: readonly SchemaEntry[],
  stand: 'whole' | 'in-part' | 'as-kept',
): readonly SchemaEntry[] {
  switch (stand) {
    case 'whole':
      return found
    case 'in-part':
      return [...found, ...kept.filter((one) => !found.some(sameName(one)))]
    case 'as-kept':
      return kept.map((one) => ({ ...one, root: found.find(sameName(one))?.root }))
    default:
      return unreachable(stand)
  }
}

/** Makes the entries; gives those that are there now, and says what could not be made. */
export function createEntries(
  db: Database.Database,
  wanted: readonly SchemaEntry[],
  kept: readonly SchemaEntry[],
  notes: string[],
): readonly SchemaEntry[] {
  return wanted.filter((entry) => {
    const other = kept.find(sameName(entry))
    const problem = problemOf(db, entry.sql)
    if (problem === undefined) return true
    if (other !== undefined && problemOf(db, other.sql) === undefined) {
      notes.push(`${entry.type} ${entry.name} is made as the backup has it: ${problem}`)
      return true
    }
    notes.push(`${entry.type} ${entry.name} cannot be made: ${problem}`)
    return false
  })
}

function problemOf(db: Database.Database, sql: string): string | undefined {
  try {
    // One statement only, or it is refused.
    db.prepare(sql).run()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** How the records of a table that is in `db` are laid out. */
export function shapeOf(db: Database.Database, { name, root }: SchemaEntry): TableShape {
  const withoutRowId =
    db
      .prepare<[string], number>(`SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?`)
      .pluck()
      .get(name) === 1
  const columns = db
    .prepare<[string], { name: string; type: string; notnull: number; pk: number; hidden: number }>(
      `SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?, 'main') ORDER BY cid`,
    )
    .all(name)
    // Values of virtual columns are not stored.
    .filter(({ hidden }) => hidden !== 1 && hidden !== 2)
  const keys = columns.filter(({ pk }) => pk > 0)
  const hasKeyIndex =
    db
      .prepare<[string], number>(`SELECT count(*) FROM pragma_index_list(?, 'main') WHERE origin = 'pk'`)
      .pluck()
      .get(name) !== 0
  const isRowId = (column: (typeof columns)[number]) =>
    !withoutRowId && !hasKeyIndex && keys.length === 1 && column.pk > 0 && column.type.toUpperCase() === 'INTEGER'
  const ordered = withoutRowId
    ? [...keys.sort((one, other) => one.pk - other.pk), ...columns.filter(({ pk }) => pk === 0)]
    : columns
  return {
    name,
    root,
    form: withoutRowId ? 'index' : 'table',
    columns: ordered.map(
      (column): ShapeColumn => ({
        name: column.name,
        affinity: affinityOf(column.type),
        notNull: column.notnull === 1,
        isRowId: isRowId(column),
        isKey: column.pk > 0,
      }),
    ),
  }
}

/** https://www.sqlite.org/datatype3.html#determination_of_column_affinity */
function affinityOf(type: string): ShapeColumn['affinity'] {
  const text = type.toUpperCase()
  if (text.includes('INT')) return 'number'
  if (/CHAR|CLOB|TEXT/.test(text)) return 'text'
  return text === '' || text === 'ANY' || text.includes('BLOB') ? 'blob' : 'number'
}

/** Columns of a table that may be written, in their order. */
export function writableColumns(db: Database.Database, schema: string, table: string): readonly string[] {
  return db
    .prepare<[string], string>(`SELECT name FROM pragma_table_xinfo(?, '${schema}') WHERE hidden = 0 ORDER BY cid`)
    .pluck()
    .all(table)
}

export function countOf(db: Database.Database, table: string): number {
  return (
    db
      .prepare<[], number>(`SELECT count(*) FROM main.${quoteIdentifier(table)}`)
      .pluck()
      .get() ?? 0
  )
}
