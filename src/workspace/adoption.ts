/**
 * Writes a desired state from a database that is there, so that an owner starts from today: nothing of its tables is drift
 * against it, and what could be better is proposed as comments with the figures that speak for it. Reads only.
 */
import { statSync } from 'node:fs'
import { dirname, relative, sep } from 'node:path'
import type { Database } from 'better-sqlite3'
import { parseDesiredState } from '../desired/load.ts'
import { nameSchema } from '../desired/schema/scalars.ts'
import type { DesiredState } from '../desired/schema.ts'
import { snakeCaseOf } from '../desired/snake-case.ts'
import { invariant, OperationalError } from '../errors.ts'
import type { Databases } from '../targets/sqlite/ports.ts'
import {
  type ColumnSchema,
  quoteIdentifier,
  readSchemaNames,
  readTableSchema,
  type TableSchema,
} from '../targets/sqlite/schema-reader.ts'
import type { Cell } from '../values/field-type.ts'
import { emailKey, linkedInKey } from '../values/match-key.ts'
import { standardizeRules } from '../values/rules/index.ts'
import { type AdoptedColumn, type AdoptedField, adoptColumn, fieldNameOf } from './adopted-field.ts'
import { type AdoptableTable, proposeMirrors, type SampledTable } from './adopted-mapping.ts'
import { type AdoptedBase, type AdoptedTable, adoptedYaml, type LeftOut } from './adopted-yaml.ts'

/** Rows that types and proposals are judged by. */
const sampleRows = 5000
/** Rows whose people are looked for in a base. */
const peopleRows = 200_000

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
  /** The JSON schema that editors check the file with; absolute. */
  readonly schema: string
  /** A base, as it was read, whose tables mirror those of the database. */
  readonly airtable?: Omit<AdoptedBase, 'others'> & { readonly tables: readonly SampledTable[] }
}

/**
 * The desired state of a database. Throws USAGE where the file lies outside of the workspace or holds no table that can be
 * declared, and DATABASE_*.
 */
export async function adopt(settings: AdoptSettings, databases: Databases): Promise<Adoption> {
  const { database, workspace, airtable } = settings
  const path = relative(workspace, database).split(sep).join('/')
  if (path.startsWith('..')) {
    throw new OperationalError('USAGE', `${database} lies outside of ${workspace}, the folder of the desired state`, {
      hint: 'Write the desired state into a folder above the database: --state FOLDER/desired-state.yaml.',
    })
  }
  const view = await databases.read(database)
  try {
    const { tables: found, leftOut } = tablesIn(view.db)
    const kept = {
      permissions: openModeOf(database, workspace),
      journal: view.db.pragma('journal_mode', { simple: true }) === 'wal' ? undefined : 'in rollback mode',
    }
    const base = airtable && { ...airtable, others: airtable.tables.map(({ remote }) => remote.name) }
    const schema = relative(workspace, settings.schema).split(sep).join('/')
    const draft: Draft = {
      schema: schema.startsWith('../') ? schema : `./${schema}`,
      path,
      kept,
      leftOut,
      airtable: base,
      workspace,
    }
    const { tables, state } = withoutRefused(found, draft)
    if (tables.length === 0 || state === undefined) {
      throw new OperationalError('USAGE', `${database} holds no table that can be declared`, {
        hint: leftOut.map(({ table, reason }) => `${table}: ${reason}`).join('; ') || 'It holds no table at all.',
      })
    }
    if (base === undefined || airtable === undefined)
      return { yaml: adoptedYaml({ ...draft, tables }), tables, leftOut }
    const adoptable = tables.map((table) => adoptableTable(view.db, table, state))
    const mirrors = proposeMirrors(adoptable, airtable.tables)
    const taken = new Set([...mirrors.values()].map(({ table }) => table))
    const mirrored = tables.map((table) => ({ ...table, ...mirrorOf(mirrors.get(table.name)) }))
    const whole = { ...draft, airtable: { ...base, others: base.others.filter((name) => !taken.has(name)) } }
    refuseInvalid(whole, mirrored)
    return { yaml: adoptedYaml({ ...whole, tables: mirrored }), tables: mirrored, leftOut }
  } finally {
    view.close()
  }
}

function mirrorOf(mirror: AdoptedTable['mirror']): Pick<AdoptedTable, 'mirror'> {
  return mirror === undefined ? {} : { mirror }
}

type Draft = Omit<Parameters<typeof adoptedYaml>[0], 'tables' | 'leftOut'> & {
  readonly leftOut: LeftOut[]
  readonly workspace: string
}

function tablesIn(db: Database): { tables: readonly AdoptedTable[]; leftOut: LeftOut[] } {
  const leftOut: LeftOut[] = []
  const tables: AdoptedTable[] = []
  for (const name of readSchemaNames(db).tables) {
    if (name.startsWith('_trueup')) continue
    const table = readTableSchema(db, name)
    const entry = entryNameOf(name)
    const isTaken = tables.some((one) => one.name.toLowerCase() === entry.toLowerCase())
    const adopted =
      table === undefined
        ? 'it went away meanwhile'
        : isTaken
          ? `another table is declared as ${entry}`
          : adoptTable(db, table, entry)
    if (typeof adopted === 'string') leftOut.push({ table: name, reason: adopted })
    else tables.push(adopted)
  }
  return { tables, leftOut }
}

/** A name that GraphQL or the file itself does not allow is found by the check that every desired state goes through. */
function withoutRefused(
  found: readonly AdoptedTable[],
  draft: Draft,
): { readonly tables: readonly AdoptedTable[]; readonly state: DesiredState | undefined } {
  let tables = found
  while (tables.length > 0) {
    const parsed = parsedOf(draft, tables)
    if (parsed.is === 'valid') return { tables, state: parsed.state }
    const refused = tables.find(({ name }) => problemIn(parsed, name) !== undefined)
    if (refused === undefined) throw invalid(draft, parsed)
    draft.leftOut.push({ table: refused.name, reason: problemIn(parsed, refused.name) ?? '' })
    tables = tables.filter((one) => one !== refused)
  }
  return { tables, state: undefined }
}

function refuseInvalid(draft: Draft, tables: readonly AdoptedTable[]): void {
  const parsed = parsedOf(draft, tables)
  if (parsed.is !== 'valid') throw invalid(draft, parsed)
}

type Parsed = ReturnType<typeof parseDesiredState>
type Refused = Exclude<Parsed, { readonly is: 'valid' }>

function parsedOf({ workspace, ...content }: Draft, tables: readonly AdoptedTable[]): Parsed {
  return parseDesiredState(adoptedYaml({ ...content, tables }), {
    file: 'desired-state.yaml',
    environment: {},
    workspace,
    rules: standardizeRules,
  })
}

/** The first thing that the check of a desired state has against a table. */
function problemIn(parsed: Refused, table: string): string | undefined {
  const here = `tables.${table}`
  return parsed.problems.find(({ path }) => path === here || path.startsWith(`${here}.`))?.message
}

function invalid({ path }: Draft, { problems: [first] }: Refused): OperationalError {
  return new OperationalError(
    'DESIRED_STATE_INVALID',
    `no desired state can be made of ${path}: ${first?.path}: ${first?.message}`,
  )
}

/** Why the modes of the file and of the folder that is its own are not private; undefined where they are. */
function openModeOf(database: string, workspace: string): string | undefined {
  const folder = dirname(database)
  const text = (mode: number) => `0${(mode & 0o777).toString(8)}`
  const { mode } = statSync(database)
  const { mode: folderMode } = statSync(folder)
  if ((mode & 0o777) !== 0o600) return `its mode is ${text(mode)}`
  const isOwn = folder !== workspace
  const isOpen = (folderMode & 0o022) !== 0 && (folderMode & 0o1000) === 0
  return (isOwn && (folderMode & 0o777) !== 0o700) || isOpen ? `its folder's mode is ${text(folderMode)}` : undefined
}

/** The table with the people of its rows and their keys, by which records of a base are recognised. */
function adoptableTable(db: Database, { name, table, key, fields }: AdoptedTable, state: DesiredState): AdoptableTable {
  const spec = state.tables[name]
  invariant(spec !== undefined, 'a table that was declared is in the desired state')
  const telling = fields.filter((field) => field.type === 'email' || /linkedin/.test(field.name))
  const columns = [key, ...telling.map((field) => field.name)].map(quoteIdentifier).join(', ')
  const sql = `SELECT ${columns} FROM ${quoteIdentifier(table)} LIMIT ${peopleRows}`
  const people = new Set<string>()
  const keys = new Set<string>()
  for (const [own, ...cells] of db.prepare<[], Cell[]>(sql).raw().iterate()) {
    if (own !== null && own !== undefined && own !== '') keys.add(String(own))
    for (const cell of cells) {
      const person = typeof cell === 'string' ? (linkedInKey(cell) ?? emailKey(cell)) : undefined
      if (person !== undefined) people.add(person)
    }
  }
  return { name, spec, people, keys }
}

/** The name of a table's entry: its own, or one like it where its own is none that an entry can have. */
function entryNameOf(table: string): string {
  return nameSchema.safeParse(table).success ? table : snakeCaseOf(table)
}

/** A table as it would be declared, or why it is left out. */
function adoptTable(db: Database, table: TableSchema, entry: string): AdoptedTable | string {
  if (table.form !== 'ordinary') return `it is a ${table.form} table`
  if (!nameSchema.safeParse(entry).success) return 'its name is not one that a table can be declared under'
  if (table.withoutRowId) return 'its records have no rowid, by which Trueup addresses them'
  const key = keyOf(table)
  if (key === undefined) return 'no column holds a different value in every row, which a key needs'
  const rows = sampleOf(db, table)
  const columns = table.columns.map((column, position) =>
    adoptColumn({ column, isUnique: isUnique(table, column), values: rows.map((row) => row[position] ?? null) }),
  )
  const fields = columns.flatMap((one) => (one.is === 'field' ? [one.field] : []))
  const keyField = fieldNameOf(key.name)
  if (!fields.some(({ name }) => name === keyField)) return `its key ${key.name} cannot be declared`
  return {
    name: entry,
    table: table.name,
    key: keyField,
    fields: fields.map((field) =>
      field.name === keyField ? { ...field, required: false, unique: false, default: undefined, proposals: [] } : field,
    ),
    indexes: indexesOf(table, new Set(fields.map(({ name }) => name))),
    leftOut: leftOutOf(columns, fields),
    rowsWithoutKey: keylessRows(db, table, key),
    rows:
      db
        .prepare<[], number>(`SELECT count(*) FROM ${quoteIdentifier(table.name)}`)
        .pluck()
        .get() ?? 0,
    filled: filledShares(rows, table.columns),
  }
}

/** Columns that are left out; a name that is taken is proposed for none. */
function leftOutOf(columns: readonly AdoptedColumn[], fields: readonly AdoptedField[]): AdoptedTable['leftOut'] {
  const taken = new Set(fields.map(({ name }) => name))
  return columns.flatMap((one) => {
    if (one.is === 'field') return []
    const { column, reason, renamed } = one
    if (renamed === undefined || taken.has(renamed.name)) return [{ column, reason }]
    taken.add(renamed.name)
    return [{ column, reason, renamed }]
  })
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
    .map(({ unique, terms }) => ({
      unique,
      on: terms.flatMap(({ column }) => (column === undefined ? [] : fieldNameOf(column))),
    }))
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
  return new Map(columns.map(({ name }, position) => [fieldNameOf(name), share(position)]))
}
