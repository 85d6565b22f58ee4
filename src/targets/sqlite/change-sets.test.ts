import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { openLog } from '../../log.ts'
import type { Cell } from '../../values/field-type.ts'
import { sharedOffload } from '../process/testing-offload.ts'
import { erasedChange, erasedKey } from './change-codec.ts'
import { openChangeSets } from './change-sets.ts'
import { openDatabases } from './databases.ts'
import { stepsOf } from './markers.ts'
import type { Change, ChangeSets, ChangeTarget, Databases, ExpiryBounds } from './ports.ts'

let folder: string
let path: string
const offload = sharedOffload()
let databases: Databases
let sets: ChangeSets
let target: ChangeTarget
const idle = { signal: new AbortController().signal, progress: () => undefined }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sets-'))
  path = join(folder, 'leads.db')
  target = { path, table: 'leads', keyColumn: 'id' }
  databases = openDatabases({ offload, clock: systemClock, log: openLog('silent') })
  sets = openChangeSets({ path: join(folder, '.trueup', 'checkpoints.db'), clock: systemClock })
  sql(`PRAGMA journal_mode = WAL;
    CREATE TABLE leads (id TEXT PRIMARY KEY, email TEXT UNIQUE, name TEXT COLLATE NOCASE, n)`)
})
afterEach(async () => {
  sets.close()
  databases.closeAll()
  rmSync(folder, { recursive: true })
})

/** Another program's statement. */
function sql(text: string): void {
  const db = new Database(path)
  db.pragma('foreign_keys = OFF')
  db.exec(text)
  db.close()
}
function rows(text = 'SELECT rowid, * FROM leads ORDER BY rowid'): unknown[] {
  const db = new Database(path)
  const all = db.prepare(text).raw().all()
  db.close()
  return all
}
function keep(actionId: string, changes: readonly Change[], at = target): string {
  const writer = sets.begin(actionId, at)
  for (const change of changes) writer.add(change)
  return writer.finish().fingerprint
}
const cell = (rowId: number, key: Cell, column: string, before: Cell, after: Cell): Change => ({
  is: 'cell',
  rowId,
  key,
  column,
  before,
  after,
})
const bounds = (some: Partial<ExpiryBounds>): ExpiryBounds => ({
  beforeMs: 0,
  bytesMax: Number.MAX_SAFE_INTEGER,
  needed: new Set(),
  ...some,
})
/** Undoes an action under the id `<id>-undo` and gives what was in the way. */
async function undo(actionId: string): Promise<readonly string[]> {
  const planned = await sets.reverse(actionId, undefined, databases)
  const kept = await sets.reverse(actionId, `${actionId}-undo`, databases)
  expect(kept).toEqual(planned)
  expect(sets.summary(`${actionId}-undo`)).toMatchObject({ count: kept.count, fingerprint: kept.fingerprint })
  await sets.apply(`${actionId}-undo`, databases, idle)
  return kept.conflicts
}

describe('keeping a change set', () => {
  test('the file is private and so is its folder', () => {
    expect(statSync(join(folder, '.trueup', 'checkpoints.db')).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, '.trueup')).mode & 0o777).toBe(0o700)
  })

  test('a set exists once it is finished, and gives its changes back page by page', () => {
    const changes = Array.from({ length: 1234 }, (_, index) => cell(index + 1, `k${index}`, 'name', null, `n${index}`))
    const writer = sets.begin('a', target)
    for (const change of changes) writer.add(change)
    expect(sets.summary('a')).toBeUndefined()
    const { fingerprint } = writer.finish()
    expect(sets.summary('a')).toEqual({ count: 1234, fingerprint, target })
    const pages = [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1100, 1200].map((from) =>
      sets.page('a', from, 100),
    )
    expect(pages.flat()).toEqual(changes)
    expect(sets.page('a', 1234, 10)).toEqual([])
  })

  test('an unfinished try is dropped by the next, and can no longer be finished', () => {
    const first = sets.begin('a', target)
    first.add(cell(1, 'a', 'name', 'x', 'y'))
    keep('a', [cell(2, 'b', 'name', 'x', 'y')])
    expect(() => first.finish()).toThrow(OperationalError)
    expect(sets.page('a', 0, 9)).toEqual([cell(2, 'b', 'name', 'x', 'y')])
  })

  test('a finished set stays as it is; a later try gives its own fingerprint, to be compared', () => {
    const before = keep('a', [cell(1, 'a', 'name', 'x', 'y')])
    const again = keep('a', [cell(1, 'a', 'name', 'other', 'y')])
    expect(again).not.toBe(before)
    expect(sets.summary('a')?.fingerprint).toBe(before)
  })

  test('an abandoned set leaves nothing, and so does an expired one', () => {
    const writer = sets.begin('a', target)
    writer.add(cell(1, 'a', 'name', 'x', 'y'))
    writer.abandon()
    expect(sets.summary('a')).toBeUndefined()
    keep('b', [])
    expect(sets.expire(bounds({ beforeMs: Date.now() - 60_000 }))).toMatchObject({ old: 0, large: 0 })
    expect(sets.expire(bounds({ beforeMs: Date.now() + 1 }))).toMatchObject({ old: 1, large: 0 })
    expect(sets.summary('b')).toBeUndefined()
  })

  test('two programs write sets into the same file at once', () => {
    const other = openChangeSets({ path: join(folder, '.trueup', 'checkpoints.db'), clock: systemClock })
    const [mine, theirs] = [sets.begin('a', target), other.begin('b', target)]
    for (let row = 1; row <= 9000; row += 1) {
      mine.add(cell(row, 'k', 'name', null, 'a'))
      theirs.add(cell(row, 'k', 'name', null, 'b'))
    }
    mine.finish()
    theirs.finish()
    expect([sets.summary('b')?.count, other.summary('a')?.count]).toEqual([9000, 9000])
    other.close()
  })
})

describe('applying', () => {
  test('changes cells, inserts and deletes records, and says how many', async () => {
    sql(`INSERT INTO leads VALUES ('a', 'A@x', 'Ann', 1), ('b', 'b@x', 'Bob', 2)`)
    keep('act', [
      cell(1, 'a', 'email', 'A@x', 'a@x'),
      cell(1, 'a', 'n', 1, 5),
      { is: 'delete', rowId: 2, key: 'b', row: { id: 'b', email: 'b@x', name: 'Bob', n: 2 } },
      { is: 'insert', rowId: 0, key: 'c', row: { id: 'c', email: 'c@x', n: 2.5 } },
      { is: 'insert', rowId: 77, key: 'd', row: { id: 'd' } },
    ])
    expect(await sets.apply('act', databases, idle)).toEqual({ changed: 4, skippedCount: 0, skipped: [], failed: [] })
    expect(rows()).toEqual([
      [1, 'a', 'a@x', 'Ann', 5],
      [2, 'c', 'c@x', null, 2.5],
      [77, 'd', null, null, null],
    ])
    expect(rows('SELECT typeof(n) FROM leads')).toEqual([['integer'], ['real'], ['null']])
  })

  test('a whole number stays one in a column of text', async () => {
    sql(`INSERT INTO leads VALUES ('a', NULL, NULL, NULL)`)
    keep('act', [cell(1, 'a', 'name', null, 5)])
    await sets.apply('act', databases, idle)
    expect(rows('SELECT name FROM leads')).toEqual([['5']])
  })

  test('leaves a record alone that changed since, were it only in upper and lower case, as a whole', async () => {
    sql(`INSERT INTO leads VALUES ('a', 'a', 'ann', 1), ('b', 'b', 'Bob', 1), ('c', 'c', 'Carl', 1)`)
    keep('act', [
      cell(1, 'a', 'name', 'Ann', 'Anna'),
      cell(1, 'a', 'n', 1, 2),
      cell(2, 'b', 'name', 'Bob', 'Bobby'),
      { is: 'delete', rowId: 3, key: 'c', row: { id: 'c', email: 'c', name: 'Karl', n: 1 } },
      { is: 'insert', rowId: 0, key: 'b', row: { id: 'b' } },
    ])
    const outcome = await sets.apply('act', databases, idle)
    expect(outcome).toEqual({ changed: 1, skippedCount: 3, skipped: ['a', 'c', 'b'], failed: [] })
    expect(rows('SELECT name, n FROM leads')).toEqual([
      ['ann', 1],
      ['Bobby', 1],
      ['Carl', 1],
    ])
  })

  test('finds a record by its key after a rebuild of the table moved it, and never takes another one for it', async () => {
    sql(`INSERT INTO leads VALUES ('a', 'a', 'Ann', 1), ('b', 'b', 'Bob', 1), ('c', 'c', 'Carl', 1);
      DELETE FROM leads WHERE id = 'a'; UPDATE leads SET rowid = rowid - 1;`)
    expect(rows('SELECT rowid, id FROM leads')).toEqual([
      [1, 'b'],
      [2, 'c'],
    ])
    keep('act', [cell(2, 'b', 'n', 1, 2), cell(3, 'c', 'n', 1, 3), cell(1, 'a', 'n', 1, 4)])
    expect(await sets.apply('act', databases, idle)).toMatchObject({ changed: 2, skipped: ['a'] })
    expect(rows('SELECT id, n FROM leads')).toEqual([
      ['b', 2],
      ['c', 3],
    ])
  })

  test('a record that breaks a constraint fails with its reason, and the others go on', async () => {
    sql(`CREATE TABLE strict_leads (id TEXT PRIMARY KEY, email TEXT UNIQUE ON CONFLICT REPLACE, n INTEGER NOT NULL CHECK (n < 10));
      INSERT INTO strict_leads VALUES ('a', 'a', 1), ('b', 'b', 1), ('c', 'c', 1), ('d', 'd', 1)`)
    keep(
      'act',
      [
        cell(1, 'a', 'email', 'a', 'b'),
        cell(2, 'b', 'n', 1, 99),
        cell(3, 'c', 'n', 1, null),
        cell(4, 'd', 'n', 1, 2),
        { is: 'insert', rowId: 0, key: 'e', row: { id: 'e', email: 'd', n: 1 } },
        cell(4, 'd', 'gone', 1, 2),
      ],
      { ...target, table: 'strict_leads' },
    )
    const outcome = await sets.apply('act', databases, idle)
    expect(outcome.failed).toEqual([
      { key: 'a', reason: 'UNIQUE constraint failed: strict_leads.email' },
      { key: 'b', reason: 'CHECK constraint failed: n < 10' },
      { key: 'c', reason: 'NOT NULL constraint failed: strict_leads.n' },
      { key: 'e', reason: 'UNIQUE constraint failed: strict_leads.email' },
      { key: 'd', reason: 'no such column: gone' },
    ])
    expect(outcome.changed).toBe(1)
    expect(rows('SELECT * FROM strict_leads')).toEqual([
      ['a', 'a', 1],
      ['b', 'b', 1],
      ['c', 'c', 1],
      ['d', 'd', 2],
    ])
  })

  test('a trigger that rolls the transaction back costs only its own record', async () => {
    sql(`INSERT INTO leads VALUES ('a', 'a', 'Ann', 1), ('b', 'b', 'Bob', 1), ('c', 'c', 'Carl', 1);
      CREATE TRIGGER veto BEFORE UPDATE ON leads WHEN NEW.n = 13 BEGIN SELECT RAISE(ROLLBACK, 'not thirteen'); END`)
    keep('act', [cell(1, 'a', 'n', 1, 2), cell(2, 'b', 'n', 1, 13), cell(3, 'c', 'n', 1, 3)])
    expect(await sets.apply('act', databases, idle)).toEqual({
      changed: 2,
      skippedCount: 0,
      skipped: [],
      failed: [{ key: 'b', reason: 'not thirteen' }],
    })
    expect(rows('SELECT n FROM leads')).toEqual([[2], [1], [3]])
  })

  test('never deletes what a foreign key would drag along, nor what a deferred one refuses', async () => {
    sql(`INSERT INTO leads VALUES ('a', 'a', 'Ann', 1), ('b', 'b', 'Bob', 1), ('c', 'c', 'Carl', 1);
      CREATE TABLE notes (lead REFERENCES leads (id) ON DELETE CASCADE, text); INSERT INTO notes VALUES ('a', 'call');
      CREATE TABLE deals (lead REFERENCES leads (id) DEFERRABLE INITIALLY DEFERRED); INSERT INTO deals VALUES ('b');`)
    const gone = (rowId: number, id: string, name: string): Change => ({
      is: 'delete',
      rowId,
      key: id,
      row: { id, email: id, name, n: 1 },
    })
    keep('one', [gone(1, 'a', 'Ann'), gone(3, 'c', 'Carl')])
    expect(await sets.apply('one', databases, idle)).toMatchObject({
      changed: 1,
      failed: [{ key: 'a', reason: 'rows of notes refer to it' }],
    })
    keep('two', [gone(2, 'b', 'Bob')])
    expect(await sets.apply('two', databases, idle)).toMatchObject({
      changed: 0,
      failed: [{ key: 'b', reason: 'FOREIGN KEY constraint failed' }],
    })
    expect(rows('SELECT id FROM leads')).toEqual([['a'], ['b']])
    expect(rows('SELECT text FROM notes')).toEqual([['call']])
  })

  test('works where the rowid is out of reach: WITHOUT ROWID, columns named rowid, INTEGER PRIMARY KEY', async () => {
    sql(`CREATE TABLE w (id TEXT PRIMARY KEY, v) WITHOUT ROWID; INSERT INTO w VALUES ('a', 1), ('b', 1);
      CREATE TABLE r (rowid TEXT, oid TEXT, _rowid_ TEXT, id TEXT PRIMARY KEY, v); INSERT INTO r VALUES ('x', 'x', 'x', 'a', 1);
      CREATE TABLE i (id INTEGER PRIMARY KEY, v); INSERT INTO i VALUES (7, 1);`)
    keep('w', [cell(0, 'b', 'v', 1, 2)], { ...target, table: 'w' })
    keep('r', [cell(1, 'a', 'v', 1, 2)], { ...target, table: 'r' })
    keep('i', [cell(7, 7, 'v', 1, 2), { is: 'insert', rowId: 9, key: 9, row: { id: 9, v: 3 } }], {
      ...target,
      table: 'i',
    })
    for (const id of ['w', 'r', 'i']) expect((await sets.apply(id, databases, idle)).skippedCount).toBe(0)
    expect(rows('SELECT v FROM w')).toEqual([[1], [2]])
    expect(rows('SELECT v FROM r')).toEqual([[2]])
    expect(rows('SELECT * FROM i')).toEqual([
      [7, 2],
      [9, 3],
    ])
    for (const id of ['w', 'r', 'i']) expect(await undo(id)).toEqual([])
    expect(rows('SELECT v FROM w UNION ALL SELECT v FROM r UNION ALL SELECT v FROM i')).toEqual([[1], [1], [1], [1]])
  })

  test('stops between two steps when it is told to, and the same call completes it with the whole outcome', async () => {
    sql(
      `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2000) INSERT INTO leads SELECT 'k' || n, n, 'x', 0 FROM c`,
    )
    sql(`UPDATE leads SET n = 5 WHERE rowid = 3`)
    keep(
      'act',
      Array.from({ length: 2000 }, (_, index) => cell(index + 1, `k${index + 1}`, 'n', 0, 1)),
    )
    expect(await sets.probe('act', databases)).toBe('not-applied')
    const aborter = new AbortController()
    const stopping = sets.apply('act', databases, {
      signal: aborter.signal,
      progress: (done) => done >= 1000 && aborter.abort(new OperationalError('LEASE_LOST', 'another took over')),
    })
    await expect(stopping).rejects.toMatchObject({ code: 'LEASE_LOST' })
    expect(await sets.probe('act', databases)).toBe('partly')
    const steps: [number, number][] = []
    const whole = { changed: 1999, skippedCount: 1, skipped: ['k3'], failed: [] }
    const completed = await sets.apply('act', databases, {
      ...idle,
      progress: (done, total) => steps.push([done, total]),
    })
    expect(completed).toEqual(whole)
    expect(steps).toEqual([
      [500, 2000],
      [1000, 2000],
      [1500, 2000],
      [2000, 2000],
    ])
    expect(await sets.probe('act', databases)).toBe('applied')
    sql('UPDATE leads SET n = 0')
    expect(await sets.apply('act', databases, idle)).toEqual(whole)
    expect(rows('SELECT sum(n) FROM leads')).toEqual([[0]])
  })

  test('an action whose set or table is gone is stale', async () => {
    await expect(sets.apply('none', databases, idle)).rejects.toMatchObject({ code: 'ACTION_STALE' })
    keep('act', [cell(1, 'a', 'n', 1, 2)], { ...target, table: 'nothing' })
    await expect(sets.apply('act', databases, idle)).rejects.toMatchObject({ code: 'ACTION_STALE' })
    expect(await sets.probe('none', databases)).toBe('not-applied')
  })

  test('an empty set is applied from the start', async () => {
    keep('act', [])
    expect(await sets.apply('act', databases, idle)).toEqual({ changed: 0, skippedCount: 0, skipped: [], failed: [] })
    expect(await sets.probe('act', databases)).toBe('applied')
  })

  test('markers of expired actions leave the database with the next action', async () => {
    sql(`INSERT INTO leads VALUES ('a', 'a', 'Ann', 1)`)
    keep('old', [cell(1, 'a', 'n', 1, 2)])
    await sets.apply('old', databases, idle)
    sets.expire(bounds({ beforeMs: Date.now() + 1 }))
    keep('new', [cell(1, 'a', 'n', 2, 3)])
    await sets.apply('new', databases, idle)
    const left = await databases.write(path, (db) => [stepsOf(db, 'old').length, stepsOf(db, 'new').length])
    expect(left).toEqual([0, 1])
  })
})

describe('taking back', () => {
  const before = `INSERT INTO leads VALUES ('a', 'A@x', 'Ann', 1), (NULL, 'b@x', 'Bob', 2), ('c', 'c@x', 'Carl', x'00ff'), ('d', NULL, NULL, 9007199254740993)`
  const changes: readonly Change[] = [
    cell(1, 'a', 'email', 'A@x', 'a@x'),
    cell(2, null, 'id', null, 'b'),
    cell(2, null, 'n', 2, 3),
    { is: 'delete', rowId: 3, key: 'c', row: { id: 'c', email: 'c@x', name: 'Carl', n: new Uint8Array([0, 255]) } },
    cell(4, 'd', 'n', 9007199254740993n, 0.5),
    { is: 'insert', rowId: 0, key: 'e', row: { id: 'e', email: 'e@x' } },
    { is: 'insert', rowId: 0, key: null, row: { email: 'nobody@x' } },
  ]

  test('restores cells, keys, deleted and inserted records to the byte; and the undo can be undone', async () => {
    sql(before)
    const original = rows('SELECT rowid, quote(id), quote(email), quote(name), quote(n) FROM leads ORDER BY rowid')
    keep('act', changes)
    expect(await sets.apply('act', databases, idle)).toMatchObject({ changed: 6, skippedCount: 0, failed: [] })
    const anywhere = 'SELECT quote(id), quote(email), quote(name), quote(n) FROM leads ORDER BY 1, 2'
    const after = rows(anywhere)
    expect(await undo('act')).toEqual([])
    expect(rows('SELECT rowid, quote(id), quote(email), quote(name), quote(n) FROM leads ORDER BY rowid')).toEqual(
      original,
    )
    expect(await undo('act-undo')).toEqual([])
    expect(rows(anywhere)).toEqual(after)
  })

  test('lists records that were changed since and leaves them as they are', async () => {
    sql(before)
    keep('act', changes)
    await sets.apply('act', databases, idle)
    sql(`UPDATE leads SET email = 'person@x' WHERE id = 'a'; UPDATE leads SET name = 'Eve' WHERE id = 'e';
      INSERT INTO leads VALUES ('c', 'new@x', 'another', 1); DELETE FROM leads WHERE email = 'nobody@x'`)
    const conflicts = await undo('act')
    expect(conflicts).toEqual(['c', 'a'])
    expect(rows(`SELECT id, email FROM leads WHERE id IN ('a', 'c', 'e') ORDER BY id`)).toEqual([
      ['a', 'person@x'],
      ['c', 'new@x'],
    ])
    expect(rows(`SELECT id, n FROM leads WHERE email = 'b@x'`)).toEqual([[null, 2]])
  })

  test('does not take back what the action had left alone, although it looks as if it had been made', async () => {
    sql(`INSERT INTO leads VALUES ('a', 'a', 'Ann', 1)`)
    keep('act', [cell(1, 'a', 'n', 7, 8)])
    expect(await sets.apply('act', databases, idle)).toMatchObject({ changed: 0, skippedCount: 1 })
    sql('UPDATE leads SET n = 8')
    expect((await sets.reverse('act', undefined, databases)).count).toBe(0)
  })

  test('of an action that was cut off takes back only what was made', async () => {
    sql(
      `WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1500) INSERT INTO leads SELECT 'k' || n, n, 'x', 0 FROM c`,
    )
    keep(
      'act',
      Array.from({ length: 1500 }, (_, index) => cell(index + 1, `k${index + 1}`, 'n', 0, 1)),
    )
    const aborter = new AbortController()
    const stopping = sets.apply('act', databases, { signal: aborter.signal, progress: () => aborter.abort() })
    await expect(stopping).rejects.toMatchObject({ code: 'ACTION_DEADLINE' })
    expect(rows('SELECT sum(n) FROM leads')).toEqual([[500]])
    expect(await undo('act')).toEqual([])
    expect(rows('SELECT sum(n) FROM leads')).toEqual([[0]])
  })

  test('an inserted record whose key the table itself filled in is found again', async () => {
    sql(`CREATE TABLE auto (id TEXT DEFAULT 'made', v); `)
    keep('act', [{ is: 'insert', rowId: 0, key: null, row: { v: 1 } }], { ...target, table: 'auto' })
    await sets.apply('act', databases, idle)
    expect(rows('SELECT * FROM auto')).toEqual([['made', 1]])
    expect(await undo('act')).toEqual([])
    expect(rows('SELECT * FROM auto')).toEqual([])
  })

  test('leaves out generated columns, which the table makes itself', async () => {
    sql(`CREATE TABLE g (id TEXT PRIMARY KEY, v, up AS (upper(v)) STORED); INSERT INTO g VALUES ('a', 'x')`)
    keep('act', [{ is: 'delete', rowId: 1, key: 'a', row: { id: 'a', v: 'x', up: 'X' } }], { ...target, table: 'g' })
    expect((await sets.apply('act', databases, idle)).changed).toBe(1)
    expect(await undo('act')).toEqual([])
    expect(rows('SELECT * FROM g')).toEqual([['a', 'x', 'X']])
  })
})

describe('a record that is redacted', () => {
  const redact = (key: string) =>
    sets.redact(({ target: { keyColumn } }, change) =>
      change.key === key ? erasedChange(change, keyColumn) : undefined,
    )

  test('is brought back by no undo, which names it as left alone and takes the others back', async () => {
    sql(`INSERT INTO leads VALUES ('a', 'a@x', 'Ann', 1), ('b', 'b@x', 'Bob', 1), ('c', 'c@x', 'Cy', 1)`)
    keep('act', [
      cell(1, 'a', 'name', 'Ann', 'ANN'),
      cell(1, 'a', 'n', 1, 2),
      cell(2, 'b', 'name', 'Bob', 'BOB'),
      { is: 'delete', rowId: 3, key: 'c', row: { id: 'c', email: 'c@x', name: 'Cy', n: 1 } },
      { is: 'insert', rowId: 0, key: 'd', row: { id: 'd', email: 'd@x', name: 'Di', n: 1 } },
    ])
    await sets.apply('act', databases, idle)
    expect(await redact('a')).toBe(2)
    expect(await redact('c')).toBe(1)
    sql(`DELETE FROM leads WHERE id IN ('a')`)
    expect(JSON.stringify(sets.page('act', 0, 10))).not.toMatch(/ann|cy|c@x/i)
    const reversed = await sets.reverse('act', 'undo', databases)
    expect(reversed).toMatchObject({ conflictCount: 2, conflicts: [erasedKey, erasedKey] })
    await sets.apply('undo', databases, idle)
    expect(rows('SELECT id, name FROM leads ORDER BY id')).toEqual([['b', 'Bob']])
  })

  test('is not made by a set that was kept and not yet applied', async () => {
    keep('act', [
      { is: 'insert', rowId: 0, key: 'a', row: { id: 'a', name: 'Ann' } },
      { is: 'insert', rowId: 0, key: 'b', row: { id: 'b', name: 'Bob' } },
    ])
    await redact('a')
    expect(await sets.apply('act', databases, idle)).toMatchObject({ changed: 1, skippedCount: 1, failed: [] })
    expect(rows('SELECT id FROM leads')).toEqual([['b']])
  })
})
