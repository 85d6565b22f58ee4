/**
 * Writes a desired state from a database that is there, so that an owner starts from today: nothing of its tables is drift
 * against it, and what could be better is proposed as comments with the figures that speak for it. Reads only.
 */
import { relative, sep } from 'node:path'
import type { Database } from 'better-sqlite3'
import { parseDesiredState } from '../desired/load.ts'
import { OperationalError } from '../errors.ts'
import type { Databases } from '../targets/sqlite/ports.ts'
import {
  type ColumnSchema,
  quoteIdentifier,
  readSchemaNames,
  readTableSchema,
  type TableSchema,
} from '../targets/sqlite/schema-reader.ts'
import type { Cell } from '../values/field-type.ts'
import { standardizeRules } from '../values/rules/index.ts'
import { adoptColumn } from './adopted-field.ts'
import { type AdoptedTable, adoptedYaml, type LeftOut } from './adopted-yaml.ts'

/** Rows that types and proposals are judged by. */
const sampleRows = 5000

export interface Adoption {
  readonly yaml: string
  readonly tables: readonly AdoptedTable[]
  readonly leftOut: readonly LeftOut[]
}

export interface AdoptSettings {
  /** The database file; absolute. */
  readonly database: string
  /** Folder of the desired state that will be written; absolute. */
  readonly workspace: string
}

/**
 * The desired state of a database. Throws USAGE where the file lies outside of the workspace or holds no table that can be
 * declared, and DATABASE_*.
 */
export async function adopt({ database, workspace }: AdoptSettings, databases: Databases): Promise<Adoption> {
  const path = relative(workspace, database).split(sep).join('/')
  if (path.startsWith('..')) {
    throw new OperationalError('USAGE', `${database} lies outside of ${workspace}, the folder of the desired state`, {
      hint: 'Write the desired state into a folder above the database: --state FOLDER/desired-state.yaml.',
    })
  }
  const view = await databases.read(database)
  const leftOut: LeftOut[] = []
  let tables: AdoptedTable[] = []
  try {
    for (const name of readSchemaNames(view.db).tables) {
      if (name.startsWith('_trueup')) continue
      const table = readTableSchema(view.db, name)
      const adopted = table === undefined ? 'it went away meanwhile' : adoptTable(view.db, table)
      if (typeof adopted === 'string') leftOut.push({ table: name, reason: adopted })
      else tables.push(adopted)
    }
  } finally {
    view.close()
  }
  // A name that GraphQL or the file itself does not allow is found by the check that every desired state goes through.
  for (;;) {
    const problems = problemsOf(path, tables, leftOut, workspace)
    const refused = tables.find(({ name }) => problems.has(name))
    if (refused === undefined) break
    leftOut.push({ table: refused.name, reason: problems.get(refused.name) ?? '' })
    tables = tables.filter((one) => one !== refused)
  }
  if (tables.length === 0) {
    throw new OperationalError('USAGE', `${database} holds no table that can be declared`, {
      hint: leftOut.map(({ table, reason }) => `${table}: ${reason}`).join('; ') || 'It holds no table at all.',
    })
  }
  return { yaml: adoptedYaml({ path, tables, leftOut }), tables, leftOut }
}

/** By table, the first thing that the check of a desired state has against it. Throws what it has against the rest. */
function problemsOf(
  path: string,
  tables: readonly AdoptedTable[],
  leftOut: readonly LeftOut[],
  workspace: string,
): ReadonlyMap<string, string> {
  if (tables.length === 0) return new Map()
  const yaml = adoptedYaml({ path, tables, leftOut })
  const parsed = parseDesiredState(yaml, {
    file: 'desired-state.yaml',
    environment: {},
    workspace,
    rules: standardizeRules,
  })
  if (parsed.is === 'valid') return new Map()
  const found = new Map<string, string>()
  for (const { path: at, message } of parsed.problems) {
    const table = tables.find(({ name }) => at.startsWith(`tables.${name}.`) || at === `tables.${name}`)
    if (table !== undefined && !found.has(table.name)) found.set(table.name, message)
  }
  const [first] = parsed.problems
  if (found.size === 0)
    throw new OperationalError(
      'DESIRED_STATE_INVALID',
      `no desired state can be made of ${path}: ${first?.path}: ${first?.message}`,
    )
  return found
}

/** A table as it would be declared, or why it is left out. */
function adoptTable(db: Database, table: TableSchema): AdoptedTable | string {
  if (table.form !== 'ordinary') return `it is a ${table.form} table`
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(table.name)) return 'its name is not one that a table can be declared under'
  if (table.withoutRowId) return 'its records have no rowid, by which Trueup addresses them'
  const key = keyOf(table)
  if (key === undefined) return 'no column holds a different value in every row, which a key needs'
  const rows = sampleOf(db, table)
  const columns = table.columns.map((column, position) =>
    adoptColumn({ column, isUnique: isUnique(table, column), values: rows.map((row) => row[position] ?? null) }),
  )
  const fields = columns.flatMap((one) => (one.is === 'field' ? [one.field] : []))
  if (!fields.some(({ name }) => name === key.name)) return `its key ${key.name} cannot be declared`
  return {
    name: table.name,
    key: key.name,
    fields: fields.map((field) =>
      field.name === key.name ? { ...field, required: false, unique: false, default: undefined, proposals: [] } : field,
    ),
    indexes: indexesOf(table, new Set(fields.map(({ name }) => name))),
    leftOut: columns.flatMap((one) => (one.is === 'left-out' ? [{ column: one.column, reason: one.reason }] : [])),
    rowsWithoutKey: keylessRows(db, table, key),
    rows:
      db
        .prepare<[], number>(`SELECT count(*) FROM ${quoteIdentifier(table.name)}`)
        .pluck()
        .get() ?? 0,
    filled: filledShares(rows, table.columns),
  }
}

/**
 * The primary key of one column, else a column that is called like a key; no two rows may share a value. A row without one
 * is kept and reported: SQLite lets a TEXT PRIMARY KEY be NULL.
 */
function keyOf(table: TableSchema): ColumnSchema | undefined {
  const primary = table.columns.filter((column) => column.primaryKey > 0)
  const named = table.columns.filter((column) => /^(id|uuid|lead_id|key)$/i.test(column.name))
  return (primary.length === 1 ? [...primary, ...named] : named).find((column) => {
    const isRowId = column.primaryKey === 1 && primary.length === 1 && /^INTEGER$/i.test(column.type)
    return isRowId || isUnique(table, column)
  })
}

function keylessRows(db: Database, table: TableSchema, { name }: ColumnSchema): number {
  const key = quoteIdentifier(name)
  const sql = `SELECT count(*) FROM ${quoteIdentifier(table.name)} WHERE ${key} IS NULL OR ${key} = ''`
  return db.prepare<[], number>(sql).pluck().get() ?? 0
}

function isUnique(table: TableSchema, column: ColumnSchema): boolean {
  return table.indexes.some(
    ({ unique, partial, expressions, terms }) =>
      unique && !partial && !expressions && terms.length === 1 && terms[0]?.column === column.name,
  )
}

function indexesOf(table: TableSchema, fields: ReadonlySet<string>): AdoptedTable['indexes'] {
  return table.indexes
    .filter(
      ({ origin, partial, expressions, terms }) =>
        origin !== 'primary-key' && !partial && !expressions && terms.length > 0,
    )
    .map(({ unique, terms }) => ({ unique, on: terms.flatMap(({ column }) => column ?? []) }))
    .filter(({ unique, on }) => on.every((name) => fields.has(name)) && !(unique && on.length === 1))
}

function sampleOf(db: Database, table: TableSchema): readonly (readonly Cell[])[] {
  const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  const sql = `SELECT ${columns} FROM ${quoteIdentifier(table.name)} LIMIT ${sampleRows}`
  return db.prepare<[], Cell[]>(sql).raw().all()
}

function filledShares(
  rows: readonly (readonly Cell[])[],
  columns: readonly ColumnSchema[],
): ReadonlyMap<string, number> {
  const share = (position: number) =>
    rows.length === 0 ? 0 : rows.filter((row) => row[position] !== null && row[position] !== '').length / rows.length
  return new Map(columns.map(({ name }, position) => [name, share(position)]))
}
