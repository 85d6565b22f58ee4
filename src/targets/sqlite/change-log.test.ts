import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runPython } from '../../../test/support/run-python.ts'
import { changeLogRowsMax, changeLogStatements, placeIn, readChangeLog } from './change-log.ts'

let folder: string
let path: string
let db: Database.Database

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'change-log-'))
  path = join(folder, 'leads.db')
  db = new Database(path)
  db.pragma('journal_mode = WAL')
  db.exec(`CREATE TABLE leads (id TEXT PRIMARY KEY, email TEXT UNIQUE)`)
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true })
})

function install(table = 'leads'): void {
  for (const statement of changeLogStatements(table)) db.exec(statement)
}
function python(code: string): string {
  const program = `import sqlite3\ndb = sqlite3.connect(${JSON.stringify(path)})\n${code}\ndb.commit()`
  return runPython(program)
}

describe('the change log', () => {
  test('names the rows that any program inserted, updated and deleted since a place', () => {
    install()
    python(`db.executemany("INSERT INTO leads VALUES (?, ?)", [(str(n), f"{n}@x.com") for n in range(5)])`)
    const first = readChangeLog(db, 'leads', 0, 100)
    expect(first).toEqual({ is: 'rows', rowIds: [1, 2, 3, 4, 5], lastSeq: 5 })
    python(
      `db.execute("UPDATE leads SET email = 'new@x.com' WHERE id = '2'"); db.execute("DELETE FROM leads WHERE id = '4'")`,
    )
    expect(readChangeLog(db, 'leads', 5, 100)).toEqual({ is: 'rows', rowIds: [3, 5], lastSeq: 7 })
    expect(readChangeLog(db, 'leads', 7, 100)).toEqual({ is: 'rows', rowIds: [], lastSeq: 7 })
  })

  test('names a row once however often it was written, whatever the case of the table name', () => {
    install()
    db.exec(`INSERT INTO leads VALUES ('a', 'a@x.com')`)
    for (let n = 0; n < 5; n++) db.exec(`UPDATE leads SET email = '${n}@x.com'`)
    expect(readChangeLog(db, 'Leads', 0, 100)).toEqual({ is: 'rows', rowIds: [1], lastSeq: 6 })
    db.exec('CREATE TABLE other (id TEXT)')
    install('other')
    expect(readChangeLog(db, 'other', 0, 100)).toEqual({ is: 'rows', rowIds: [], lastSeq: 6 })
  })

  test('names both rowids of a row that moved, and the new row of a replaced one', () => {
    db.exec('CREATE TABLE deals (id INTEGER PRIMARY KEY, name TEXT UNIQUE)')
    install('deals')
    db.exec(
      `INSERT INTO deals VALUES (1, 'a'); UPDATE deals SET id = 9 WHERE id = 1; INSERT OR REPLACE INTO deals VALUES (12, 'a')`,
    )
    expect(readChangeLog(db, 'deals', 1, 100)).toEqual({ is: 'rows', rowIds: [1, 9, 12], lastSeq: 4 })
  })

  test('leaves what the writer asks about its own statement alone, beside triggers of others', () => {
    db.exec('CREATE TABLE audit (at TEXT)')
    db.exec(`CREATE TRIGGER theirs AFTER UPDATE ON leads BEGIN INSERT INTO audit VALUES ('now'); END`)
    install()
    const answer = python(`
db.execute("INSERT INTO leads VALUES ('a', 'a@x.com')")
cursor = db.execute("INSERT INTO leads VALUES ('b', 'b@x.com')")
updated = db.execute("UPDATE leads SET email = email || '.au'")
print(cursor.lastrowid, cursor.rowcount, updated.rowcount, db.execute("SELECT count(*) FROM audit").fetchone()[0])`)
    expect(answer.trim()).toBe('2 1 2 2')
  })

  test('works for names that need quoting, and can be installed again', () => {
    db.exec(`CREATE TABLE "it's ""odd""" (rowid TEXT, x)`)
    for (let round = 0; round < 2; round++) {
      for (const statement of changeLogStatements(`it's "odd"`, '_rowid_')) db.exec(statement)
    }
    db.exec(`INSERT INTO "it's ""odd""" VALUES ('text', 1)`)
    expect(readChangeLog(db, `it's "odd"`, 0, 10)).toEqual({ is: 'rows', rowIds: [1], lastSeq: 1 })
  })
})

describe('a place that was kept as text', () => {
  test('is read back wherever a log may begin', () => {
    for (const place of [0, 5, 999_999_999_999_999, 1_041_821_190_231_270, 2 ** 50, Number.MAX_SAFE_INTEGER])
      expect(placeIn(`${place}`)).toBe(place)
  })

  test('is none where the text means nothing', () => {
    for (const text of [undefined, '', 'nonsense', '-1', '1.5', '1e3', '9007199254740993'])
      expect(placeIn(text)).toBeUndefined()
  })
})

describe('everything, rather than too little', () => {
  test('without a log', () => {
    expect(readChangeLog(db, 'leads', 3, 10)).toEqual({ is: 'everything', lastSeq: undefined })
    db.exec('CREATE TABLE _trueup_changes (something TEXT)')
    expect(readChangeLog(db, 'leads', 3, 10)).toEqual({ is: 'everything', lastSeq: undefined })
  })

  test('without a place, and beyond the end of a log that was replaced', () => {
    install()
    db.exec(`INSERT INTO leads VALUES ('a', 'a@x.com')`)
    expect(readChangeLog(db, 'leads', undefined, 10)).toEqual({ is: 'everything', lastSeq: 1 })
    expect(readChangeLog(db, 'leads', 7, 10)).toEqual({ is: 'everything', lastSeq: 1 })
  })

  test('while the triggers that feed it are gone, and from then on until they were seen again', () => {
    install()
    db.exec(`INSERT INTO leads VALUES ('a', 'a'); DROP TRIGGER _trueup_leads_log_update; UPDATE leads SET email = 'b'`)
    const unfed = readChangeLog(db, 'leads', 1, 10)
    expect(unfed).toEqual({ is: 'everything', lastSeq: undefined })
    install()
    expect(readChangeLog(db, 'leads', unfed.lastSeq, 10)).toEqual({ is: 'everything', lastSeq: 1 })
  })

  test('when more rows were written than asked for', () => {
    install()
    db.exec(`INSERT INTO leads VALUES ('a', 'a'), ('b', 'b'), ('c', 'c')`)
    expect(readChangeLog(db, 'leads', 0, 2)).toEqual({ is: 'everything', lastSeq: 3 })
    expect(readChangeLog(db, 'leads', 0, 3)).toMatchObject({ is: 'rows' })
  })

  test('when rows of the log are missing', () => {
    install()
    db.exec(`INSERT INTO leads VALUES ('a', 'a'), ('b', 'b'), ('c', 'c')`)
    db.exec('DELETE FROM _trueup_changes WHERE seq = 2')
    expect(readChangeLog(db, 'leads', 0, 10)).toEqual({ is: 'everything', lastSeq: 3 })
    expect(readChangeLog(db, 'leads', 2, 10)).toMatchObject({ is: 'rows', rowIds: [3] })
  })

  test('when the place was purged; the log bounds itself and never restarts', () => {
    install()
    db.exec(`INSERT INTO _trueup_changes VALUES (5, 'leads', 1), (${changeLogRowsMax + 4}, 'leads', 1)`)
    db.exec(`INSERT INTO leads VALUES ('a', 'a')`)
    expect(db.prepare('SELECT seq FROM _trueup_changes').pluck().all()).toEqual([
      changeLogRowsMax + 4,
      changeLogRowsMax + 5,
    ])
    expect(readChangeLog(db, 'leads', 4, 10)).toEqual({ is: 'everything', lastSeq: changeLogRowsMax + 5 })
  })
})
