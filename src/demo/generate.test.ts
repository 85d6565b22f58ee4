import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { systemClock } from '../clock.ts'
import { desiredStateSchema } from '../desired/schema.ts'
import { OperationalError } from '../errors.ts'
import { databasePaths, demoDesiredState, type Generated, generateWorkspace } from './generate.ts'
import type { MessLevel } from './mess.ts'
import { withoutPrograms } from './service-files.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'trueup-generate-test-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

let made = 0
async function generated(options: { rows?: number; seed?: number; mess?: MessLevel; nowMs?: number } = {}) {
  made += 1
  const into = join(root, `w${made}`)
  const { rows = 400, seed = 1, mess = 'heavy', nowMs } = options
  const clock = nowMs === undefined ? {} : { clock: { ...systemClock, nowMs: () => nowMs } }
  const result: Generated = await generateWorkspace({ into, rows, seed, mess, ...clock })
  return { into, ...result }
}

function opened<Result>(path: string, read: (db: Database.Database) => Result): Result {
  const db = new Database(path, { readonly: true })
  try {
    return read(db)
  } finally {
    db.close()
  }
}

/** Hash of everything that a workspace says: schema and rows of every database, text of every other file. */
function contentOf({ into, files }: { into: string; files: readonly string[] }): string {
  const hash = createHash('sha256')
  for (const file of files) {
    hash.update(file)
    if (!file.endsWith('.db')) {
      hash.update(readFileSync(join(into, file)))
      continue
    }
    opened(join(into, file), (db) => {
      const schema = db.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY rowid').raw().all()
      hash.update(JSON.stringify(schema))
      for (const table of db.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all()) {
        for (const row of db.prepare(`SELECT * FROM ${table} ORDER BY rowid`).raw().iterate())
          hash.update(JSON.stringify(row))
      }
    })
  }
  return hash.digest('hex')
}

describe('content', () => {
  test.each<MessLevel>(['clean', 'light', 'heavy'])('is the same for the same seed (%s)', async (mess) => {
    const one = await generated({ mess, seed: 42 })
    const other = await generated({ mess, seed: 42 })
    expect(contentOf(other)).toBe(contentOf(one))
    expect(other.planted).toEqual(one.planted)
    expect(other.files).toEqual(one.files)
  })

  test('differs by seed, by mess and by moment', async () => {
    const contents = new Set<string>()
    for (const options of [{}, { seed: 2 }, { mess: 'light' as const }, { nowMs: Date.UTC(2030, 0, 1) }]) {
      contents.add(contentOf(await generated(options)))
    }
    expect(contents.size).toBe(4)
  })

  test('has exactly the rows that were asked for, and the others in proportion', async () => {
    const { into } = await generated({ rows: 1234 })
    const count = (path: string, table: string) =>
      opened(join(into, path), (db) => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get())
    expect(count(databasePaths.main, 'leads')).toBe(1234)
    expect(count(databasePaths.cache, 'leads')).toBe(247)
    expect(count(databasePaths.scraper, 'leads')).toBe(297)
    expect(count(databasePaths.campaigns, 'campaign_leads')).toBe(247)
  })

  test('can be as small as one row', async () => {
    const { files } = await generated({ rows: 1 })
    expect(files).toContain('data/leads.db')
  })

  test('dates from before the moment of the workspace, except where a future date is planted', async () => {
    const nowMs = Date.UTC(2031, 5, 1)
    const { into, planted } = await generated({ rows: 2000, nowMs })
    const found = opened(join(into, databasePaths.main), (db) => ({
      newest: db.prepare('SELECT max(created_at, updated_at) FROM leads').pluck().get(),
      future: db
        .prepare("SELECT count(*) FROM leads WHERE last_contacted GLOB '20??-??-??' AND last_contacted > '2031-06-01'")
        .pluck()
        .get(),
    }))
    expect(String(found.newest) < '2031-06-01').toBe(true)
    expect(found.future).toBe(planted['date-in-future']?.main)
  })
})

describe('databases', () => {
  test.each(Object.values(databasePaths))(
    '%s is sound and left as Python leaves one: journal mode DELETE, nothing beside it',
    async (path) => {
      const { into } = await generated()
      const folder = join(into, path, '..')
      expect(readdirSync(folder).filter((name) => /-(wal|shm|journal)$/.test(name))).toEqual([])
      const state = opened(join(into, path), (db) => [
        db.pragma('journal_mode', { simple: true }),
        db.pragma('integrity_check', { simple: true }),
      ])
      expect(state).toEqual(['delete', 'ok'])
    },
  )

  test('the main one carries what agents made and Trueup must leave alone', async () => {
    const { into } = await generated()
    const db = new Database(join(into, databasePaths.main))
    const objects = db
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL ORDER BY name")
      .pluck()
      .all()
    expect(objects).toEqual(['hot_leads', 'idx_leads_stage', 'leads_stage_to_sync_log'])
    expect(db.prepare('SELECT count(*) FROM hot_leads').pluck().get()).toBeGreaterThan(20)
    const before = db.prepare('SELECT count(*) FROM sync_log').pluck().get()
    // What is repaired in a lead leaves no row that nobody could take back; only what an agent does is logged.
    db.prepare("UPDATE leads SET engagement_stage = 'somewhere' WHERE rowid = 7").run()
    expect(db.prepare('SELECT count(*) FROM sync_log').pluck().get()).toBe(before)
    db.prepare("UPDATE leads SET airtable_synced = '2026-11-23 01:30:00' WHERE rowid = 7").run()
    expect(db.prepare('SELECT count(*) FROM sync_log').pluck().get()).toBe(Number(before) + 1)
    db.close()
  })

  test('a clean workspace has private files, all declared columns, and a unique constraint that holds', async () => {
    const { into, planted } = await generated({ mess: 'clean' })
    expect(statSync(join(into, databasePaths.main)).mode & 0o777).toBe(0o600)
    const columns = opened(join(into, databasePaths.main), (db) =>
      db.prepare<[], string>("SELECT name FROM pragma_table_info('leads')").pluck().all(),
    )
    expect(columns).toEqual(expect.arrayContaining(['location', 'verified', 'raw_data', 'business_type']))
    // People who stand in several sources are no mess: imports have to merge them.
    expect(Object.keys(planted)).toEqual(['known-lead'])
  })
})

describe('the demo', () => {
  test('declares its services only where they are written too', async () => {
    const { into } = await generated()
    const without = desiredStateSchema.parse(parse(readFileSync(join(into, 'desired-state.yaml'), 'utf8')))
    expect([without.services, without.jobs]).toEqual([{}, {}])
    const whole = desiredStateSchema.parse(parse(demoDesiredState()))
    expect({ ...whole, services: {}, jobs: {} }).toEqual(without)
  })

  test('has a desired state that the schema accepts, and every workspace gets the same text', async () => {
    const { into } = await generated()
    const text = readFileSync(join(into, 'desired-state.yaml'), 'utf8')
    expect(text).toBe(withoutPrograms(demoDesiredState()))
    const checked = desiredStateSchema.safeParse(parse(text))
    expect(checked.error?.issues).toBeUndefined()
    expect(checked.data?.tables.leads?.fields.full_name?.renamedFrom).toBe('name')
  })

  test('declares for every column of the main table that it renames one that is there', async () => {
    const { into } = await generated()
    const state = desiredStateSchema.parse(parse(demoDesiredState()))
    const columns = opened(join(into, databasePaths.main), (db) =>
      db.prepare<[], string>("SELECT name FROM pragma_table_info('leads')").pluck().all(),
    )
    const renamed = Object.values(state.tables.leads?.fields ?? {}).flatMap(({ renamedFrom }) => renamedFrom ?? [])
    expect(renamed.length).toBeGreaterThan(3)
    expect(columns).toEqual(expect.arrayContaining(renamed))
  })

  test('has some repairs below the blast radius and some beyond it', async () => {
    const { planted } = await generated({ rows: 5000, seed: 20_261_120 })
    const state = desiredStateSchema.parse(parse(demoDesiredState()))
    const allowed = Math.min(state.policy.blastRadius.rows, (5000 * state.policy.blastRadius.percent) / 100)
    const sum = (prefix: RegExp) =>
      Object.entries(planted).reduce((total, [kind, { main = 0 }]) => total + (prefix.test(kind) ? main : 0), 0)
    for (const small of [/^email-/, /^name-/, /^phone-/, /^status-/, /^date-/]) {
      expect(sum(small), String(small)).toBeGreaterThan(50)
      expect(sum(small), String(small)).toBeLessThan(allowed)
    }
    for (const large of [/^company-(?!of)/, /^website-/, /^linkedin-/]) {
      expect(sum(large), String(large)).toBeGreaterThan(allowed)
    }
  })
})

describe('refusals', () => {
  test('nothing that exists is overwritten', async () => {
    const { into } = await generated()
    const before = statSync(join(into, databasePaths.main)).mtimeMs
    await expect(generateWorkspace({ into, rows: 10, seed: 1, mess: 'light' })).rejects.toThrow(OperationalError)
    expect(statSync(join(into, databasePaths.main)).mtimeMs).toBe(before)
  })

  test('a desired state that is there is not replaced, and nothing is written beside it', async () => {
    const into = mkdtempSync(join(root, 'owned-'))
    writeFileSync(join(into, 'desired-state.yaml'), '# mine\n')
    await expect(generateWorkspace({ into, rows: 10, seed: 1, mess: 'light' })).rejects.toThrow(/exists already/)
    expect(existsSync(join(into, 'data'))).toBe(false)
  })

  test.each([0, -5, 1.5, Number.NaN, 20_000_001])('%d rows are refused', async (rows) => {
    await expect(generateWorkspace({ into: join(root, 'never'), rows, seed: 1, mess: 'light' })).rejects.toThrow(
      /rows must be/,
    )
    expect(existsSync(join(root, 'never'))).toBe(false)
  })
})
