/**
 * Rows that neither the damaged file nor the backup has, and that the mirror of the table in Airtable has. Only what is
 * missing is added: a row that is there, from wherever, stays as it is.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { z } from 'zod'
import { isRefusal } from '../database-error.ts'
import { quoteIdentifier } from '../schema-reader.ts'
import { writableColumns } from './shapes.ts'
import type { TableShape } from './walk.ts'

export const mirrorSchema = z.strictObject({
  /** The table's name in the desired state, and in SQLite. */
  name: z.string(),
  table: z.string(),
  key: z.string(),
  /** The rows of the mirror as JSON Lines: `key`, `createdMs`, `cells` by field. */
  path: z.string(),
  /** Records that are not among them: people who were erased, rows that were seen deleted. */
  leftOut: z.strictObject({ erased: z.int(), deleted: z.int() }),
})
export type Mirror = Readonly<z.output<typeof mirrorSchema>>

const rowSchema = z.strictObject({
  key: z.string(),
  createdMs: z.number(),
  cells: z.record(z.string(), z.union([z.null(), z.string(), z.number()])),
})
type MirroredRow = z.output<typeof rowSchema>

export interface Mirrored {
  fromAirtable: number
  refused: number
  readonly keys: string[]
  readonly problems: string[]
}

export const nothingMirrored = (): Mirrored => ({ fromAirtable: 0, refused: 0, keys: [], problems: [] })

const namedMax = 20

/** @param into the folder for `airtable-NAME.jsonl`, which holds the rows that were taken */
export function fillFromMirror(db: Database.Database, shape: TableShape, mirror: Mirror, into: string): Mirrored {
  const result = nothingMirrored()
  const writable = writableColumns(db, 'main', shape.name)
  const spelled = (name: string) => writable.find((column) => column.toLowerCase() === name.toLowerCase())
  const key = spelled(mirror.key)
  if (key === undefined) return result
  const insert = inserterOf(db, shape, key, spelled)
  const there = keysIn(db, shape.name, key)
  const taken: string[] = []
  for (const row of rowsIn(mirror.path)) {
    if (there.has(row.key)) continue
    there.add(row.key)
    try {
      insert(row)
    } catch (error) {
      if (!isRefusal(error)) throw error
      result.refused += 1
      const said = error instanceof Error ? error.message : String(error)
      if (result.problems.length < namedMax) result.problems.push(`record of Airtable: ${said}`)
      continue
    }
    result.fromAirtable += 1
    taken.push(`${JSON.stringify({ key: row.key, cells: row.cells })}\n`)
    if (result.keys.length < namedMax && !row.key.includes('@')) result.keys.push(row.key)
  }
  if (taken.length > 0) writeFileSync(join(into, takenName(mirror.name)), taken.join(''), { mode: 0o600, flush: true })
  return result
}

/** The file of the rows that a table was given by its mirror. */
export function takenName(table: string): string {
  return `airtable-${table}.jsonl`
}

/**
 * The oldest record first: of two with one key it is the one that the row belongs to. Those of one second by their keys,
 * since the order in which Airtable gives them is nobody's.
 */
function rowsIn(path: string): readonly MirroredRow[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [rowSchema.parse(JSON.parse(line))]))
    .sort((one, other) => one.createdMs - other.createdMs || byNumber.compare(one.key, other.key))
}

const byNumber = new Intl.Collator('en', { numeric: true })

function keysIn(db: Database.Database, table: string, key: string): Set<string> {
  const sql = `SELECT ${quoteIdentifier(key)} FROM main.${quoteIdentifier(table)}`
  const rows = db.prepare<[], unknown>(sql).pluck().safeIntegers()
  return new Set([...rows.iterate()].map((cell) => (Buffer.isBuffer(cell) ? cell.toString('hex') : String(cell))))
}

/** Columns that are not mirrored get their default; so does an empty one that may not be empty. */
function inserterOf(
  db: Database.Database,
  shape: TableShape,
  key: string,
  spelled: (name: string) => string | undefined,
): (row: MirroredRow) => void {
  const needed = new Set(shape.columns.filter(({ notNull }) => notNull).map(({ name }) => name))
  return (row) => {
    const cells = new Map<string, string | number | bigint | null>([[key, row.key]])
    for (const [field, cell] of Object.entries(row.cells)) {
      const column = spelled(field)
      if (column === undefined || column === key || (cell === null && needed.has(column))) continue
      // A whole number bound as it is would be a fraction for SQLite, which a column without a type keeps.
      cells.set(column, Number.isSafeInteger(cell) ? BigInt(Number(cell)) : cell)
    }
    const names = [...cells.keys()].map(quoteIdentifier).join(', ')
    const places = [...cells.keys()].map(() => '?').join(', ')
    db.prepare(`INSERT INTO main.${quoteIdentifier(shape.name)} (${names}) VALUES (${places})`).run(...cells.values())
  }
}
