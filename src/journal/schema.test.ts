/** Journals of other versions: brought up with a copy kept, or refused, and never changed by a refusal. */
import { existsSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { keptJournalPath, migrateJournal } from './schema.ts'
import { openJournal } from './store.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'))
  file = join(folder, 'journal.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const first = 'CREATE TABLE entries (seq INTEGER PRIMARY KEY, note TEXT)'
const second = 'ALTER TABLE entries ADD COLUMN more TEXT'
function migrated(texts: readonly string[]): Database.Database {
  const db = new Database(file)
  migrateJournal(db, file, texts)
  return db
}

describe('an older journal', () => {
  it('is brought to this version, and its copy leads back to the older Trueup', () => {
    const old = migrated([first])
    old.exec("INSERT INTO entries (note) VALUES ('kept')")
    old.close()
    const now = migrated([first, second])
    expect(now.prepare('SELECT note, more FROM entries').all()).toEqual([{ note: 'kept', more: null }])
    now.close()
    const copy = keptJournalPath(file, 1)
    expect(statSync(copy).mode & 0o777).toBe(0o600)
    expect(() => migrated([first])).toThrow(/has version 2; this Trueup knows up to 1/)
    renameSync(copy, file)
    const back = migrated([first])
    expect(back.prepare('SELECT * FROM entries').all()).toEqual([{ seq: 1, note: 'kept' }])
    back.close()
  })

  it('stays as it was when it cannot be brought up, and a copy that a crash left in part is made anew', () => {
    migrated([first]).close()
    expect(() => migrated([first, 'NO SQL'])).toThrow(/syntax error/)
    const db = new Database(file)
    expect(db.pragma('user_version', { simple: true })).toBe(1)
    db.close()
    rmSync(keptJournalPath(file, 1))
    new Database(`${keptJournalPath(file, 1)}.part`).close()
    migrated([first, second]).close()
    expect(existsSync(`${keptJournalPath(file, 1)}.part`)).toBe(false)
  })
})

describe('a journal of a newer version', () => {
  it('is refused with the way back, and of one of this version no copy is made', () => {
    openJournal(file, systemClock).close()
    openJournal(file, systemClock).close()
    expect(existsSync(keptJournalPath(file, 1))).toBe(false)
    const db = new Database(file)
    db.pragma('user_version = 99')
    db.close()
    expect(() => openJournal(file, systemClock)).toThrow(
      expect.objectContaining({ code: 'JOURNAL_TOO_NEW', hint: expect.stringContaining('journal.db.v') }),
    )
  })
})
