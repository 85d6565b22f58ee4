/**
 * Damaged copies of a database, as many as CORRUPTIONS says (default 12), the same for the same CORRUPTION_SEED: each is
 * found, and the ladder brings back what exists in the backup or on a page that can be read; the rest is named.
 */
import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../src/random.ts'
import { readTreePage } from '../../src/targets/sqlite/salvage/cells.ts'
import { openPages } from '../../src/targets/sqlite/salvage/pages.ts'
import type { Workspace } from '../../src/workspace/workspace.ts'
import { type BackupWorld, createBackupWorld } from '../support/backup-world.ts'
import { type Corrupted, type CorruptionClass, corrupt, corruptionClasses } from '../support/corruptions.ts'
import { removeFolder } from '../support/remove.ts'

const copies = Number(process.env.CORRUPTIONS ?? 12)
const seed = Number(process.env.CORRUPTION_SEED ?? (process.env.CORRUPTIONS === undefined ? 6 : Date.now() % 1_000_000))
const pageSize = 1024
const key = { kind: 'database', name: 'main' }
const signal = new AbortController().signal

const fill = `
  PRAGMA journal_mode = DELETE; PRAGMA page_size = ${pageSize}; VACUUM; PRAGMA journal_mode = WAL;
  CREATE INDEX notes_lead ON notes (lead_id);
  CREATE TABLE marks (word TEXT, at INTEGER, size REAL, PRIMARY KEY (word, at)) WITHOUT ROWID;
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
    INSERT INTO leads SELECT 'lead-' || i, 'Person called ' || i, 'person' || i || '@lasting.example' FROM n;
  WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
    INSERT INTO notes SELECT i, 'lead-' || (1 + i % 400), replace(hex(zeroblob(iif(i % 40 = 0, 900, 15))), '00', 'wordy ') || i FROM n;
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO marks SELECT 'mark' || i % 7, i, i / 3.0 FROM n;`
const changes = `
  UPDATE leads SET full_name = full_name || ' renamed' WHERE rowid % 9 = 0;
  DELETE FROM notes WHERE id % 25 = 0;
  WITH RECURSIVE n(i) AS (SELECT 501 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
    INSERT INTO notes SELECT i, 'lead-' || (1 + i % 400), 'written after the backup ' || i FROM n;`

type Rows = ReadonlyMap<string, string>

/** Every row of the tables, by table and key. */
function rowsIn(path: string): Rows {
  const db = new Database(path)
  try {
    return new Map(
      ['leads', 'notes', 'marks'].flatMap((table) =>
        db
          .prepare<[], unknown[]>(`SELECT * FROM ${table}`)
          .raw()
          .all()
          .map((row): [string, string] => [keyOf(table, row), JSON.stringify(row)]),
      ),
    )
  } finally {
    db.close()
  }
}

function schemaIn(path: string): readonly unknown[] {
  const db = new Database(path)
  try {
    return db.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name').all()
  } finally {
    db.close()
  }
}

function keyOf(table: string, row: readonly unknown[]): string {
  return `${table} ${table === 'marks' ? `${row[0]}/${row[1]}` : row[0]}`
}

function placesOf(text: string, file: Buffer): readonly number[] {
  const places: number[] = []
  for (let at = file.indexOf(text); at >= 0; at = file.indexOf(text, at + 1)) places.push(at)
  return places
}

/** Puts a copy in the place of the database, as a copy of a disk would be. */
function lay(world: BackupWorld, { file, wal }: Pick<Corrupted, 'file' | 'wal'>): void {
  const path = world.path('data/leads.db')
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
  writeFileSync(`${path}.new`, file, { mode: 0o600 })
  renameSync(`${path}.new`, path)
  if (wal !== undefined) writeFileSync(`${path}-wal`, wal, { mode: 0o600 })
}

/** Looks until nothing more goes by itself. */
async function look({ engine }: Workspace) {
  for (let looks = 0; looks < 4; looks += 1) {
    const request = { runId: engine.newRunId(), actor: 'test', signal, full: true }
    const { status, reconciled } = await engine.reconcileNow(key, request)
    if (reconciled.executed.length === 0) return status
  }
  throw new Error('it does not come to rest')
}

/** Looks, approves the repair, and looks again. Undefined where nothing was found. */
async function repair(workspace: Workspace): Promise<{ readonly findings: readonly string[] } | undefined> {
  const found = await look(workspace)
  if (found.observation?.is !== 'present') throw new Error(JSON.stringify(found.conditions))
  if (found.observation.withheld === undefined) return undefined
  const replacement = found.actions.find(({ action }) => action.verb === 'replace-damaged')?.action
  if (replacement === undefined) throw new Error(JSON.stringify(found.drift))
  workspace.engine.approve({ actionId: replacement.id, approver: 'ann' })
  const after = await look(workspace)
  expect(after.observation?.is === 'present' && after.observation.withheld).toBe(undefined)
  expect(workspace.engine.ledger.record(replacement.id)?.state).toBe('verified')
  return { findings: replacement.findings.map(({ code }) => code) }
}

/** The -wal of a database that somebody else works on. */
function foreignWal(folder: string): Buffer {
  const path = `${folder}/other.db`
  const db = new Database(path)
  db.exec(`PRAGMA page_size = ${pageSize}; PRAGMA journal_mode = WAL; CREATE TABLE other (a, b);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 90) INSERT INTO other SELECT i, hex(zeroblob(40)) FROM n`)
  copyFileSync(`${path}-wal`, `${path}-copy`)
  db.close()
  return readFileSync(`${path}-copy`)
}

async function eachCopy(
  classes: readonly CorruptionClass[],
  world: BackupWorld,
  count: number,
  check: (corrupted: Corrupted, workspace: Workspace, name: string) => Promise<void>,
): Promise<void> {
  const sound = readFileSync(world.path('data/leads.db'))
  const wal = foreignWal(world.folder)
  await world.open(async ({ workspace }) => {
    for (let index = 0; index < count; index += 1) {
      const what = classes[index % classes.length] ?? 'zeroed-pages'
      const corrupted = corrupt(what, sound, wal, pageSize, seededRandom(seed * 1000 + index))
      lay(world, corrupted)
      const name = `copy ${index} of seed ${seed}: ${what}, pages ${[...corrupted.pages].slice(0, 9)}`
      await check(corrupted, workspace, name).catch((error: unknown) => {
        throw new Error(name, { cause: error })
      })
      removeFolder(world.path('.trueup/quarantine'))
    }
  })
}

describe(`a damaged copy (CORRUPTION_SEED=${seed})`, () => {
  test(
    'of a file that was not written since its backup is found, whatever is damaged, and comes back with every row as it was',
    async () => {
      const world = createBackupWorld()
      try {
        world.sql(fill)
        world.later(48 * 3_600_000)
        await world.open(({ apply }) => apply())
        const before = rowsIn(world.path('data/leads.db'))
        world.sql('PRAGMA wal_checkpoint(TRUNCATE)')
        await eachCopy(corruptionClasses, world, Math.ceil(copies / 2), async (_corrupted, workspace, name) => {
          const repaired = await repair(workspace)
          const after = rowsIn(world.path('data/leads.db'))
          // What hit no row, as on a free page, is no damage.
          if (repaired === undefined) expect(after, name).toEqual(before)
          expect([...before].filter(([at, row]) => after.get(at) !== row).slice(0, 5), name).toEqual([])
          expect([...after.keys()].filter((at) => !before.has(at)).slice(0, 5), name).toEqual([])
        })
      } finally {
        world.remove()
      }
    },
    copies * 10_000,
  )

  test('of a file in whose schema one letter of a column is another one comes back with the schema as it was', async () => {
    const world = createBackupWorld()
    try {
      world.sql(fill)
      world.later(48 * 3_600_000)
      await world.open(({ apply }) => apply())
      const path = world.path('data/leads.db')
      const [before, schema] = [rowsIn(path), schemaIn(path)]
      world.sql('PRAGMA wal_checkpoint(TRUNCATE)')
      const file = readFileSync(path)
      // Pages that are free may still hold it.
      const places = placesOf('size REAL', file)
      expect(places.length).toBeGreaterThan(0)
      for (const at of places) file[at] = (file[at] ?? 0) ^ 2
      await world.open(async ({ workspace }) => {
        lay(world, { file, wal: undefined })
        expect(await repair(workspace)).toBeDefined()
        expect(schemaIn(path)).toEqual(schema)
        expect(rowsIn(path)).toEqual(before)
      })
    } finally {
      world.remove()
    }
  })

  test(
    'of a file that was written since its backup keeps every row of a readable page, gets the others from the backup, and names what is lost',
    async () => {
      const world = createBackupWorld()
      try {
        world.sql(fill)
        await world.open(({ apply }) => apply())
        const path = world.path('data/leads.db')
        const kept = rowsIn(path)
        world.sql(changes)
        world.sql('PRAGMA wal_checkpoint(TRUNCATE)')
        const before = rowsIn(path)
        const sound = readFileSync(path)
        // A changed letter in an intact page is what nothing finds here; an odd -wal that SQLite takes for its own neither.
        const classes = corruptionClasses.filter((one) => one !== 'bits-in-content' && one !== 'mismatched-wal')
        await eachCopy(classes, world, Math.floor(copies / 2), async ({ pages }, workspace, name) => {
          const isSound = sqliteFindsSound(path)
          const repaired = await repair(workspace)
          if (repaired === undefined) {
            expect(isSound, name).toBe(true)
            return
          }
          const after = rowsIn(path)
          // What stands on a free page was deleted.
          const untouched = rowsOnOtherPages(sound, pages).filter((at) => before.has(at))
          const wrong = untouched.filter((at) => after.get(at) !== before.get(at))
          expect(wrong.slice(0, 5), name).toEqual([])
          const lost = [...before.keys()].filter((at) => !after.has(at))
          expect(lost.filter((at) => kept.has(at)).slice(0, 5), `${name}: the backup has these`).toEqual([])
          if (lost.length > 0)
            expect(repaired.findings, name).toEqual(
              expect.arrayContaining([expect.stringMatching(/^rows-(lost|stray|refused)$/)]),
            )
        })
      } finally {
        world.remove()
      }
    },
    copies * 10_000,
  )
})

describe('a database that was found damaged', () => {
  test('is read and not written, by whatever way, until its repair is approved', async () => {
    const world = createBackupWorld()
    try {
      world.sql(fill)
      await world.open(({ apply }) => apply())
      // Something to repair in a table of it.
      world.sql('ALTER TABLE leads DROP COLUMN email; PRAGMA wal_checkpoint(TRUNCATE)')
      const sound = readFileSync(world.path('data/leads.db'))
      const page = sound.length / pageSize - 20
      lay(world, {
        file: Buffer.concat([
          sound.subarray(0, page * pageSize),
          Buffer.alloc(pageSize),
          sound.subarray((page + 1) * pageSize),
        ]),
        wal: undefined,
      })
      await world.open(async ({ workspace, apply }) => {
        await apply()
        const table = workspace.engine.statuses.get({ kind: 'table', name: 'leads' })
        const [waiting] = table?.actions ?? []
        expect(waiting?.gate).toMatchObject({
          decision: 'wait',
          reasons: [expect.objectContaining({ code: 'dependency' })],
        })
        expect(waiting?.gate.reasons[0]?.message).toContain('damaged')
        const path = world.path('data/leads.db')
        await expect(workspace.databases.write(path, () => undefined)).rejects.toMatchObject({
          code: 'DATABASE_DAMAGED',
        })
        const view = await workspace.databases.read(path)
        expect(view.db.prepare('SELECT count(*) FROM leads').pluck().get()).toBe(402)
        view.close()
        await repair(workspace)
        await apply()
        expect(workspace.engine.statuses.get({ kind: 'table', name: 'leads' })?.drift).toEqual([])
      })
    } finally {
      world.remove()
    }
  })
})

/** As another program sees it. */
function sqliteFindsSound(path: string): boolean {
  copyFileSync(path, `${path}.look`)
  try {
    const db = new Database(`${path}.look`)
    const said = db.pragma('integrity_check', { simple: true })
    db.close()
    return said === 'ok'
  } catch (error) {
    if (error instanceof Database.SqliteError) return false
    throw error
  } finally {
    rmSync(`${path}.look`, { force: true })
  }
}

/** Keys of the rows of `leads` and `notes` that lie wholly on pages that are as they were. */
function rowsOnOtherPages(sound: Buffer, changed: ReadonlySet<number>): readonly string[] {
  const pages = openPages((from, length) => sound.subarray(from, from + length), sound.length)
  const keys: string[] = []
  for (let number = 2; number <= pages.count; number += 1) {
    const page = pages.page(number)?.[0] === 13 ? readTreePage(pages, number, 'table') : undefined
    if (page === undefined || changed.has(number) || page.overflow.some((one) => changed.has(one))) continue
    for (const { rowId, cells } of page.rows) {
      if (cells.length !== 3) continue
      keys.push(cells[0] === null ? `notes ${rowId}` : `leads ${cells[0]}`)
    }
  }
  return keys
}
