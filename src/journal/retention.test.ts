/** Retention of the journal on a real file: what goes, what stays, and that the chain is checked all the same. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, describe, expect, test } from 'vitest'
import { createVirtualClock } from '../sim/virtual-clock.ts'
import { type Head, headLine, readHeads, signHead, verifyJournal } from './heads.ts'
import { withChain } from './read-chain.ts'
import { retainEntries } from './retention.ts'
import { type JournalStore, openJournal } from './store.ts'

const key = 'b2'.repeat(32)
const dayMs = 86_400_000
const keepMs = 30 * dayMs
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** A journal with an entry a day for so many days, now being the last of them. */
function journalOf(days: number) {
  const folder = mkdtempSync(join(tmpdir(), 'retention-'))
  folders.push(folder)
  const path = join(folder, 'journal.db')
  const clock = createVirtualClock(Date.UTC(2026, 0, 1))
  const journal = openJournal(path, clock)
  for (let day = 0; day < days; day += 1) {
    clock.jumpWallClock(dayMs)
    journal.append([{ type: 'sync.asked', actor: 'ann', body: { day } }])
  }
  const retain = () => retainEntries(journal, { keepMs, nowMs: clock.nowMs() + 1, key })
  const verdict = (heads: readonly Head[] = [], by: string | undefined = key) =>
    withChain(path, (chain) => verifyJournal(chain, readHeads(heads.map(headLine).join('')), by))
  return { path, clock, journal, retain, verdict }
}

const headAt = (journal: JournalStore, seq: number): Head => {
  const row = journal.db.prepare<[number], { hash: string }>('SELECT hash FROM entries WHERE seq = ?').get(seq)
  return signHead(key, { at: '2026-01-01T00:00:00.000Z', entries: seq, hash: row?.hash ?? '' })
}
const seqs = (journal: JournalStore) => journal.entries({ limit: 1000 }).map(({ seq }) => seq)

describe('what is older than it is kept', () => {
  test('goes; an entry of the chain stands for it, and the rest is still checked', () => {
    const { journal, retain, verdict } = journalOf(100)
    const heads = [headAt(journal, 20), headAt(journal, 95)]
    expect(retain()).toEqual({ removed: 70, upTo: 70 })
    expect(seqs(journal)[0]).toBe(71)
    expect(journal.entries({ limit: 1000 }).at(-1)).toMatchObject({
      seq: 101,
      type: 'journal.retained',
      body: { upTo: 70, removed: 70 },
    })
    expect(verdict(heads)).toMatchObject({ entries: 101, removed: 70, heads: 2, signedUpTo: 95, problems: [] })
    expect(journal.check()).toMatchObject({ is: 'whole', entries: 101 })
    journal.close()
  })

  test('is not removed a second time, nor one by one', () => {
    const { clock, journal, retain, verdict } = journalOf(100)
    retain()
    expect(retain()).toBeUndefined()
    clock.jumpWallClock(dayMs / 2)
    expect(retain()).toBeUndefined()
    clock.jumpWallClock(3 * dayMs)
    expect(retain()).toEqual({ removed: 3, upTo: 73 })
    expect(verdict().problems).toEqual([])
    journal.close()
  })

  test('stays where an action that is open began with it, and all after it', () => {
    const { clock, journal, retain } = journalOf(10)
    journal.append([
      {
        type: 'action.planned',
        actor: 'controller',
        resource: 'table/leads',
        actionId: 'a1',
        body: { baseId: 'a1', action: {} },
      },
    ])
    clock.jumpWallClock(100 * dayMs)
    journal.append([{ type: 'sync.asked', actor: 'ann', body: {} }])
    expect(retain()).toEqual({ removed: 10, upTo: 10 })
    expect(seqs(journal)).toEqual([11, 12, 13])
    clock.jumpWallClock(100 * dayMs)
    expect(retain()).toBeUndefined()
    journal.append([{ type: 'action.rejected', actor: 'ann', actionId: 'a1', body: {} }])
    expect(retain()).toEqual({ removed: 3, upTo: 13 })
    journal.close()
  })

  test('the newest entry stays whatever its age: the next one follows it', () => {
    const { clock, journal, retain, verdict } = journalOf(5)
    clock.jumpWallClock(1000 * dayMs)
    expect(retain()).toEqual({ removed: 4, upTo: 4 })
    journal.append([{ type: 'sync.asked', actor: 'ann', body: {} }])
    expect(verdict().problems).toEqual([])
    journal.close()
  })
})

describe('behind the back of retention', () => {
  const tampered = (sql: string) => {
    const made = journalOf(100)
    const heads = [headAt(made.journal, 95)]
    made.retain()
    made.journal.close()
    const db = new Database(made.path)
    db.exec('DROP TRIGGER entries_are_not_removed; DROP TRIGGER entries_are_not_changed')
    db.exec(sql)
    db.close()
    return made.verdict(heads).problems[0]
  }

  test('nothing is removed by SQL: not what is not retired', () => {
    const { journal, retain } = journalOf(100)
    retain()
    expect(() => journal.db.exec('DELETE FROM entries WHERE seq = 71')).toThrow('append-only')
    journal.close()
  })

  test('an entry that is gone besides, or changed, is named', () => {
    expect(tampered('DELETE FROM entries WHERE seq <= 75')).toMatchObject({ seq: 71, message: 'entry 71 is missing' })
    expect(tampered(`UPDATE entries SET body = '{}' WHERE seq = 80`)).toMatchObject({ seq: 80 })
  })

  test('an anchor that somebody wrote themselves is no signed one', () => {
    const made = journalOf(100)
    const forged = { ...made.journal.db.prepare<[], { hash: string }>('SELECT hash FROM entries WHERE seq = 50').get() }
    made.journal.append([
      {
        type: 'journal.retained',
        actor: 'controller',
        body: { upTo: 50, hash: forged.hash ?? '', removed: 50, before: 'x', mac: 'c3'.repeat(32) },
      },
    ])
    made.journal.close()
    const db = new Database(made.path)
    db.exec('DELETE FROM entries WHERE seq <= 50')
    db.close()
    expect(made.verdict().problems).toEqual([
      { seq: 101, message: expect.stringContaining('entries up to 50 are missing') },
    ])
  })
})
