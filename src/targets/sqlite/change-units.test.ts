/** Changes of several tables that are made together or not at all, and taken back the same way. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../clock.ts'
import { openLog } from '../../log.ts'
import { sharedOffload } from '../process/testing-offload.ts'
import { openChangeSets } from './change-sets.ts'
import { openDatabases } from './databases.ts'
import type { Change, ChangeSets, Databases } from './ports.ts'

let folder: string
let path: string
const offload = sharedOffload()
let databases: Databases
let changeSets: ChangeSets
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-units-'))
  path = join(folder, 'leads.db')
  const db = new Database(path)
  db.exec(`CREATE TABLE leads (id TEXT PRIMARY KEY, email TEXT UNIQUE);
    CREATE TABLE calls (id INTEGER PRIMARY KEY, lead_id TEXT REFERENCES leads(id));
    INSERT INTO leads VALUES ('a', NULL), ('b', 'x@y.example'), ('c', NULL), ('d', 'z@y.example');
    INSERT INTO calls VALUES (1, 'b'), (2, 'd');`)
  db.close()
  databases = openDatabases({ offload, clock: systemClock, log: openLog('silent') })
  changeSets = openChangeSets({ path: join(folder, 'checkpoints.db'), clock: systemClock })
})
afterEach(async () => {
  changeSets.close()
  databases.closeAll()
  rmSync(folder, { recursive: true, force: true })
})

const options = { signal: new AbortController().signal, progress: () => undefined }
const calls = { table: 'calls', keyColumn: 'id' }

/** Merges `loser` into `survivor`, which takes its address. */
function merge(
  unit: number,
  survivor: [number, string],
  loser: [number, string, string],
  call: number,
): readonly Change[] {
  return [
    { is: 'cell', rowId: call, key: call, column: 'lead_id', before: loser[1], after: survivor[1], of: calls, unit },
    { is: 'delete', rowId: loser[0], key: loser[1], row: { id: loser[1], email: loser[2] }, unit },
    { is: 'cell', rowId: survivor[0], key: survivor[1], column: 'email', before: null, after: loser[2], unit },
  ]
}

function keep(id: string): void {
  const writer = changeSets.begin(id, { path, table: 'leads', keyColumn: 'id' })
  const changes = [...merge(0, [1, 'a'], [2, 'b', 'x@y.example'], 1), ...merge(1, [3, 'c'], [4, 'd', 'z@y.example'], 2)]
  for (const change of changes) writer.add(change)
  writer.finish()
}

function content(): unknown {
  const db = new Database(path)
  const found = {
    leads: db.prepare('SELECT * FROM leads ORDER BY id').all(),
    calls: db.prepare('SELECT * FROM calls').all(),
  }
  db.close()
  return found
}

test('units are made in all their tables, and taken back whole', async () => {
  const before = content()
  keep('m')
  expect(await changeSets.apply('m', databases, options)).toMatchObject({ changed: 6, skippedCount: 0, failed: [] })
  expect(content()).toEqual({
    leads: [
      { id: 'a', email: 'x@y.example' },
      { id: 'c', email: 'z@y.example' },
    ],
    calls: [
      { id: 1, lead_id: 'a' },
      { id: 2, lead_id: 'c' },
    ],
  })
  expect(await changeSets.reverse('m', 'undo', databases)).toMatchObject({ conflictCount: 0 })
  await changeSets.apply('undo', databases, options)
  expect(content()).toEqual(before)
})

test.each([
  ['the record that stays', "UPDATE leads SET email = 'other@y.example' WHERE id = 'a'"],
  ['the record that goes', "UPDATE leads SET email = 'other@y.example' WHERE id = 'b'"],
  ['a record that refers to it', "INSERT INTO leads VALUES ('e', NULL); UPDATE calls SET lead_id = 'e' WHERE id = 1"],
])('where %s changed since, nothing of its unit is made and the others are', async (_, sql) => {
  keep('m')
  const db = new Database(path)
  db.exec(sql)
  const leads = db.prepare("SELECT * FROM leads WHERE id IN ('a', 'b', 'e')").all()
  const call = db.prepare('SELECT * FROM calls WHERE id = 1').get()
  db.close()
  expect(await changeSets.apply('m', databases, options)).toMatchObject({ changed: 3, skippedCount: 3 })
  const after = new Database(path)
  expect(after.prepare("SELECT * FROM leads WHERE id IN ('a', 'b', 'e')").all()).toEqual(leads)
  expect(after.prepare('SELECT * FROM calls WHERE id = 1').get()).toEqual(call)
  expect(after.prepare("SELECT count(*) FROM leads WHERE id = 'd'").pluck().get()).toBe(0)
  after.close()
})

test('where SQLite refuses one change, nothing of its unit is made', async () => {
  keep('m')
  const db = new Database(path)
  db.exec("INSERT INTO calls VALUES (3, 'b')")
  db.close()
  const outcome = await changeSets.apply('m', databases, options)
  expect(outcome.changed).toBe(3)
  expect(outcome.failed).toHaveLength(3)
  const after = new Database(path)
  expect(after.prepare('SELECT lead_id FROM calls WHERE id IN (1, 3)').pluck().all()).toEqual(['b', 'b'])
  after.close()
})

test('a unit is never split between two transactions', async () => {
  const db = new Database(path)
  db.exec('DELETE FROM calls; DELETE FROM leads')
  const insert = db.prepare('INSERT INTO leads VALUES (?, NULL)')
  db.transaction(() => {
    for (let n = 1; n <= 1200; n += 1) insert.run(`k${n}`)
  })()
  db.close()
  const writer = changeSets.begin('m', { path, table: 'leads', keyColumn: 'id' })
  // Units of seven, so that no block of 500 ends with one.
  for (let n = 1; n <= 1200; n += 1)
    writer.add({
      is: 'cell',
      rowId: 4 + n,
      key: `k${n}`,
      column: 'email',
      before: null,
      after: `${n}@x.example`,
      unit: Math.floor(n / 7),
    })
  writer.finish()
  const change = new Database(path)
  change.exec("UPDATE leads SET email = id WHERE id IN ('k498', 'k999')")
  change.close()
  expect(await changeSets.apply('m', databases, options)).toMatchObject({ skippedCount: 14 })
})
