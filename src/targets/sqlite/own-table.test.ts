import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { python } from '../../../test/support/python.ts'
import { systemClock } from '../../clock.ts'
import { openJournal } from '../../journal/store.ts'
import { makeSchemaOnce } from './own-table.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'own-table-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Another process that is in the midst of making the file when this one comes. */
async function inTheMidstOf(path: string, making: string) {
  const other = python(
    `
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute('PRAGMA journal_mode = WAL')
db.execute('BEGIN IMMEDIATE')
for statement in sys.argv[2].split(';'): db.execute(statement)
say('making')
time.sleep(0.5)
db.execute('COMMIT')
`,
    path,
    making,
  )
  await other.line()
  return other
}

test('tables are made once, although another process makes them while this one waits', async () => {
  const path = join(folder, 'own.db')
  const other = await inTheMidstOf(path, 'CREATE TABLE things (id);PRAGMA user_version = 1')
  const db = new Database(path, { timeout: 5000 })
  makeSchemaOnce(db, { version: 1, make: () => db.exec('CREATE TABLE things (id)') })
  expect(db.pragma('user_version', { simple: true })).toBe(1)
  db.close()
  await other.ended()
})

test('so is the journal', async () => {
  const path = join(folder, 'journal.db')
  const first = openJournal(path, systemClock)
  const version = Number(first.db.pragma('user_version', { simple: true }))
  const id = Number(first.db.pragma('application_id', { simple: true }))
  const statements = first.db
    .prepare<[], { sql: string }>("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
    .all()
    .map(({ sql }) => sql)
    .filter((sql) => !sql.includes(';'))
  first.close()
  rmSync(folder, { recursive: true })
  folder = mkdtempSync(join(tmpdir(), 'own-table-'))
  const again = join(folder, 'journal.db')
  const marks = [`PRAGMA user_version = ${version}`, `PRAGMA application_id = ${id}`]
  const other = await inTheMidstOf(again, [...statements, ...marks].join(';'))
  const journal = openJournal(again, systemClock)
  expect(journal.check().is).toBe('whole')
  journal.close()
  await other.ended()
})
