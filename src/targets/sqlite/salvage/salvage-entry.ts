/**
 * Child process: makes a sound database of what can be read of a damaged one and what a backup still has. Works on the
 * quarantined copy, which nobody has open and which it does not change; all that it makes lies in the folder it is given.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { z } from 'zod'
import { serve } from '../../process/serve.ts'
import { restartChangeLog } from '../change-log.ts'
import { openReading, openWriting } from '../connection.ts'
import { codeOf } from '../database-error.ts'
import { quoteIdentifier } from '../schema-reader.ts'
import type { LeafCell } from './cells.ts'
import { type Combined, combineTable, nothingCombined } from './combine.ts'
import { createFiller, type Filled } from './fill.ts'
import { fillFromMirror, type Mirrored, mirrorSchema, nothingMirrored } from './mirror.ts'
import { openPages, type Pages, type ReadBytes, readWal, u32, withWal } from './pages.ts'
import type { SalvageReport, TableReport } from './report.ts'
import { countOf, createEntries, entriesIn, entriesOf, joinEntries, type SchemaEntry, shapeOf } from './shapes.ts'
import {
  type LostPart,
  type Resemblance,
  readSchemaRows,
  type TableFound,
  type TableShape,
  walkTables,
} from './walk.ts'

export const salvageOrderSchema = z.strictObject({
  /** The quarantined file; its -wal, where there was one, lies beside it. */
  file: z.string(),
  /** An empty private folder: the result is `result.db` in it. */
  into: z.string(),
  set: z
    .strictObject({
      id: z.string(),
      createdAtMs: z.number(),
      unwrittenSince: z.boolean(),
      /** The database, restored from the set. */
      path: z.string(),
    })
    .nullable(),
  withoutSet: z.string().nullable(),
  /** Key columns of declared tables. */
  keys: z.record(z.string(), z.string()),
  /** What Airtable holds of tables. */
  mirrors: z.array(mirrorSchema),
})
export type SalvageOrder = z.output<typeof salvageOrderSchema>

const resultName = 'result.db'

serve((input, { progress }): SalvageReport => {
  const order = salvageOrderSchema.parse(input)
  const opened: number[] = []
  const reader = (path: string): { readonly read: ReadBytes; readonly bytes: number } => {
    const file = openSync(path, 'r')
    opened.push(file)
    return { bytes: statSync(path).size, read: readerOf(file) }
  }
  const part = join(order.into, 'result.part')
  const kept = order.set === null ? undefined : openReading(order.set.path)
  rmSync(part, { force: true })
  closeSync(openSync(part, 'wx', 0o600))
  const db = openWriting(part)
  try {
    const file = reader(rolledBack(order))
    const wal = existsSync(`${order.file}-wal`) ? reader(`${order.file}-wal`) : undefined
    const view = chooseView(file, wal, kept, order.set?.unwrittenSince === true)
    progress(1, 4)
    const report = rebuild(db, view, kept, order)
    db.close()
    publish(part, join(order.into, resultName))
    progress(4, 4)
    return report
  } finally {
    db.close()
    kept?.close()
    for (const one of opened) closeSync(one)
  }
})

/**
 * The file to read: where a rollback journal lies beside it, a copy that SQLite has played it back into, as far as it can.
 * What it cannot, is read as it stands.
 */
function rolledBack({ file, into }: SalvageOrder): string {
  const journal = `${file}-journal`
  if (!existsSync(journal) || statSync(journal).size === 0) return file
  const copy = join(into, 'rolled-back.db')
  copyFileSync(file, copy)
  copyFileSync(journal, `${copy}-journal`)
  try {
    openWriting(copy).close()
  } catch (error) {
    if (codeOf(error)?.startsWith('SQLITE_') !== true) throw error
  }
  return copy
}

/** It is on the disk before it has its name. */
function publish(part: string, to: string): void {
  const file = openSync(part, 'r')
  fsyncSync(file)
  closeSync(file)
  renameSync(part, to)
}

function readerOf(file: number): ReadBytes {
  return (from, length) => {
    const block = Buffer.alloc(length)
    return block.subarray(0, readSync(file, block, 0, length, from))
  }
}

interface View {
  readonly pages: Pages
  readonly wal: SalvageReport['wal']
  readonly entries: readonly SchemaEntry[]
}

type Opened = ReturnType<typeof readerOf>

/** The file with its -wal where that fits it, which is told from how much can be read either way. */
function chooseView(
  file: { readonly read: Opened; readonly bytes: number },
  wal: { readonly read: Opened; readonly bytes: number } | undefined,
  kept: Database.Database | undefined,
  unwrittenSince: boolean,
): View {
  const schemaOf = (pages: Pages) => schemaIn(pages, kept, unwrittenSince)
  const alone = openPages(file.read, file.bytes)
  const frames = wal === undefined ? undefined : readWal(wal.read, wal.bytes, alone.pageSize)
  const bare = { ...schemaOf(alone), pages: alone }
  if (wal === undefined || frames === undefined) return { ...bare, wal: 'none' }
  if (frames.pages.size === 0) return { ...bare, wal: 'empty' }
  const bytes = Math.max(frames.pageCount * alone.pageSize, 0)
  const joined = openPages(withWal(file.read, wal.read, frames, alone.pageSize), bytes)
  if (joined.pageSize !== alone.pageSize) return { ...bare, wal: 'contradicts' }
  const full = { ...schemaOf(joined), pages: joined }
  return damageOf(full) <= damageOf(bare) ? { ...full, wal: 'used' } : { ...bare, wal: 'contradicts' }
}

function schemaIn(
  pages: Pages,
  kept: Database.Database | undefined,
  unwrittenSince: boolean,
): { readonly entries: readonly SchemaEntry[] } {
  const { rows, isWhole } = readSchemaRows(pages)
  const theirs = kept === undefined ? [] : entriesIn(kept, 'main')
  const stand = unwrittenSince && theirs.length > 0 ? 'as-kept' : isWhole ? 'whole' : 'in-part'
  return { entries: joinEntries(entriesOf(rows), theirs, stand) }
}

/** How much of a view cannot be read: compares two views of one file. */
function damageOf({ pages, entries }: { readonly pages: Pages; readonly entries: readonly SchemaEntry[] }): number {
  const db = openWriting(':memory:')
  try {
    const notes: string[] = []
    const made = createEntries(db, entries.filter(isTable), [], notes)
    const { tables } = walkTables(pages, shapesOf(db, made), new Set([1]), () => undefined)
    const lost = tables.reduce((sum, table) => sum + table.lost.length + (table.isWhole ? 0 : 1), 0)
    return lost + notes.length + (tables.length === 0 ? 1000 : 0)
  } finally {
    db.close()
  }
}

const isVirtual = ({ sql }: SchemaEntry) => /^\s*CREATE\s+VIRTUAL/i.test(sql)
const isTable = (entry: SchemaEntry) => entry.type === 'table'
const isUniqueIndex = ({ type, sql }: SchemaEntry) => type === 'index' && /^\s*CREATE\s+UNIQUE/i.test(sql)

function shapesOf(db: Database.Database, entries: readonly SchemaEntry[]): readonly TableShape[] {
  return entries.filter((entry) => isTable(entry) && !isVirtual(entry)).map((entry) => shapeOf(db, entry))
}

function rebuild(
  db: Database.Database,
  { pages, wal, entries }: View,
  kept: Database.Database | undefined,
  order: SalvageOrder,
): SalvageReport {
  const theirs = kept === undefined ? [] : entriesIn(kept, 'main')
  const schema: string[] = []
  prepareFile(db, pages, kept)
  // Tables of an index of SQLite are made with it, and filled by it.
  const virtual = entries.filter(isVirtual).map(({ name }) => name)
  const real = entries.filter((one) => !virtual.some((name) => one.name.startsWith(`${name}_`)))
  for (const name of virtual) schema.push(`${name} is an index of SQLite: it is empty and has to be built again`)
  const made = createEntries(db, real.filter(isTable), theirs, schema)
  createEntries(db, real.filter(isUniqueIndex), theirs, schema)
  const shapes = shapesOf(db, made)
  db.exec('BEGIN')
  const filler = createFiller(db, shapes)
  const { tables, strays } = walkTables(pages, shapes, new Set([1]), filler.add, likenessTo(kept))
  const filled = filler.finish()
  db.exec('COMMIT')
  const combined = combine(db, tables, kept, order)
  const mirrored = fillFromMirrors(db, tables, order)
  const rest = real.filter((entry) => !isTable(entry) && !isUniqueIndex(entry))
  const later = ['index', 'view', 'trigger'].flatMap((type) => rest.filter((entry) => entry.type === type))
  createEntries(db, later, theirs, schema)
  const reports = tables.map((table) => reportOf(db, table, { filled, combined, mirrored }, order))
  db.exec('DROP TABLE temp.doubt')
  // Rows are other ones than the log of changes tells: whoever reads on from a place in it looks at all.
  if (order.set?.unwrittenSince !== true) restartChangeLog(db)
  const { pageSize, count, hasHeader } = pages
  const { set, withoutSet } = order
  return {
    ...{ pageSize, pages: count, hasHeader, wal, withoutSet, withoutAirtable: [], schema },
    set: set === null ? null : { id: set.id, createdAtMs: set.createdAtMs, unwrittenSince: set.unwrittenSince },
    tables: reports,
    strays: strays.map(({ page, rows, tables: names }) => ({ page, rows, tables: [...names] })),
    ...verified(db),
  }
}

/** Rows that the backup has under the same rowid, with a value in common. */
function likenessTo(kept: Database.Database | undefined): Resemblance {
  return (table, rows) => {
    if (kept === undefined || !entriesIn(kept, 'main').some(({ name }) => name === table)) return 0
    const one = kept.prepare<[bigint], unknown[]>(`SELECT * FROM ${quoteIdentifier(table)} WHERE rowid = ?`)
    const isAlike = ({ rowId, cells }: LeafCell) => {
      const theirs = one.safeIntegers().raw(true).get(rowId) ?? []
      return theirs.some((cell, at) => cell !== null && cell === cells[at])
    }
    return rows.filter(isAlike).length
  }
}

/** What the file says of itself beside its content. */
function prepareFile(db: Database.Database, pages: Pages, kept: Database.Database | undefined): void {
  const header = pages.hasHeader ? pages.page(1) : undefined
  const said = (name: string, at: number) =>
    header === undefined ? Number(kept?.pragma(name, { simple: true }) ?? 0) : u32(header, at) | 0
  const encoding = { 'utf-8': 'UTF-8', 'utf-16le': 'UTF-16le', 'utf-16be': 'UTF-16be' }[pages.encoding]
  db.pragma(`encoding = '${encoding}'`)
  db.pragma(`page_size = ${pages.pageSize}`)
  db.pragma(`user_version = ${said('user_version', 60)}`)
  db.pragma(`application_id = ${said('application_id', 68)}`)
  db.pragma('foreign_keys = OFF')
  db.pragma('trusted_schema = OFF')
  db.pragma('synchronous = OFF')
}

function combine(
  db: Database.Database,
  tables: readonly TableFound[],
  kept: Database.Database | undefined,
  { set, keys }: SalvageOrder,
): ReadonlyMap<string, Combined> {
  if (kept === undefined || set === null) return new Map()
  db.prepare('ATTACH ? AS kept').run(set.path)
  try {
    const { unwrittenSince } = set
    return new Map(tables.map((table) => [table.shape.name, combineTable(db, table, { unwrittenSince, keys })]))
  } finally {
    db.exec('DETACH kept')
  }
}

const mirrorOf = ({ mirrors }: SalvageOrder, table: string) =>
  mirrors.find((mirror) => mirror.table.toLowerCase() === table.toLowerCase())

/** In a table of which every page could be read, a row that only Airtable has was deleted here, and stays so. */
function fillFromMirrors(
  db: Database.Database,
  tables: readonly TableFound[],
  order: SalvageOrder,
): ReadonlyMap<string, Mirrored> {
  const found = new Map<string, Mirrored>()
  if (order.set?.unwrittenSince === true) return found
  const fill = db.transaction(() => {
    for (const { shape, isWhole } of tables) {
      const mirror = mirrorOf(order, shape.name)
      if (mirror !== undefined && !isWhole) found.set(shape.name, fillFromMirror(db, shape, mirror, order.into))
    }
  })
  fill()
  return found
}

const namedMax = 20

function reportOf(
  db: Database.Database,
  found: TableFound,
  sources: {
    readonly filled: ReadonlyMap<string, Filled>
    readonly combined: ReadonlyMap<string, Combined>
    readonly mirrored: ReadonlyMap<string, Mirrored>
  },
  order: SalvageOrder,
): TableReport {
  const { name } = found.shape
  const { filled, combined } = sources
  const mirrored = sources.mirrored.get(name) ?? nothingMirrored()
  const { salvaged = 0, doubtful = 0, refused = 0, problems = [] } = filled.get(name) ?? {}
  const { settled, sample, refused: alsoRefused, ...counts } = combined.get(name) ?? nothingCombined()
  return {
    ...counts,
    name,
    rows: countOf(db, name),
    salvaged,
    doubtful: Math.max(0, doubtful - settled),
    fromAirtable: mirrored.fromAirtable,
    airtableKeys: mirrored.keys,
    leftInAirtable: mirrorOf(order, name)?.leftOut ?? { erased: 0, deleted: 0 },
    refused: refused + alsoRefused + mirrored.refused,
    isWhole: found.isWhole,
    lost: found.lost.slice(0, namedMax).map((part) => lostText(db, found.shape, part)),
    lostParts: found.lost.length,
    sample,
    problems: [...problems, ...mirrored.problems].slice(0, namedMax),
  }
}

/** Names what is gone: the page, the rowids it can have held, and how many of these are there again. */
function lostText(db: Database.Database, { name, form }: TableShape, { page, after, upTo, what }: LostPart): string {
  const held = what === 'page' ? `page ${page} cannot be read` : `a row of page ${page} cannot be read`
  if (form === 'index') return held
  if (after !== undefined && after === upTo) return `${held}: that of rowid ${after}`
  const table = quoteIdentifier(name)
  const back = db
    .prepare<[bigint, bigint], number>(`SELECT count(*) FROM main.${table} WHERE rowid > ? AND rowid <= ?`)
    .pluck()
  const there = back.get(after ?? -(2n ** 63n), upTo ?? 2n ** 63n - 1n) ?? 0
  const range = `${after === undefined ? 'the first' : after + 1n} to ${upTo ?? 'the last'}`
  return `${held}: rowids ${range}, of which ${there} are there`
}

function verified(db: Database.Database): Pick<SalvageReport, 'foreignKeyViolations' | 'problems'> {
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  const said = db.prepare<[], string>('PRAGMA integrity_check(20)').pluck().all()
  return {
    problems: said.length === 1 && said[0] === 'ok' ? [] : said,
    foreignKeyViolations: violationsOf(db),
  }
}

/** A key that refers to a table that is not there cannot be checked: all its rows refer to nothing. */
function violationsOf(db: Database.Database): number {
  try {
    return db.prepare<[], number>('SELECT count(*) FROM pragma_foreign_key_check').pluck().get() ?? 0
  } catch (error) {
    if (codeOf(error)?.startsWith('SQLITE_ERROR') === true) return 0
    throw error
  }
}
