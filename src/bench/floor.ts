/**
 * The floors: the least that could do the same work, in a process of its own that holds nothing else. Prints what it took
 * as one line of JSON, without the start of Node.
 *
 *     node dist/bench/floor.js read FILE
 */
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { copyDatabase } from '../targets/backup/copy-database.ts'
import { pause } from './measure.ts'
import { runNode } from './processes.ts'

const tookSchema = z.object({ wallMs: z.number(), cpuMs: z.number(), rows: z.number() })
export type Took = z.output<typeof tookSchema>

const floors = { read, update, import: importRows, watch, copy, 'set-copy': setCopy }
export type FloorName = keyof typeof floors

/** Runs a floor in a process of its own. */
export async function runFloor(name: FloorName, ...operands: readonly string[]): Promise<Took> {
  const { stdout } = await runNode([fileURLToPath(import.meta.url), name, ...operands], { folder: process.cwd() })
  return tookSchema.parse(JSON.parse(stdout))
}

/** A transaction of the product holds at most so many records, so that others can write in between. */
const batchRows = 500

function took(work: () => number): Took {
  const startMs = performance.now()
  const before = process.cpuUsage()
  const rows = work()
  const { user, system } = process.cpuUsage(before)
  return { wallMs: performance.now() - startMs, cpuMs: (user + system) / 1000, rows }
}

/** Every column of every lead, and nothing done with it. */
function read([path = '']: readonly string[]): Took {
  const db = new Database(path, { readonly: true })
  return took(() => {
    let rows = 0
    for (const row of db.prepare<[], unknown[]>('SELECT * FROM leads').raw().iterate()) rows += row.length > 0 ? 1 : 0
    return rows
  })
}

function openWriting(path: string): Database.Database {
  const db = new Database(path)
  // As the product writes: a commit is on the disk when it returns.
  db.pragma('synchronous = FULL')
  for (const name of db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all())
    db.exec(`DROP TRIGGER "${name}"`)
  return db
}

function inBatches<Item>(db: Database.Database, items: readonly Item[], write: (item: Item) => void): number {
  const batch = db.transaction((from: number) => {
    for (let at = from; at < Math.min(from + batchRows, items.length); at += 1) {
      const item = items[at]
      if (item !== undefined) write(item)
    }
  })
  for (let from = 0; from < items.length; from += batchRows) batch.immediate(from)
  return items.length
}

/** Trims one column where the values are known already: no look, no before-image, no journal, no trigger. */
function update([path = '', column = '']: readonly string[]): Took {
  const db = openWriting(path)
  const cells = db
    .prepare<[], [number, string]>(`SELECT rowid, trim(${column}) FROM leads WHERE ${column} <> trim(${column})`)
    .raw()
    .all()
  const statement = db.prepare<[string, number]>(`UPDATE leads SET ${column} = ? WHERE rowid = ?`)
  return took(() => inBatches(db, cells, ([rowId, value]) => statement.run(value, rowId)))
}

/** Where the generated source has another name for a column of the target. */
const sourceNames: Readonly<Record<string, string>> = {
  full_name: 'name',
  engagement_status: 'engagement_stage',
  date_messaged: 'last_contacted',
  source: 'source_system',
}

/** Reads a table and writes the columns that both have into another file: no mapping, no rules, no matching. */
function importRows([from = '', into = '']: readonly string[]): Took {
  const source = new Database(from, { readonly: true })
  const target = openWriting(into)
  // Without rules, statuses and dates come as they are.
  target.pragma('ignore_check_constraints = ON')
  const columnsOf = (db: Database.Database) =>
    db.prepare<[], string>("SELECT name FROM pragma_table_info('leads')").pluck().all()
  const known = new Set(columnsOf(source))
  const pairs = columnsOf(target)
    .map((column) => ({ column, from: sourceNames[column] ?? column }))
    .filter((pair) => known.has(pair.from))
  const names = pairs.map((pair) => `"${pair.column}"`).join(', ')
  // Rows that a unique index or NOT NULL refuses are left out, as the product does.
  const insert = target.prepare<unknown[]>(
    `INSERT OR IGNORE INTO leads (${names}) VALUES (${pairs.map(() => '?').join(', ')})`,
  )
  const select = source.prepare<[], unknown[]>(`SELECT ${pairs.map((pair) => `"${pair.from}"`).join(', ')} FROM leads`)
  return took(() => inBatches(target, select.raw().all(), (row) => insert.run(...row)))
}

/** A consistent copy, on the disk when it returns, and nothing more. */
function copy([from = '', to = '']: readonly string[]): Took {
  const db = new Database(from, { readonly: true })
  return took(() => {
    db.prepare('VACUUM main INTO ?').run(to)
    return db.prepare<[], number>('SELECT count(*) FROM leads').pluck().get() ?? 0
  })
}

/** The copy that goes into a set, as the product makes it: private, of one moment, patient with writers. */
async function setCopy([from = '', to = '']: readonly string[]): Promise<Took> {
  const startMs = performance.now()
  const before = process.cpuUsage()
  await copyDatabase({ path: from, emptied: [] }, to)
  const { user, system } = process.cpuUsage(before)
  return { wallMs: performance.now() - startMs, cpuMs: (user + system) / 1000, rows: 0 }
}

/** Notices commits of other programs within 200 ms, as the product does, and does nothing else for `seconds`. */
async function watch([path = '', seconds = '10']: readonly string[]): Promise<Took> {
  const db = new Database(path, { readonly: true })
  const timer = setInterval(() => db.pragma('data_version'), 200)
  const startMs = performance.now()
  const before = process.cpuUsage()
  await pause(Number(seconds) * 1000)
  const { user, system } = process.cpuUsage(before)
  clearInterval(timer)
  return { wallMs: performance.now() - startMs, cpuMs: (user + system) / 1000, rows: 0 }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name, ...operands] = process.argv.slice(2)
  const floor = Object.entries(floors).find(([known]) => known === name)?.[1]
  if (floor === undefined) throw new Error(`there is no floor ${name}, but ${Object.keys(floors).join(', ')}`)
  process.stdout.write(JSON.stringify(await floor(operands)))
}
