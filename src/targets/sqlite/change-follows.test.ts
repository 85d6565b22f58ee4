/** Cells that follow their record's changes: here, the moment of its last update, which a trigger stamps. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../clock.ts'
import { openLog } from '../../log.ts'
import type { Cell } from '../../values/field-type.ts'
import { sharedOffload } from '../process/testing-offload.ts'
import { openChangeSets } from './change-sets.ts'
import { openDatabases } from './databases.ts'
import type { Change, ChangeSets, ChangeTarget, Databases } from './ports.ts'

let folder: string
let path: string
const offload = sharedOffload()
let databases: Databases
let sets: ChangeSets
let target: ChangeTarget
const idle = { signal: new AbortController().signal, progress: () => undefined }

/** Stamps every update that does not set another stamp itself, as the kind `table` has it. */
const stamping = `CREATE TRIGGER stamp AFTER UPDATE ON leads FOR EACH ROW WHEN NEW.at IS OLD.at AND NEW.at IS NOT 'trigger'
  BEGIN UPDATE leads SET at = 'trigger' WHERE rowid = NEW.rowid; END`

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'follows-'))
  path = join(folder, 'leads.db')
  target = { path, table: 'leads', keyColumn: 'id' }
  databases = openDatabases({ offload, clock: systemClock, log: openLog('silent') })
  sets = openChangeSets({ path: join(folder, '.trueup', 'checkpoints.db'), clock: systemClock })
  sql(`CREATE TABLE leads (id TEXT PRIMARY KEY, email TEXT, company TEXT, at TEXT);
    INSERT INTO leads VALUES ('a', 'A@x', 'acme', 'first'), ('b', 'B@x', 'bolt', NULL); ${stamping}`)
})
afterEach(async () => {
  sets.close()
  databases.closeAll()
  rmSync(folder, { recursive: true })
})

/** Another program's statement. */
function sql(text: string): void {
  const db = new Database(path)
  db.exec(text)
  db.close()
}
function rows(): unknown[] {
  const db = new Database(path)
  const all = db.prepare('SELECT id, email, company, at FROM leads ORDER BY rowid').raw().all()
  db.close()
  return all
}
const cell = (rowId: number, key: Cell, column: string, before: Cell, after: Cell): Change => ({
  ...{ is: 'cell', rowId, key, column, before, after },
})
const stamp = (rowId: number, key: Cell, before: Cell, after: Cell): Change => ({
  ...{ is: 'cell', rowId, key, column: 'at', before, after, follows: true },
})
function keep(actionId: string, changes: readonly Change[]): void {
  const writer = sets.begin(actionId, target)
  for (const change of changes) writer.add(change)
  writer.finish()
}
async function act(actionId: string, changes: readonly Change[]) {
  keep(actionId, changes)
  return sets.apply(actionId, databases, idle)
}
/** Undoes under the id `<id>-undo`; gives what was in the way. */
async function undo(actionId: string): Promise<readonly string[]> {
  const planned = await sets.reverse(actionId, undefined, databases)
  const kept = await sets.reverse(actionId, `${actionId}-undo`, databases)
  expect(kept).toEqual(planned)
  const outcome = await sets.apply(`${actionId}-undo`, databases, idle)
  expect([outcome.skippedCount, outcome.failed]).toEqual([0, []])
  return kept.conflicts
}

const email = [
  ...[cell(1, 'a', 'email', 'A@x', 'a@x'), stamp(1, 'a', 'first', 's1')],
  ...[cell(2, 'b', 'email', 'B@x', 'b@x'), stamp(2, 'b', null, 's1')],
]
const company = [cell(1, 'a', 'company', 'acme', 'Acme'), stamp(1, 'a', 's1', 's2')]

describe('a cell that follows', () => {
  test('is written with its record, and no trigger stamps anew', async () => {
    expect(await act('act', email)).toEqual({ changed: 2, skippedCount: 0, skipped: [], failed: [] })
    expect(rows()).toEqual([
      ['a', 'a@x', 'acme', 's1'],
      ['b', 'b@x', 'bolt', 's1'],
    ])
  })

  test('is no part of count, pages and fingerprint', () => {
    keep('with', email)
    keep('without', [cell(1, 'a', 'email', 'A@x', 'a@x'), cell(2, 'b', 'email', 'B@x', 'b@x')])
    expect(sets.summary('with')).toEqual(sets.summary('without'))
    expect(sets.page('with', 0, 9)).toEqual(sets.page('without', 0, 9))
    expect(sets.page('with', 1, 1)).toEqual(sets.page('without', 1, 1))
    const many = Array.from({ length: 1300 }, (_, at) => [cell(at, 'k', 'email', 1, 2), stamp(at, 'k', 1, 2)]).flat()
    keep('many', many)
    expect(sets.summary('many')?.count).toBe(1300)
    const pages = [0, 400, 800, 1200].flatMap((from) => sets.page('many', from, 400))
    expect(pages).toEqual(many.filter((_, at) => at % 2 === 0))
  })

  test('guards nothing: a record that was stamped meanwhile is changed all the same', async () => {
    sql(`UPDATE leads SET at = 'agent' WHERE id = 'a'`)
    expect(await act('act', email)).toMatchObject({ changed: 2, skippedCount: 0 })
    expect(rows()[0]).toEqual(['a', 'a@x', 'acme', 's1'])
  })

  test('is not written where its record is left alone', async () => {
    sql(`UPDATE leads SET email = 'person@x' WHERE id = 'a'`)
    expect(await act('act', email)).toMatchObject({ changed: 1, skippedCount: 1, skipped: ['a'] })
    expect(rows()[0]).toEqual(['a', 'person@x', 'acme', 'trigger'])
  })

  test('is set although it is the value that is there, which a trigger takes for no stamp at all', async () => {
    await act('act', [cell(1, 'a', 'email', 'A@x', 'a@x'), stamp(1, 'a', 'first', 'first')])
    expect(rows()[0]).toEqual(['a', 'a@x', 'acme', 'first'])
  })

  test('whose column is gone holds up nothing', async () => {
    sql('DROP TRIGGER stamp; ALTER TABLE leads DROP COLUMN at; ALTER TABLE leads ADD COLUMN later')
    keep('act', email)
    expect(await sets.apply('act', databases, idle)).toMatchObject({ changed: 2, failed: [] })
    expect(await undo('act')).toEqual([])
    sql('ALTER TABLE leads ADD COLUMN at TEXT')
    expect(rows()[0]).toEqual(['a', 'A@x', 'acme', null])
  })

  test('and is refused leaves its record as it was, together with it', async () => {
    sql(`DROP TRIGGER stamp; ${stamping};
      CREATE TRIGGER veto BEFORE UPDATE OF at ON leads WHEN OLD.at = 'trigger' AND NEW.at = 'first'
        BEGIN SELECT RAISE(ABORT, 'no way back'); END`)
    const outcome = await act('act', [cell(1, 'a', 'email', 'A@x', 'a@x'), stamp(1, 'a', 'first', 'first')])
    expect(outcome).toMatchObject({ changed: 0, failed: [{ key: 'a', reason: 'no way back' }] })
    expect(rows()[0]).toEqual(['a', 'A@x', 'acme', 'first'])
  })
})

describe('several cells that follow', () => {
  /** Each stamps its own, and the update that does so calls upon the other. */
  const both = `ALTER TABLE leads ADD COLUMN day TEXT DEFAULT 'monday';
    CREATE TRIGGER stamp_day AFTER UPDATE ON leads FOR EACH ROW WHEN NEW.day IS OLD.day AND NEW.day IS NOT 'today'
    BEGIN UPDATE leads SET day = 'today' WHERE rowid = NEW.rowid; END`
  const day = (before: Cell, after: Cell): Change => ({ ...stamp(1, 'a', before, after), ...{ column: 'day' } })
  const stampsOfA = () => {
    const db = new Database(path)
    const found = db.prepare(`SELECT at, day FROM leads WHERE id = 'a'`).raw().get()
    db.close()
    return found
  }

  test.each([
    ['both new', 'first', 'monday', 's1', 'tuesday'],
    ['one as it was', 'first', 'monday', 's1', 'monday'],
    ['the other as it was', 'first', 'monday', 'first', 'tuesday'],
    ['both as they were', 'first', 'monday', 'first', 'monday'],
  ])('are written as planned and taken back: %s', async (_, at, on, atAfter, dayAfter) => {
    sql(both)
    await act('act', [cell(1, 'a', 'email', 'A@x', 'a@x'), stamp(1, 'a', at, atAfter), day(on, dayAfter)])
    expect(stampsOfA()).toEqual([atAfter, dayAfter])
    expect(await undo('act')).toEqual([])
    expect(stampsOfA()).toEqual([at, on])
    expect(rows()[0]).toEqual(['a', 'A@x', 'acme', 'first'])
  })

  test('are taken back each by itself', async () => {
    sql(both)
    await act('act', [cell(1, 'a', 'email', 'A@x', 'a@x'), stamp(1, 'a', 'first', 's1'), day('monday', 'tuesday')])
    sql(`DROP TRIGGER stamp_day; DROP TRIGGER stamp;
      UPDATE leads SET at = 'agent', day = 'tuesday' WHERE id = 'a'; ${stamping}; ${both.slice(both.indexOf('CREATE'))}`)
    expect(await undo('act')).toEqual([])
    expect(stampsOfA()).toEqual(['agent', 'monday'])
  })
})

describe('taking back', () => {
  test('newest first gives every stamp back; undone undos stamp again as it was', async () => {
    const original = rows()
    await act('one', email)
    const afterOne = rows()
    await act('two', company)
    const afterTwo = rows()
    expect(await undo('two')).toEqual([])
    expect(rows()).toEqual(afterOne)
    expect(await undo('one')).toEqual([])
    expect(rows()).toEqual(original)
    expect(await undo('one-undo')).toEqual([])
    expect(rows()).toEqual(afterOne)
    expect(await undo('two-undo')).toEqual([])
    expect(rows()).toEqual(afterTwo)
  })

  test('out of order is no conflict: the later stamp stays, and its own undo still finds it', async () => {
    await act('one', email)
    await act('two', company)
    expect(await undo('one')).toEqual([])
    expect(rows()[0]).toEqual(['a', 'A@x', 'Acme', 's2'])
    expect(rows()[1]).toEqual(['b', 'B@x', 'bolt', null])
    expect(await undo('two')).toEqual([])
    expect(rows()[0]).toEqual(['a', 'A@x', 'acme', 's1'])
  })

  test('out of order is itself taken back exactly', async () => {
    await act('one', email)
    await act('two', company)
    const afterTwo = rows()
    await undo('one')
    expect(await undo('one-undo')).toEqual([])
    expect(rows()).toEqual(afterTwo)
  })

  test('leaves the stamp that a program set meanwhile', async () => {
    await act('one', email)
    sql(`UPDATE leads SET company = 'ACME' WHERE id = 'a'`)
    expect(rows()[0]).toEqual(['a', 'a@x', 'ACME', 'trigger'])
    expect(await undo('one')).toEqual([])
    expect(rows()[0]).toEqual(['a', 'A@x', 'ACME', 'trigger'])
  })

  test('has the same evidence whatever became of the stamps', async () => {
    await act('one', email)
    const before = await sets.reverse('one', undefined, databases)
    sql(`UPDATE leads SET at = 'agent'`)
    expect(await sets.reverse('one', undefined, databases)).toEqual(before)
  })

  test('of a record that got its key with the change', async () => {
    sql(`INSERT INTO leads VALUES (NULL, 'c@x', NULL, 'first')`)
    await act('one', [cell(3, null, 'id', null, 'c'), stamp(3, null, 'first', 'first')])
    expect(rows()[2]).toEqual(['c', 'c@x', null, 'first'])
    sql(`UPDATE leads SET at = 'agent' WHERE id = 'c'`)
    expect(await undo('one')).toEqual([])
    expect(rows()[2]).toEqual([null, 'c@x', null, 'agent'])
  })
})
