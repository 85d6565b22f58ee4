import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { python } from '../../../test/support/python.ts'
import { systemClock } from '../../clock.ts'
import { OperationalError } from '../../errors.ts'
import { openLog } from '../../log.ts'
import { sharedOffload } from '../process/testing-offload.ts'
import { switchJournalMode } from './connection.ts'
import { openDatabases } from './databases.ts'
import type { Databases } from './ports.ts'

let folder: string
let path: string
const offload = sharedOffload()
let databases: Databases

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'write-'))
  path = join(folder, 'leads.db')
  databases = openDatabases({ offload, clock: systemClock, log: openLog('silent') })
})
afterEach(async () => {
  databases.closeAll()
  rmSync(folder, { recursive: true })
})

function create(mode: 'wal' | 'delete', at = path): void {
  const db = new Database(at)
  db.pragma(`journal_mode = ${mode}`)
  db.exec(`CREATE TABLE t (n INTEGER PRIMARY KEY); CREATE TABLE c (n REFERENCES t ON DELETE CASCADE)`)
  db.close()
}

const numbers = (db: Database.Database) => db.prepare('SELECT n FROM t ORDER BY n').pluck().all()
const look = () => databases.write(path, numbers)

/** Runs `work` and counts how often a 5 ms timer fired meanwhile: none does while the event loop is blocked. */
async function countingTicks(work: () => Promise<unknown>): Promise<number> {
  let ticks = 0
  const ticking = setInterval(() => {
    ticks += 1
  }, 5)
  try {
    await work()
  } finally {
    clearInterval(ticking)
  }
  return ticks
}

const holdsFor = (seconds: number) => `
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute('BEGIN EXCLUSIVE'); c.execute('INSERT INTO t VALUES (100)')
say('locked'); time.sleep(${seconds}); c.execute('COMMIT'); c.close()`

describe.each(['wal', 'delete'] as const)('writing to a %s database', (mode) => {
  test('commits the work as one transaction and gives its result', async () => {
    create(mode)
    expect(await databases.write(path, (db) => db.prepare('INSERT INTO t VALUES (1), (2)').run().changes)).toBe(2)
    expect(await look()).toEqual([1, 2])
  })

  test('leaves nothing of work that throws, and passes its error on', async () => {
    create(mode)
    const failing = databases.write(path, (db) => {
      db.exec('INSERT INTO t VALUES (1)')
      db.exec('INSERT INTO t VALUES (1)')
    })
    await expect(failing).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_PRIMARYKEY' })
    expect(await look()).toEqual([])
  })

  test('waits for a Python program that holds the file for a second, and timers keep firing', async () => {
    create(mode)
    const holder = python(holdsFor(1), path)
    await holder.line()
    const ticks = await countingTicks(() => databases.write(path, (db) => db.exec('INSERT INTO t VALUES (1)')))
    expect(ticks).toBeGreaterThan(20)
    expect(await look()).toEqual([1, 100])
    await holder.ended()
  })

  test('gives up after the wait with DATABASE_LOCKED and nothing changed', async () => {
    create(mode)
    const holder = python(holdsFor(2), path)
    await holder.line()
    const failing = databases.write(path, (db) => db.exec('INSERT INTO t VALUES (1)'), { waitMs: 150 })
    await expect(failing).rejects.toMatchObject({ code: 'DATABASE_LOCKED', retry: 'backoff' })
    await holder.ended()
    expect(await look()).toEqual([100])
  })

  test('loses no update of two Python programs and of its own', async () => {
    create(mode)
    const adding = (from: number) =>
      python(
        `c = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
for i in range(60):
  c.execute('INSERT INTO t VALUES (?)', (${from} + i,))
c.close()`,
        path,
      )
    const programs = [adding(1000), adding(2000)]
    for (let n = 1; n <= 60; n += 1) {
      await databases.write(path, (db) => db.prepare('INSERT INTO t VALUES (?)').run(n), { waitMs: 20_000 })
    }
    await Promise.all(programs.map((program) => program.ended()))
    expect((await look()).length).toBe(180)
  })
})

describe('writing', () => {
  test('follows the order of the calls, one at a time', async () => {
    create('wal')
    const all = await Promise.all(
      Array.from({ length: 20 }, () =>
        databases.write(path, (db) => {
          const next = Number(db.prepare('SELECT coalesce(max(n), 0) + 1 FROM t').pluck().get())
          db.prepare('INSERT INTO t VALUES (?)').run(next)
          return next
        }),
      ),
    )
    expect(all).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
  })

  test('an abort ends the wait with the reason of the signal', async () => {
    create('wal')
    const holder = python(holdsFor(1), path)
    await holder.line()
    const aborter = new AbortController()
    const waiting = databases.write(path, (db) => db.exec('INSERT INTO t VALUES (1)'), { signal: aborter.signal })
    aborter.abort(new OperationalError('LEASE_LOST', 'another took over'))
    await expect(waiting).rejects.toMatchObject({ code: 'LEASE_LOST' })
    await holder.ended()
    expect(await look()).toEqual([100])
  })

  test('enforces foreign keys, and a bare connection that turned them off has them again afterwards', async () => {
    create('wal')
    const orphan = () => databases.write(path, (db) => db.exec('INSERT INTO c VALUES (7)'))
    await expect(orphan()).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' })
    await databases.exclusive(path, (db) => {
      db.pragma('foreign_keys = OFF')
      db.exec('INSERT INTO c VALUES (8)')
    })
    await expect(orphan()).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' })
  })

  test('is durable: synchronous is FULL whatever the work set it to', async () => {
    create('wal')
    await databases.exclusive(path, (db) => db.pragma('synchronous = OFF'))
    expect(await databases.write(path, (db) => db.pragma('synchronous', { simple: true }))).toBe(2)
  })

  test('notices that the file was replaced, and nothing of the old one, not even its -wal, gets into the new one', async () => {
    create('wal')
    await databases.write(path, (db) => db.exec('INSERT INTO t VALUES (1)'))
    const other = join(folder, 'other.db')
    create('delete', other)
    renameSync(other, path)
    await databases.write(path, (db) => db.exec('INSERT INTO t VALUES (2)'))
    expect(new Database(path, { readonly: true }).prepare('SELECT n FROM t').pluck().all()).toEqual([2])
  })

  test('does not touch a replaced file while another program has the old one open, and goes on afterwards', async () => {
    create('wal')
    await databases.write(path, (db) => db.exec('INSERT INTO t VALUES (1)'))
    const agent = python(
      `c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute('SELECT n FROM t').fetchall(); say('open'); wait(); c.close()`,
      path,
    )
    await agent.line()
    const other = join(folder, 'other.db')
    create('wal', other)
    renameSync(other, path)
    const writing = () => databases.write(path, (db) => db.exec('INSERT INTO t VALUES (2)'))
    await expect(writing()).rejects.toMatchObject({ code: 'DATABASE_LOCKED', hint: expect.stringContaining('Restart') })
    agent.tell('end')
    await agent.ended()
    await writing()
    expect(await look()).toEqual([2])
  })

  test('to a file that went away says so and makes no new one', async () => {
    create('delete')
    await look()
    rmSync(path)
    await expect(look()).rejects.toMatchObject({ code: 'DATABASE_MISSING' })
    expect(readdirSync(folder)).toEqual([])
  })

  test('work outside a transaction may change the journal mode and vacuum', async () => {
    create('delete')
    expect(await databases.exclusive(path, (db) => db.pragma('journal_mode = WAL', { simple: true }))).toBe('wal')
    await databases.exclusive(path, (db) => db.exec('VACUUM'))
    await expect(databases.exclusive(path, (db) => db.exec('BEGIN'))).rejects.toThrow('ends those it begins')
    expect(await look()).toEqual([])
  })

  test('leaving WAL mode leaves no -wal behind, although only a reader had used it', async () => {
    create('delete')
    await databases.exclusive(path, (db) => switchJournalMode(db, 'wal'))
    ;(await databases.read(path)).close()
    expect(await databases.exclusive(path, (db) => switchJournalMode(db, 'delete'))).toBe('delete')
    expect(readdirSync(folder)).toEqual(['leads.db'])
  })

  test('closing checkpoints and tidies up when nobody else has the file open', async () => {
    create('wal')
    await databases.write(path, (db) => db.exec('INSERT INTO t VALUES (1)'))
    expect(readdirSync(folder)).toContain('leads.db-wal')
    databases.closeAll()
    expect(readdirSync(folder)).toEqual(['leads.db'])
  })
})

describe('faults of the world have codes', () => {
  test('a corrupted file', async () => {
    create('delete')
    const db = new Database(path)
    db.exec('BEGIN')
    for (let n = 1; n <= 5000; n += 1) db.prepare('INSERT INTO t VALUES (?)').run(n)
    db.exec('COMMIT')
    db.close()
    const copy = join(folder, 'copy.db')
    copyFileSync(path, copy)
    execFileSync('sh', ['-c', `printf '%8192s' | dd of="$0" bs=1 seek=8192 conv=notrunc 2>/dev/null`, copy])
    const counting = databases.write(copy, (bad) => bad.prepare('SELECT count(*) FROM t NOT INDEXED').get())
    await expect(counting).rejects.toMatchObject({ code: 'DATABASE_CORRUPT', retry: 'human' })
    writeFileSync(join(folder, 'text.db'), 'this is no database '.repeat(30))
    await expect(databases.write(join(folder, 'text.db'), () => 1)).rejects.toMatchObject({ code: 'DATABASE_CORRUPT' })
  })

  test('a folder in the place of the file', async () => {
    await expect(databases.write(folder, () => 1)).rejects.toMatchObject({ code: 'DATABASE_NOT_A_FILE' })
  })

  /** Runs a write as the user `nobody`, for whom modes count, unlike for root. */
  function writeAsNobody(): string {
    const script = `
      import { openDatabases } from ${JSON.stringify(join(process.cwd(), 'dist/targets/sqlite/databases.js'))}
      import { createOffload } from ${JSON.stringify(join(process.cwd(), 'dist/targets/process/offload.js'))}
      import { systemClock } from ${JSON.stringify(join(process.cwd(), 'dist/clock.js'))}
      import { openLog } from ${JSON.stringify(join(process.cwd(), 'dist/log.js'))}
      if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534) }
      const log = openLog('silent')
      const databases = openDatabases({ offload: createOffload({ log }), clock: systemClock, log })
      await databases.write(process.argv[1], (db) => db.exec('INSERT INTO t VALUES (1)')).then(
        () => console.log('written'), (error) => console.log(error.code))`
    return execFileSync(process.execPath, ['--input-type=module', '-e', script, path]).toString().trim()
  }

  test('a file, or a folder, that may not be written', () => {
    create('delete')
    chmodSync(folder, 0o777)
    chmodSync(path, 0o444)
    expect(writeAsNobody()).toBe('DATABASE_READ_ONLY')
    chmodSync(path, 0o666)
    chmodSync(folder, 0o555)
    expect(['DATABASE_READ_ONLY', 'DATABASE_PERMISSION']).toContain(writeAsNobody())
    chmodSync(folder, 0o777)
    expect(writeAsNobody()).toBe('written')
  })

  test('a full disk: the change is rolled back whole, and goes through once there is room', async (context) => {
    const disk = join(folder, 'disk')
    try {
      execFileSync('sh', ['-c', 'mkdir "$0" && mount -t tmpfs -o size=1m tmpfs "$0"', disk], { stdio: 'ignore' })
    } catch {
      context.skip('a small file system can be mounted only by root')
    }
    try {
      const small = join(disk, 'leads.db')
      create('wal', small)
      const fill = (bytes: number) => (db: Database.Database) =>
        db.prepare('INSERT INTO big VALUES (zeroblob(?))').run(bytes)
      await databases.write(small, (db) => db.exec('CREATE TABLE big (b)'))
      await expect(databases.write(small, fill(2_000_000))).rejects.toMatchObject({
        code: 'DISK_FULL',
        retry: 'backoff',
      })
      expect(await databases.write(small, (db) => db.prepare('SELECT count(*) FROM big').pluck().get())).toBe(0)
      await databases.write(small, fill(1000))
      expect(await databases.write(small, (db) => db.pragma('integrity_check', { simple: true }))).toBe('ok')
    } finally {
      databases.closeAll()
      execFileSync('umount', [disk])
    }
  })
})

describe('watching', () => {
  async function heard(act: () => Promise<unknown> | unknown): Promise<boolean> {
    await new Promise((resolve) => setTimeout(resolve, 60))
    let notified = 0
    const watch = databases.watch(path, () => {
      notified += 1
    })
    await new Promise((resolve) => setTimeout(resolve, 350))
    const before = notified
    await act()
    await new Promise((resolve) => setTimeout(resolve, 350))
    watch.close()
    return notified > before
  }

  test.each(['wal', 'delete'] as const)('tells of a commit by this program and by another (%s)', async (mode) => {
    create(mode)
    expect(await heard(() => undefined)).toBe(false)
    expect(await heard(() => databases.write(path, (db) => db.exec('INSERT INTO t VALUES (1)')))).toBe(true)
    const other = python(
      `c = sqlite3.connect(sys.argv[1], isolation_level=None)
say('open'); wait(); c.execute('INSERT INTO t VALUES (2)'); say('done'); wait()`,
      path,
    )
    await other.line()
    expect(
      await heard(async () => {
        other.tell('go')
        await other.line()
      }),
    ).toBe(true)
    await other.kill()
  })

  test('says nothing of reads, also where SQLite as root gives the -wal to its owner whenever it opens it', async () => {
    create('wal')
    const other = python(
      `c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute('INSERT INTO t VALUES (2)'); say('open'); wait()`,
      path,
    )
    await other.line()
    const isHeard = await heard(async () => {
      for (let count = 0; count < 3; count += 1) {
        const view = await databases.read(path)
        view.close()
      }
    })
    await other.kill()
    expect(isHeard).toBe(false)
  })

  test('tells when the file appears and when it goes', async () => {
    expect(await heard(() => create('delete'))).toBe(true)
    expect(await heard(() => rmSync(path))).toBe(true)
  })

  test('leaves no trace and is silent once closed', async () => {
    create('wal')
    expect(await heard(() => undefined)).toBe(false)
    expect(readdirSync(folder)).toEqual(['leads.db'])
    let notified = 0
    databases
      .watch(path, () => {
        notified += 1
      })
      .close()
    new Database(path).exec('INSERT INTO t VALUES (1)').close()
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect(notified).toBe(0)
  })
})
