import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { python } from '../../../test/support/python.ts'
import { systemClock } from '../../clock.ts'
import { openLog } from '../../log.ts'
import { seededRandom } from '../../random.ts'
import { createOffload, type OwnedOffload } from '../process/offload.ts'
import { openChangeSets } from './change-sets.ts'
import { openDatabases } from './databases.ts'
import type { Databases } from './ports.ts'

/**
 * Rounds; the applying process is killed twice in each, and twice more while it takes the action back. `npm run soak:changes`
 * has forty.
 */
const rounds = Number(process.env.CHANGE_ROUNDS ?? 4)
const updates = 2600
const inserts = 700
const deletes = 700

const idle = { signal: new AbortController().signal, progress: () => undefined }

let folder: string
let offload: OwnedOffload
let databases: Databases

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crash-'))
  offload = createOffload({ log: openLog('silent') })
  databases = openDatabases({ offload, clock: systemClock, log: openLog('silent') })
})
afterAll(async () => {
  databases.closeAll()
  await offload.close()
  rmSync(folder, { recursive: true })
})

/** A program that applies an action and says when it begins and when it has ended. */
function applying(
  checkpoints: string,
  actionId: string,
): { child: ChildProcess; begun: Promise<void>; gone: Promise<void> } {
  const dist = (file: string) => JSON.stringify(join(process.cwd(), 'dist', file))
  const script = `
    import { openDatabases } from ${dist('targets/sqlite/databases.js')}
    import { openChangeSets } from ${dist('targets/sqlite/change-sets.js')}
    import { createOffload } from ${dist('targets/process/offload.js')}
    import { systemClock as clock } from ${dist('clock.js')}
    import { openLog } from ${dist('log.js')}
    const log = openLog('silent')
    const databases = openDatabases({ offload: createOffload({ log }), clock, log })
    const sets = openChangeSets({ path: ${JSON.stringify(checkpoints)}, clock })
    console.log('begins')
    await sets.apply(${JSON.stringify(actionId)}, databases, { signal: new AbortController().signal, progress: () => undefined })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const { stdout } = child
  const gone = new Promise<void>((resolve) => child.on('close', () => resolve()))
  const begun = new Promise<void>((resolve) => {
    createInterface(stdout).once('line', () => resolve())
    void gone.then(resolve)
  })
  return { child, begun, gone }
}

/** An agent that counts in a column of its own and, now and then, writes the same cell as the action. */
const agent = `
c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
random.seed(int(sys.argv[2])); done = 0
say('open')
import select
while not select.select([sys.stdin], [], [], 0)[0]:
  row = random.randint(1, ${updates})
  c.execute('BEGIN IMMEDIATE')
  c.execute('UPDATE leads SET touched = touched + 1 WHERE rowid = ?', (row,))
  if row % 100 == 0: c.execute("UPDATE leads SET email = 'agent' WHERE rowid = ?", (row,))
  c.execute('COMMIT'); done += 1
  time.sleep(0.001)
say(done)
c.close()`

function create(path: string): void {
  const db = new Database(path)
  db.pragma('journal_mode = WAL')
  db.exec(`
    CREATE TABLE leads (id TEXT PRIMARY KEY, email TEXT, touched INTEGER DEFAULT 0, updated_at TEXT);
    CREATE TABLE made (row_id INTEGER, what TEXT);
    CREATE TRIGGER made_update AFTER UPDATE OF email ON leads WHEN NEW.email LIKE 'new-%' BEGIN INSERT INTO made VALUES (NEW.rowid, 'update'); END;
    CREATE TRIGGER made_insert AFTER INSERT ON leads WHEN NEW.email LIKE 'new-%' BEGIN INSERT INTO made VALUES (NEW.rowid, 'insert'); END;
    CREATE TRIGGER made_delete AFTER DELETE ON leads BEGIN INSERT INTO made VALUES (OLD.rowid, 'delete'); END;
    WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ${updates + deletes})
      INSERT INTO leads SELECT 'k' || n, 'old-' || n, 0, 'at-' || n FROM c;
    CREATE TRIGGER stamp AFTER UPDATE ON leads WHEN NEW.updated_at IS OLD.updated_at AND NEW.updated_at IS NOT 'agent' BEGIN UPDATE leads SET updated_at = 'agent' WHERE rowid = NEW.rowid; END;`)
  db.close()
}

test(`an action and its undo killed at ${rounds * 4} random moments beside a writing agent are completed with nothing lost and nothing twice`, async () => {
  const random = seededRandom(20261123)
  const checkpoints = join(folder, 'checkpoints.db')
  const sets = openChangeSets({ path: checkpoints, clock: systemClock })
  let cutOff = 0
  const killTwice = async (actionId: string) => {
    for (let kill = 0; kill < 2; kill += 1) {
      const { child, begun, gone } = applying(checkpoints, actionId)
      await begun
      // The second one waits until a part is there: on a loaded machine no random moment may fall into the midst of it.
      while (kill === 1 && child.exitCode === null && (await sets.probe(actionId, databases)) !== 'partly')
        await systemClock.sleep(1)
      await systemClock.sleep(random.next() * (kill === 0 ? 60 : 10))
      child.kill('SIGKILL')
      await gone
      if ((await sets.probe(actionId, databases)) === 'partly') cutOff += 1
    }
  }
  for (let round = 0; round < rounds; round += 1) {
    const path = join(folder, `leads-${round}.db`)
    const actionId = `action-${round}`
    create(path)
    const writer = sets.begin(actionId, { path, table: 'leads', keyColumn: 'id' })
    for (let row = 1; row <= updates; row += 1) {
      const at = { is: 'cell', rowId: row, key: `k${row}` } as const
      writer.add({ ...at, column: 'email', before: `old-${row}`, after: `new-${row}` })
      writer.add({ ...at, column: 'updated_at', before: `at-${row}`, after: 'action', follows: true })
    }
    for (let row = updates + 1; row <= updates + deletes; row += 1) {
      writer.add({
        is: 'delete',
        rowId: row,
        key: `k${row}`,
        row: { id: `k${row}`, email: `old-${row}`, touched: 0, updated_at: `at-${row}` },
      })
    }
    // Without a key nothing but the marker keeps an insert from being made twice.
    for (let row = 1; row <= inserts; row += 1) {
      writer.add({ is: 'insert', rowId: 0, key: null, row: { email: `new-insert-${row}` } })
    }
    writer.finish()

    const program = python(agent, path, String(round))
    await program.line()
    await killTwice(actionId)
    const outcome = await sets.apply(actionId, databases, idle)
    const again = await sets.apply(actionId, databases, idle)
    program.tell('end')
    const touched = Number(await program.line())
    await program.ended()

    expect(again).toEqual(outcome)
    expect(await sets.probe(actionId, databases)).toBe('applied')
    const view = await databases.read(path)
    const count = (sql: string) => view.db.prepare<[], number>(sql).pluck().get()
    expect(view.db.pragma('integrity_check', { simple: true })).toBe('ok')
    // Nothing twice:
    expect(count(`SELECT count(*) FROM (SELECT 1 FROM made GROUP BY row_id, what HAVING count(*) > 1)`)).toBe(0)
    expect(count(`SELECT count(*) FROM made WHERE what = 'insert'`)).toBe(inserts)
    expect(count(`SELECT count(*) FROM made WHERE what = 'delete'`)).toBe(deletes)
    // Nothing lost: each record was changed by the action, or skipped because the agent had been there first.
    const made = Number(count(`SELECT count(*) FROM made WHERE what = 'update'`))
    expect(outcome).toMatchObject({ changed: made + inserts + deletes, skippedCount: updates - made, failed: [] })
    expect(count(`SELECT count(*) FROM leads WHERE email LIKE 'old-%'`)).toBe(0)
    // Nothing of the agent's either:
    expect(count('SELECT sum(touched) FROM leads')).toBe(touched)
    // Every changed record has the action's stamp, unless the agent stamped it afterwards.
    expect(
      count(`SELECT count(*) FROM leads WHERE email LIKE 'new-%' AND id IS NOT NULL AND touched = 0
      AND updated_at IS NOT 'action'`),
    ).toBe(0)
    const stamped = count(`SELECT count(*) FROM leads WHERE updated_at = 'action'`)
    expect(stamped).toBeGreaterThan(0)
    const edited = count(`SELECT count(*) FROM leads WHERE email = 'agent'`)
    const stays = count(`SELECT count(*) FROM leads WHERE updated_at IS 'agent'`)
    view.close()

    const undoId = `${actionId}-undo`
    const reversed = await sets.reverse(actionId, undoId, databases)
    await killTwice(undoId)
    const undone = await sets.apply(undoId, databases, idle)
    expect(await sets.apply(undoId, databases, idle)).toEqual(undone)
    expect(undone).toMatchObject({ changed: reversed.count, skippedCount: 0, failed: [] })
    const after = await databases.read(path)
    const countAfter = (sql: string) => after.db.prepare<[], number>(sql).pluck().get()
    expect(countAfter('SELECT count(*) FROM leads')).toBe(updates + deletes)
    expect(countAfter(`SELECT count(*) FROM leads WHERE email IS NOT 'old-' || substr(id, 2)`)).toBe(edited)
    // A stamp of the agent's stays; every other one is that from before the action.
    expect(countAfter(`SELECT count(*) FROM leads WHERE updated_at IS 'agent'`)).toBe(stays)
    expect(countAfter(`SELECT count(*) FROM leads WHERE updated_at IS 'at-' || substr(id, 2)`)).toBe(
      updates + deletes - Number(stays),
    )
    after.close()
  }
  expect(cutOff).toBeGreaterThan(0)
  sets.close()
}, 300_000)
