/**
 * The table that an import fills, as it is now: under its declared or its earlier name, with the columns that are there.
 * What is missing is told, so that an import can be counted before the table is ready for it.
 */

import type { Database } from 'better-sqlite3'
import { quoteIdentifier } from '../../targets/sqlite/schema-reader.ts'
import type { Cell } from '../../values/field-type.ts'
import { type Identity, identityOf } from './lead-reader.ts'
import { type IntoTable, rolesOf } from './spec.ts'

/** One existing lead, read by rowid. */
interface ExistingLead extends Identity {
  readonly rowId: number
  readonly key: Cell
  /** By field; fields without a column are missing. */
  readonly cells: ReadonlyMap<string, Cell>
}

/** What finds a lead, of every row. */
interface LeadKeys {
  readonly rowId: number
  readonly key: string | undefined
  readonly linkedin: string | undefined
  readonly email: string | undefined
  /** For each of `TargetTable.uniques`, the text of its values, undefined where one of them is null. */
  readonly uniques: readonly (string | undefined)[]
}

export interface TargetTable {
  /** Why nothing can be written yet: `table leads`, `column leads.phone`. Empty when all is there. */
  readonly missing: readonly string[]
  readonly rows: number
  /** Groups of fields whose values no two rows may share. */
  readonly uniques: readonly (readonly string[])[]
  /** Fields that a new row must have, beside those declared as required. */
  readonly demanded: ReadonlySet<string>
  /** Columns that a new row leaves at NULL, since they have no default; named, so that an undo notices a later edit. */
  readonly blankColumns: readonly string[]
  /** Fields that have a column now, under whatever name. */
  readonly present: ReadonlySet<string>
  keys(): Iterable<LeadKeys>
  lead(rowId: number): ExistingLead | undefined
  /** Whether a lead with this key is in the table. */
  holds(key: string): boolean
}

/** The text that stands for a group of values in a unique index; undefined where one is null, which never collides. */
export function uniqueText(group: readonly string[], value: (field: string) => Cell | undefined): string | undefined {
  const parts = group.map((field) => value(field))
  if (parts.some((part) => part === null || part === undefined)) return undefined
  return `${group.join('+')}\0${parts.map((part) => `${typeof part === 'string' ? 't' : 'n'}${part}`).join('\0')}`
}

const windowRows = 2000

/** Opens the table for the fields that an import writes. The connection must stay open while the table is used. */
export function targetTable(db: Database, into: IntoTable, written: readonly string[]): TargetTable {
  const name = [into.table, into.renamedFrom].find((one) => one !== null && isTable(db, one))
  if (name === undefined || name === null) return absentTable(into)
  const columns = new Map(columnsOf(db, name).map((column) => [column.name, column]))
  const columnOf = new Map<string, string>()
  for (const field of [{ name: into.key, renamedFrom: null }, ...into.fields]) {
    const column = [field.name, field.renamedFrom].find((one) => one !== null && columns.has(one))
    if (column !== undefined && column !== null) columnOf.set(field.name, column)
  }
  const demanded = new Set<string>()
  const missing = name === into.table ? [] : [`table ${into.table} (${name} so far)`]
  for (const field of [into.key, ...written])
    if (columnOf.get(field) !== field) missing.push(`column ${into.table}.${field}`)
  const fieldOf = new Map([...columnOf].map(([field, column]) => [column, field]))
  for (const column of columns.values()) {
    if (column.notnull === 0 || column.dflt_value !== null || column.pk > 0) continue
    const field = fieldOf.get(column.name)
    if (field !== undefined) demanded.add(field)
    else missing.push(`a default for ${into.table}.${column.name}, which must have a value and which no field fills`)
  }
  const uniques = uniquesOf(db, name, into, fieldOf).filter((group) => group.every((field) => columnOf.has(field)))
  return {
    missing,
    demanded,
    uniques,
    blankColumns: [...columns.values()]
      .filter((column) => column.notnull === 0 && column.dflt_value === null && column.pk === 0)
      .map((column) => column.name),
    present: new Set(columnOf.keys()),
    rows:
      db
        .prepare<[], number>(`SELECT count(*) FROM ${quoteIdentifier(name)}`)
        .pluck()
        .get() ?? 0,
    keys: () => keysOf(db, name, into, columnOf, uniques),
    lead: leadFinder(db, name, into, columnOf),
    holds: keyHolder(db, name, columnOf.get(into.key)),
  }
}

/** What an import finds where there is no table yet; `what` says what is missing. */
export function absentTable(into: IntoTable, what = `table ${into.table}`): TargetTable {
  return {
    missing: [what],
    rows: 0,
    uniques: declaredUniques(into),
    demanded: new Set(),
    blankColumns: [],
    present: new Set(into.fields.map((field) => field.name)),
    keys: () => [],
    lead: () => undefined,
    holds: () => false,
  }
}

function isTable(db: Database, name: string): boolean {
  const sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?)"
  return db.prepare<[string], number>(sql).pluck().get(name) !== undefined
}

interface ColumnInfo {
  readonly name: string
  readonly notnull: number
  readonly dflt_value: string | null
  readonly pk: number
}

function columnsOf(db: Database, table: string): readonly ColumnInfo[] {
  const sql = 'SELECT name, "notnull", dflt_value, pk FROM pragma_table_xinfo(?) WHERE hidden = 0'
  return db.prepare<[string], ColumnInfo>(sql).all(table)
}

function declaredUniques(into: IntoTable): readonly (readonly string[])[] {
  const single = into.fields.filter((field) => field.unique && field.name !== into.key).map((field) => [field.name])
  return [...single, ...into.uniqueTogether]
}

/** What is declared unique and what the table enforces already; both must hold for a row to stay. */
function uniquesOf(
  db: Database,
  table: string,
  into: IntoTable,
  fieldOf: ReadonlyMap<string, string>,
): readonly (readonly string[])[] {
  const groups = new Map(declaredUniques(into).map((group) => [group.join('+'), group]))
  const indexes = db
    .prepare<[string], string>('SELECT name FROM pragma_index_list(?) WHERE "unique" = 1 AND partial = 0')
    .pluck()
    .all(table)
  for (const index of indexes) {
    const columns = db.prepare<[string], string | null>('SELECT name FROM pragma_index_info(?)').pluck().all(index)
    const fields = columns.map((column) => (column === null ? undefined : fieldOf.get(column)))
    const group = fields.filter((field) => field !== undefined)
    if (group.length === fields.length && group.join() !== into.key) groups.set(group.join('+'), group)
  }
  return [...groups.values()]
}

function* keysOf(
  db: Database,
  table: string,
  into: IntoTable,
  columnOf: ReadonlyMap<string, string>,
  uniques: readonly (readonly string[])[],
): Generator<LeadKeys> {
  const roles = rolesOf(into)
  const fields = [...new Set([into.key, roles.linkedin, roles.email, ...uniques.flat()])]
    .filter((field) => field !== undefined)
    .filter((field) => columnOf.has(field))
  const at = new Map(fields.map((field, position) => [field, position + 1]))
  const list = fields.map((field) => quoteIdentifier(columnOf.get(field) ?? field))
  const statement = db
    .prepare<[number], Cell[]>(
      `SELECT rowid, ${list.join(', ')} FROM ${quoteIdentifier(table)} WHERE rowid > ? ORDER BY rowid LIMIT ${windowRows}`,
    )
    .raw(true)
  for (let after = Number.MIN_SAFE_INTEGER, full = true; full; ) {
    const rows = statement.all(after)
    for (const row of rows) {
      const cell = (field: string | undefined) => row[at.get(field ?? '') ?? -1]
      after = Number(row[0])
      yield {
        rowId: after,
        key: textOf(cell(into.key)),
        ...identityOf({ linkedin: textOf(cell(roles.linkedin)), email: textOf(cell(roles.email)), person: undefined }),
        uniques: uniques.map((group) => uniqueText(group, cell)),
      }
    }
    full = rows.length === windowRows
  }
}

function leadFinder(
  db: Database,
  table: string,
  into: IntoTable,
  columnOf: ReadonlyMap<string, string>,
): (rowId: number) => ExistingLead | undefined {
  const roles = rolesOf(into)
  const fields = [...columnOf.keys()]
  const list = fields.map((field) => quoteIdentifier(columnOf.get(field) ?? field)).join(', ')
  const statement = db
    .prepare<[number], Cell[]>(`SELECT ${list} FROM ${quoteIdentifier(table)} WHERE rowid = ?`)
    .raw(true)
  return (rowId) => {
    const row = statement.get(rowId)
    if (row === undefined) return undefined
    const cells = new Map(fields.map((field, position) => [field, row[position] ?? null]))
    const text = (field: string | undefined) => textOf(field === undefined ? undefined : cells.get(field))
    const identity = { linkedin: text(roles.linkedin), email: text(roles.email), person: text(roles.person) }
    return { rowId, key: cells.get(into.key) ?? null, cells, ...identityOf(identity) }
  }
}

function keyHolder(db: Database, table: string, column: string | undefined): (key: string) => boolean {
  if (column === undefined) return () => false
  const sql = `SELECT 1 FROM ${quoteIdentifier(table)} WHERE ${quoteIdentifier(column)} = ?`
  const statement = db.prepare<[string], number>(sql).pluck()
  return (key) => statement.get(key) !== undefined
}

function textOf(cell: Cell | undefined): string | undefined {
  return typeof cell === 'string' && cell.trim() !== '' ? cell : typeof cell === 'number' ? String(cell) : undefined
}
