import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../clock.ts'
import { InvariantViolation } from '../errors.ts'
import { type ActionEntryType, actionEntryTypes, type NewEntry } from './entry.ts'
import { dumpDerived, project } from './projection.ts'
import { migrateJournal } from './schema.ts'
import { openJournal } from './store.ts'

function journalPath(): string {
  return join(mkdtempSync(join(tmpdir(), 'trueup-journal-')), '.trueup', 'journal.db')
}

function planned(id: string): NewEntry {
  return {
    type: 'action.planned',
    actor: 'controller',
    resource: 'table/leads',
    actionId: id,
    body: { baseId: id, action: { verb: 'x' } },
  }
}

function bodyOf(type: ActionEntryType): NewEntry['body'] {
  if (type === 'action.planned') return { baseId: 'a', action: {} }
  if (type === 'action.approved') return { expiresAtMs: 1 }
  return {}
}

describe('the journal', () => {
  it('keeps its file to its owner', () => {
    const path = journalPath()
    openJournal(path, systemClock).close()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700)
  })

  it('says so in its own words when the file is garbage, of another program, or cannot be made', () => {
    const path = journalPath()
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, Buffer.alloc(8192, 'garbage'))
    expect(() => openJournal(path, systemClock)).toThrow(expect.objectContaining({ code: 'JOURNAL_BROKEN' }))
    rmSync(path)
    const other = new Database(path)
    other.pragma('user_version = 1')
    other.close()
    expect(() => openJournal(path, systemClock)).toThrow(expect.objectContaining({ code: 'JOURNAL_BROKEN' }))
    const nowhere = join(path, 'journal.db')
    expect(() => openJournal(nowhere, systemClock)).toThrow(expect.objectContaining({ code: 'JOURNAL_UNWRITABLE' }))
  })

  it('survives closing and goes on with the same chain', () => {
    const path = journalPath()
    const first = openJournal(path, systemClock)
    first.append([planned('a')])
    first.close()
    const second = openJournal(path, systemClock)
    second.append([planned('b')])
    expect(second.check()).toMatchObject({ is: 'whole', entries: 2 })
    second.close()
  })

  it('appends all entries of a call or none', () => {
    const journal = openJournal(':memory:', systemClock)
    const impossible: NewEntry = { type: 'action.verified', actor: 'controller', actionId: 'a', body: {} }
    expect(() => journal.append([planned('a'), impossible])).toThrow(InvariantViolation)
    expect(journal.entries({ limit: 10 })).toEqual([])
  })

  it('refuses to change or remove an entry, also to other programs', () => {
    const path = journalPath()
    const journal = openJournal(path, systemClock)
    journal.append([planned('a')])
    const other = new Database(path)
    expect(() => other.exec(`UPDATE entries SET actor = 'nobody'`)).toThrow(/append-only/)
    expect(() => other.exec('DELETE FROM entries')).toThrow(/append-only/)
    other.close()
    journal.close()
  })

  it('names the first entry that somebody changed, removed or moved behind its back', () => {
    for (const tamper of [
      `UPDATE entries SET actor = 'nobody' WHERE seq = 2`,
      'DELETE FROM entries WHERE seq = 2',
      `UPDATE entries SET body = '{"reason":"other"}' WHERE seq = 2`,
      'UPDATE entries SET seq = 9 WHERE seq = 2',
    ]) {
      const journal = openJournal(':memory:', systemClock)
      journal.append([planned('a'), planned('b'), planned('c')])
      journal.db.exec('DROP TRIGGER entries_are_not_changed; DROP TRIGGER entries_are_not_removed')
      journal.db.exec(tamper)
      const check = journal.check()
      expect(check.is, tamper).toBe('broken')
      if (check.is === 'broken') expect([2, 3]).toContain(check.seq)
    }
  })

  it('drops the approvals of an action that is superseded', () => {
    const journal = openJournal(':memory:', systemClock)
    journal.append([
      planned('a'),
      { type: 'action.approved', actor: 'token:alice', actionId: 'a', body: { expiresAtMs: 5 } },
      { type: 'action.superseded', actor: 'controller', actionId: 'a', body: { reason: 'evidence-changed' } },
      planned('a'),
    ])
    expect(journal.db.prepare('SELECT count(*) AS n FROM approvals').get()).toEqual({ n: 0 })
  })

  it('never lets an effect happen without dispatch, nor an action have two lives, and replays to the same state', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...actionEntryTypes), { maxLength: 30 }), (types) => {
        const journal = openJournal(':memory:', systemClock)
        const accepted: ActionEntryType[] = []
        for (const type of types) {
          try {
            journal.append([{ type, actor: 'controller', resource: 'table/leads', actionId: 'a', body: bodyOf(type) }])
            accepted.push(type)
          } catch (error) {
            if (!(error instanceof InvariantViolation)) throw error
          }
        }
        const success = accepted.indexOf('action.succeeded')
        if (success >= 0) {
          expect(accepted.slice(0, success)).toContain('action.dispatched')
          expect(accepted.slice(success + 1)).not.toContain('action.dispatched')
        }
        const replayed = new Database(':memory:')
        migrateJournal(replayed, ':memory:')
        for (const entry of journal.entries({ limit: 1000 })) project(replayed, entry)
        expect(dumpDerived(replayed)).toBe(dumpDerived(journal.db))
      }),
      { numRuns: 300 },
    )
  })
})
