import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { python } from '../../../test/support/python.ts'
import { systemClock } from '../../clock.ts'
import { openLog } from '../../log.ts'
import { sharedOffload } from '../process/testing-offload.ts'
import { openDatabases } from './databases.ts'
import type { Databases } from './ports.ts'

let folder: string
let copiesFolder: string
const offload = sharedOffload()
let copied: number
let databases: Databases

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'read-'))
  copiesFolder = mkdtempSync(join(tmpdir(), 'copies-'))
  copied = 0
  const counted = {
    thread: offload.thread,
    process: (...args: Parameters<typeof offload.process>) => {
      copied += 1
      return offload.process(...args)
    },
  }
  databases = openDatabases({ offload: counted, clock: systemClock, log: openLog('silent'), copiesFolder })
})
afterEach(async () => {
  databases.closeAll()
  rmSync(folder, { recursive: true })
  rmSync(copiesFolder, { recursive: true })
})

/** Everything that a trace would show in: names, bytes, modes and times of all files beside the database. */
function world(): unknown {
  return readdirSync(folder).map((name) => {
    const found = statSync(join(folder, name), { bigint: true })
    const bytes = found.isFile() ? readFileSync(join(folder, name)).toString('base64') : ''
    return [name, found.mode, found.ino, found.size, found.mtimeNs, found.ctimeNs, bytes]
  })
}

function create(mode: 'wal' | 'delete', rows = 3): string {
  const path = join(folder, 'leads.db')
  const db = new Database(path)
  db.pragma(`journal_mode = ${mode}`)
  db.exec('CREATE TABLE leads (id INTEGER PRIMARY KEY, name TEXT)')
  db.exec('BEGIN')
  for (let row = 1; row <= rows; row += 1) db.prepare('INSERT INTO leads VALUES (?, ?)').run(row, `name ${row}`)
  db.exec('COMMIT')
  db.close()
  return path
}

async function countOf(path: string): Promise<unknown> {
  const view = await databases.read(path)
  try {
    return view.db.prepare('SELECT count(*) FROM leads').pluck().get()
  } finally {
    view.close()
  }
}

describe('reading leaves no trace', () => {
  test.each(['wal', 'delete'] as const)('of a %s database that nobody has open', async (mode) => {
    const path = create(mode)
    const before = world()
    expect(await countOf(path)).toBe(3)
    expect(world()).toEqual(before)
  })

  test('of a WAL database whose writer was killed: the -wal is read, and neither played back nor removed', async () => {
    const path = create('wal')
    const writer = python(
      `c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute("INSERT INTO leads VALUES (4, 'only in the wal')")
say('written'); wait()`,
      path,
    )
    await writer.line()
    await writer.kill()
    expect(readdirSync(folder)).toEqual(['leads.db', 'leads.db-shm', 'leads.db-wal'])
    rmSync(`${path}-shm`)
    const before = world()
    expect(await countOf(path)).toBe(4)
    expect(world()).toEqual(before)
  })

  test('of a database with a hot journal: the copy is rolled back, the journal stays', async () => {
    const path = create('delete', 200)
    const writer = python(
      `c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute('PRAGMA cache_size = 1'); c.execute('PRAGMA synchronous = OFF')
c.execute('BEGIN')
c.execute("UPDATE leads SET name = hex(randomblob(400))")
say('half written'); wait()`,
      path,
    )
    await writer.line()
    await writer.kill()
    expect(readdirSync(folder)).toEqual(['leads.db', 'leads.db-journal'])
    const before = world()
    const view = await databases.read(path)
    expect(view.db.prepare('SELECT name FROM leads WHERE id = 200').pluck().get()).toBe('name 200')
    expect(view.db.pragma('integrity_check', { simple: true })).toBe('ok')
    view.close()
    expect(world()).toEqual(before)
  })

  test('while a Python program has the file open in WAL mode, and what it committed is seen', async () => {
    const path = create('wal')
    const writer = python(
      `c = sqlite3.connect(sys.argv[1], isolation_level=None)
n = 3
c.execute('SELECT count(*) FROM leads').fetchall()
say('open')
while wait() == 'write':
  n += 1
  c.execute('INSERT INTO leads VALUES (?, ?)', (n, 'x')); say(n)
c.close(); say(sorted(os.listdir(os.path.dirname(sys.argv[1]))))`,
      path,
    )
    await writer.line()
    for (let count = 4; count <= 6; count += 1) {
      writer.tell('write')
      await writer.line()
      expect(await countOf(path)).toBe(count)
      expect(readdirSync(folder)).toEqual(['leads.db', 'leads.db-shm', 'leads.db-wal'])
    }
    expect(copied).toBe(0)
    writer.tell('end')
    // The writer was the last to close: it tidied up as if we had never been there.
    expect(await writer.line()).toBe("['leads.db']")
    expect(await countOf(path)).toBe(6)
    expect(readdirSync(folder)).toEqual(['leads.db'])
  })

  test('of a database in a rollback journal mode beside which an empty -wal was left', async () => {
    const path = create('delete')
    writeFileSync(`${path}-wal`, '')
    const before = world()
    expect(await countOf(path)).toBe(3)
    expect(world()).toEqual(before)
  })

  test('through a symbolic link, whose -wal lies beside the file it points to', async () => {
    const path = create('wal')
    mkdirSync(join(folder, 'elsewhere'))
    symlinkSync(path, join(folder, 'elsewhere', 'link.db'))
    const before = world()
    expect(await countOf(join(folder, 'elsewhere', 'link.db'))).toBe(3)
    expect(world()).toEqual(before)
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual(['link.db'])
  })
})

describe('copies', () => {
  test('an unchanged file is copied once, a changed one again', async () => {
    const path = create('wal')
    await countOf(path)
    await Promise.all([countOf(path), countOf(path)])
    expect(copied).toBe(1)
    new Database(path).exec("INSERT INTO leads VALUES (9, 'new')").close()
    expect(await countOf(path)).toBe(4)
    expect(copied).toBe(2)
  })

  test('lie in a private folder and are gone at the end', async () => {
    const path = create('wal')
    const view = await databases.read(path)
    const [name = ''] = readdirSync(copiesFolder)
    expect(statSync(join(copiesFolder, name)).mode & 0o777).toBe(0o700)
    expect(view.db.name).toContain(copiesFolder)
    view.close()
    databases.closeAll()
    expect(readdirSync(copiesFolder)).toEqual([])
  })

  test('of a file that changed meanwhile stay until their last view is closed', async () => {
    const path = create('wal')
    const view = await databases.read(path)
    new Database(path).exec("INSERT INTO leads VALUES (9, 'new')").close()
    expect(await countOf(path)).toBe(4)
    expect(view.db.prepare('SELECT count(*) FROM leads').pluck().get()).toBe(3)
    view.close()
    await expect.poll(() => readdirSync(copiesFolder).length).toBe(1)
  })

  test('that a killed process left behind are removed at the next start', async () => {
    const dead = Number(execFileSync('sh', ['-c', 'echo $$']).toString())
    mkdirSync(join(copiesFolder, `trueup-read-${dead}-abc`))
    mkdirSync(join(copiesFolder, `trueup-read-${process.ppid}-abc`))
    const next = openDatabases({ offload, clock: systemClock, log: openLog('silent'), copiesFolder })
    ;(await next.read(create('wal'))).close()
    next.closeAll()
    expect(readdirSync(copiesFolder)).toEqual([`trueup-read-${process.ppid}-abc`])
  })
})

describe('a view', () => {
  test('cannot write', async () => {
    const view = await databases.read(create('delete'))
    expect(() => view.db.exec('DELETE FROM leads')).toThrow(/readonly/)
    view.close()
  })

  test('of a WAL database is one snapshot until it is closed', async () => {
    const path = create('wal')
    await databases.write(path, (db) => db.exec("INSERT INTO leads VALUES (4, 'x')"))
    const view = await databases.read(path)
    await databases.write(path, (db) => db.exec("INSERT INTO leads VALUES (5, 'x')"))
    expect(view.db.prepare('SELECT count(*) FROM leads').pluck().get()).toBe(4)
    view.close()
    expect(await countOf(path)).toBe(5)
    expect(copied).toBe(0)
  })

  test('of a database in a rollback journal mode waits for an exclusive writer without blocking the event loop', async () => {
    const path = create('delete')
    const writer = python(
      `c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute('BEGIN EXCLUSIVE'); c.execute("INSERT INTO leads VALUES (4, 'x')")
say('locked'); time.sleep(0.8); c.execute('COMMIT'); c.close()`,
      path,
    )
    await writer.line()
    let ticks = 0
    const ticking = setInterval(() => {
      ticks += 1
    }, 5)
    expect(await countOf(path)).toBe(4)
    clearInterval(ticking)
    expect(ticks).toBeGreaterThan(3)
    await writer.ended()
  })

  test('sees a file of no bytes as an empty database', async () => {
    const path = join(folder, 'empty.db')
    writeFileSync(path, '')
    const view = await databases.read(path)
    expect(view.db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get()).toBe(0)
    view.close()
    expect(statSync(path).size).toBe(0)
  })
})

describe('what cannot be read is refused with its reason', () => {
  const codeAt = (path: string) =>
    databases.read(path).then(
      (view) => view.close(),
      (error: { code: string }) => error.code,
    )

  test('a missing file, a missing folder, a link to nothing', async () => {
    symlinkSync(join(folder, 'nothing'), join(folder, 'dangling'))
    for (const name of ['none.db', 'no/none.db', 'dangling']) {
      expect(await codeAt(join(folder, name))).toBe('DATABASE_MISSING')
    }
  })

  test('a folder, a pipe, a loop of links, a device', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')])
    symlinkSync(join(folder, 'loop'), join(folder, 'loop'))
    for (const path of [folder, join(folder, 'pipe'), join(folder, 'loop'), '/dev/null']) {
      expect(await codeAt(path)).toBe('DATABASE_NOT_A_FILE')
    }
  })

  test('a file that is no database, is cut short, or whose pages are zeros', async () => {
    const path = create('delete', 2000)
    const text = join(folder, 'text.db')
    writeFileSync(text, 'just some text, long enough to be a header '.repeat(20))
    const flipped = join(folder, 'flipped.db')
    copyFileSync(path, flipped)
    const bytes = readFileSync(path)
    bytes[3] = (bytes[3] ?? 0) ^ 0xff
    writeFileSync(flipped, bytes)
    const short = join(folder, 'short.db')
    copyFileSync(path, short)
    truncateSync(short, 50)
    const zeroed = join(folder, 'zeroed.db')
    writeFileSync(zeroed, readFileSync(path).fill(0, 100, 4096))
    for (const broken of [text, flipped, short, zeroed]) expect(await codeAt(broken)).toBe('DATABASE_CORRUPT')
  })

  test('a file that this user may not read', () => {
    const path = create('delete')
    const script = `
      import { openDatabases } from ${JSON.stringify(join(process.cwd(), 'dist/targets/sqlite/databases.js'))}
      import { createOffload } from ${JSON.stringify(join(process.cwd(), 'dist/targets/process/offload.js'))}
      import { systemClock } from ${JSON.stringify(join(process.cwd(), 'dist/clock.js'))}
      import { openLog } from ${JSON.stringify(join(process.cwd(), 'dist/log.js'))}
      if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534) }
      const log = openLog('silent')
      const databases = openDatabases({ offload: createOffload({ log }), clock: systemClock, log })
      await databases.read(process.argv[1]).catch((error) => console.log(error.code))`
    execFileSync('chmod', ['755', folder])
    execFileSync('chmod', ['000', path])
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', script, path]).toString()
    expect(output.trim()).toBe('DATABASE_PERMISSION')
  })
})
