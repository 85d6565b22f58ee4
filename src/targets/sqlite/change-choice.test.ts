/** Taking back some records of an action, and deciding one by one what becomes of those that somebody changed since. */
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
import type { Change, ChangeSets, ChangeTarget, Databases, RowChoice } from './ports.ts'

let folder: string
let path: string
const offload = sharedOffload()
let databases: Databases
let sets: ChangeSets
let target: ChangeTarget
const idle = { signal: new AbortController().signal, progress: () => undefined }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'choice-'))
  path = join(folder, 'leads.db')
  target = { path, table: 'leads', keyColumn: 'id' }
  databases = openDatabases({ offload, clock: systemClock, log: openLog('silent') })
  sets = openChangeSets({ path: join(folder, '.trueup', 'checkpoints.db'), clock: systemClock })
  sql(`CREATE TABLE leads (id TEXT PRIMARY KEY, email TEXT, name TEXT);
    INSERT INTO leads VALUES ('a', 'A@x', 'Ann'), ('b', 'B@x', 'Bob'), ('c', 'C@x', 'Cy')`)
})
afterEach(async () => {
  sets.close()
  databases.closeAll()
  rmSync(folder, { recursive: true })
})

function sql(text: string): void {
  const db = new Database(path)
  db.exec(text)
  db.close()
}
function rows(): unknown[] {
  const db = new Database(path)
  const all = db.prepare('SELECT * FROM leads ORDER BY id').raw().all()
  db.close()
  return all
}
async function act(actionId: string, changes: readonly Change[]): Promise<void> {
  const writer = sets.begin(actionId, target)
  for (const change of changes) writer.add(change)
  writer.finish()
  await sets.apply(actionId, databases, idle)
}
const cell = (rowId: number, key: Cell, column: string, before: Cell, after: Cell): Change => ({
  is: 'cell',
  rowId,
  key,
  column,
  before,
  after,
})
const choice = (some: Partial<RowChoice>): RowChoice => ({
  keys: null,
  onConflict: 'skip',
  keep: [],
  take: [],
  ...some,
})
async function undo(actionId: string, some: Partial<RowChoice>) {
  const planned = await sets.reverse(actionId, undefined, databases, choice(some))
  const kept = await sets.reverse(actionId, `${actionId}-undo`, databases, choice(some))
  expect(kept.fingerprint).toBe(planned.fingerprint)
  await sets.apply(`${actionId}-undo`, databases, idle)
  return planned
}

/** E-mail addresses of three leads in lower case. */
const lower = () =>
  act('lower', [
    cell(1, 'a', 'email', 'A@x', 'a@x'),
    cell(2, 'b', 'email', 'B@x', 'b@x'),
    cell(3, 'c', 'email', 'C@x', 'c@x'),
  ])

describe('taking back some records', () => {
  test('leaves the others as they are, and says how many are left and which keys it never touched', async () => {
    await lower()
    const { rows: told, count } = await undo('lower', { keys: ['b', 'nobody'] })
    expect(rows()).toEqual([
      ['a', 'a@x', 'Ann'],
      ['b', 'B@x', 'Bob'],
      ['c', 'c@x', 'Cy'],
    ])
    expect(count).toBe(1)
    expect(told).toMatchObject({ left: 2, matched: 1, unknownKeys: ['nobody'], conflictCount: 0 })
    // The rest can be taken back later, and what is back already is no conflict.
    sets.discard('lower-undo')
    expect(await sets.reverse('lower', undefined, databases)).toMatchObject({ count: 2, conflictCount: 0 })
  })

  test('says of every list which keys it never touched', async () => {
    await lower()
    const { rows: told } = await undo('lower', { onConflict: 'force', keep: ['a', 'keep?'], take: ['b', 'take?'] })
    expect(told).toMatchObject({ left: 0, matched: 3, unknownKeys: ['take?', 'keep?'] })
    expect(rows().map((row) => (Array.isArray(row) ? row[1] : row))).toEqual(['A@x', 'B@x', 'C@x'])
  })

  test('takes back with a record those that were changed together with it', async () => {
    await act('merge', [
      { ...cell(1, 'a', 'name', 'Ann', 'Ann B'), unit: 1 },
      { is: 'delete', rowId: 2, key: 'b', row: { id: 'b', email: 'B@x', name: 'Bob' }, unit: 1 },
      { ...cell(3, 'c', 'name', 'Cy', 'Cyrus'), unit: 2 },
    ])
    await undo('merge', { keys: ['b'] })
    expect(rows()).toEqual([
      ['a', 'A@x', 'Ann'],
      ['b', 'B@x', 'Bob'],
      ['c', 'C@x', 'Cyrus'],
    ])
  })
})

describe('records that were changed since', () => {
  test('are told with what they were, were made and are, and stay unless they are taken', async () => {
    await lower()
    sql(`UPDATE leads SET email = 'ann@new' WHERE id = 'a'; UPDATE leads SET email = 'bob@new' WHERE id = 'b'`)
    const { rows: told } = await undo('lower', { take: ['b'] })
    expect(rows().map((row) => (Array.isArray(row) ? row[1] : row))).toEqual(['ann@new', 'B@x', 'C@x'])
    const conflict = { table: 'leads', is: 'changed', by: [], isUnbroken: false }
    expect(told.conflicts).toEqual([
      {
        ...conflict,
        key: 'b',
        outcome: 'taken',
        isChosen: true,
        cells: [{ field: 'email', before: 'B@x', made: 'b@x', now: 'bob@new' }],
      },
      {
        ...conflict,
        key: 'a',
        outcome: 'kept',
        isChosen: false,
        cells: [{ field: 'email', before: 'A@x', made: 'a@x', now: 'ann@new' }],
      },
    ])
  })

  test('are all taken by force but for those that are to keep what they hold', async () => {
    await lower()
    sql(`UPDATE leads SET email = email || '.new'`)
    await undo('lower', { onConflict: 'force', keep: ['c'] })
    expect(rows().map((row) => (Array.isArray(row) ? row[1] : row))).toEqual(['A@x', 'B@x', 'c@x.new'])
  })

  test('a record that was made and edited goes by force, one that was deleted and made anew becomes what it was', async () => {
    await act('both', [
      { is: 'insert', rowId: 0, key: 'd', row: { id: 'd', email: 'd@x', name: 'Di' } },
      { is: 'delete', rowId: 1, key: 'a', row: { id: 'a', email: 'A@x', name: 'Ann' } },
    ])
    sql(`UPDATE leads SET name = 'Dina' WHERE id = 'd'; INSERT INTO leads VALUES ('a', 'other@x', 'Ann')`)
    const planned = await sets.reverse('both', undefined, databases)
    expect(planned).toMatchObject({ count: 0, conflictCount: 2 })
    expect(planned.rows.conflicts.map(({ key, is, cells }) => [key, is, cells.map(({ field }) => field)])).toEqual([
      ['a', 'back', ['email']],
      ['d', 'changed', ['name']],
    ])
    await undo('both', { take: ['a', 'd'] })
    expect(rows()).toEqual([
      ['a', 'A@x', 'Ann'],
      ['b', 'B@x', 'Bob'],
      ['c', 'C@x', 'Cy'],
    ])
  })

  test('one that is gone cannot be taken back, whatever is asked', async () => {
    await lower()
    sql(`DELETE FROM leads WHERE id = 'a'`)
    const { rows: told, conflicts } = await undo('lower', { onConflict: 'force' })
    expect(conflicts).toEqual(['a'])
    expect(told.conflicts).toMatchObject([{ key: 'a', is: 'gone', outcome: 'kept' }])
  })

  test('what an undo by force overwrote comes back by undoing the undo', async () => {
    await lower()
    sql(`UPDATE leads SET email = 'ann@new' WHERE id = 'a'`)
    await undo('lower', { onConflict: 'force' })
    await undo('lower-undo', {})
    expect(rows().map((row) => (Array.isArray(row) ? row[1] : row))).toEqual(['ann@new', 'b@x', 'c@x'])
  })

  test('the later action that wrote it is named, and whether it leads there without a gap', async () => {
    await lower()
    await act('rename', [cell(1, 'a', 'email', 'a@x', 'ann@y'), cell(2, 'b', 'name', 'Bob', 'Rob')])
    await act('again', [cell(1, 'a', 'email', 'ann@y', 'ann@z')])
    sql(`UPDATE leads SET email = 'python@x' WHERE id = 'c'`)
    const { rows: told } = await sets.reverse('lower', undefined, databases)
    expect(told.conflicts.map(({ key, by, isUnbroken }) => [key, by, isUnbroken])).toEqual([
      ['c', [], false],
      ['a', ['rename', 'again'], true],
    ])
  })
})

describe('what is kept for undo', () => {
  const needed = new Set<string>()
  const huge = (id: string) => act(id, [cell(1, 'a', 'name', readName(), `${id}${'x'.repeat(300_000)}`)])
  function readName(): Cell {
    const db = new Database(path)
    const name = db.prepare<[], string>(`SELECT name FROM leads WHERE id = 'a'`).pluck().get() ?? null
    db.close()
    return name
  }

  test('goes by age and then by size, oldest first, but never the newest, nor what an open action needs', async () => {
    for (const id of ['one', 'two', 'three', 'four']) await huge(id)
    const kept = () => ['one', 'two', 'three', 'four'].filter((id) => sets.summary(id) !== undefined)
    expect(sets.bytes()).toBeGreaterThan(1_500_000)

    expect(sets.expire({ beforeMs: 0, bytesMax: 1_300_000, needed: new Set(['one']) })).toMatchObject({
      old: 0,
      large: 2,
    })
    expect(kept()).toEqual(['one', 'four'])
    expect(sets.bytes()).toBeLessThan(1_300_000)

    expect(sets.expire({ beforeMs: 0, bytesMax: 1, needed })).toMatchObject({ large: 1 })
    expect(kept()).toEqual(['four'])
    expect(sets.expire({ beforeMs: Date.now() + 1, bytesMax: 1, needed: new Set(['four']) })).toMatchObject({ old: 0 })
    expect(kept()).toEqual(['four'])
    expect(sets.expire({ beforeMs: Date.now() + 1, bytesMax: 1, needed })).toMatchObject({ old: 1 })
    expect(kept()).toEqual([])
  })
})
