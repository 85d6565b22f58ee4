/**
 * The permits of one base in a SQLite database, so that all processes share them. A permit is one place for a call; it is
 * given back a fixed time after its answer, so that of any six calls two are on one permit and their arrivals lie a second
 * apart, whatever the network does. Time here is `monotonicMs`, which on one machine is the same for all processes.
 */
import type { Database } from 'better-sqlite3'
import { monthOf } from './month.ts'

/** A permit is given back so long after the answer, in milliseconds: Airtable counts calls in a second. */
const backAfterMs = 1000
/** A call that got no answer may still arrive for so long, in milliseconds; then its permit is given back as after an answer. */
const lostArrivesMs = 30_000
/** A waiter that has not asked again for so long, in milliseconds, has died. */
const waiterLifeMs = 2000
/** Nothing holds a permit or rests longer; a later moment was written before the machine was started anew. */
const holdMostMs = 10 * 60_000
const restMostMs = 24 * 3_600_000

const schema = `
CREATE TABLE IF NOT EXISTS state (
  id INTEGER PRIMARY KEY CHECK (id = 1), file_id TEXT NOT NULL, boot TEXT NOT NULL, rest_until REAL NOT NULL DEFAULT 0) STRICT;
CREATE TABLE IF NOT EXISTS permits (slot INTEGER PRIMARY KEY, free_at REAL NOT NULL, call TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS waiters (pace TEXT PRIMARY KEY, rank INTEGER NOT NULL, since REAL NOT NULL, alive_until REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS calls (month TEXT PRIMARY KEY, calls INTEGER NOT NULL) STRICT;`

/** Who waits for a permit: a lower rank goes first, then who waits longer. */
export interface Waiter {
  /** Of the pace that asks; one for each process and base. */
  readonly pace: string
  readonly rank: number
  /** Monotonic moment since when. */
  readonly sinceMs: number
}

export type Taken =
  | { readonly is: 'taken'; readonly slot: number }
  /** Nothing is to be had before; others may change that, so it is asked again within a short time anyway. */
  | { readonly is: 'wait'; readonly untilMs: number; readonly because: 'rest' | 'permits' }

export interface PermitRule {
  readonly permits: number
  /** How long after its answer a permit is given back, in milliseconds. */
  readonly backAfterMs: number
}

/**
 * The rule for a declared pace: so many permits, each back after a second; below one call a second one permit that rests
 * longer. Fractions above one are cut, so that no second ever sees more.
 */
export function permitRuleOf(requestsPerSecond: number): PermitRule {
  return requestsPerSecond >= 1
    ? { permits: Math.floor(requestsPerSecond), backAfterMs }
    : { permits: 1, backAfterMs: Math.ceil(backAfterMs / requestsPerSecond) }
}

export interface Permits {
  /** Tries to take one for a call that ends by itself within `deadlineMs`; counts the call. */
  take(waiter: Waiter, call: string, times: { nowMs: number; wallMs: number; deadlineMs: number }): Taken
  /** Nobody of this pace waits any longer. */
  leave(pace: string): void
  answered(slot: number, call: string, nowMs: number): void
  lost(slot: number, call: string, nowMs: number): void
  /** Lets the base rest until a moment, for all processes. */
  rest(untilMs: number): void
  restUntilMs(): number
  /** All calls ever counted here, by month, and the name of this count. */
  counted(): { readonly fileId: string; readonly months: readonly { readonly month: string; readonly calls: number }[] }
}

/** Permits in a database; its tables are made. `boot` tells starts of the machine apart. */
export function permitsIn(
  db: Database,
  rule: PermitRule,
  made: { readonly fileId: string; readonly boot: string; readonly nowMs: number },
): Permits {
  prepare(db, rule, made)
  const free = db.prepare<[number, number], { slot: number }>(
    'SELECT slot FROM permits WHERE slot < ? AND free_at <= ? ORDER BY free_at, slot',
  )
  const next = db.prepare<[number], number>('SELECT min(free_at) FROM permits WHERE slot < ?').pluck()
  const hold = db.prepare('UPDATE permits SET free_at = ?, call = ? WHERE slot = ?')
  const giveBack = db.prepare('UPDATE permits SET free_at = ? WHERE slot = ? AND call = ?')
  const before = db
    .prepare<[string, number, number, number, number], number>(
      'SELECT count(*) FROM waiters WHERE pace <> ? AND alive_until > ? AND (rank < ? OR (rank = ? AND since < ?))',
    )
    .pluck()
  const wait = db.prepare(
    `INSERT INTO waiters VALUES (@pace, @rank, @sinceMs, @aliveUntilMs)
     ON CONFLICT (pace) DO UPDATE SET rank = @rank, since = @sinceMs, alive_until = @aliveUntilMs`,
  )
  const unwait = db.prepare('DELETE FROM waiters WHERE pace = ?')
  const count = db.prepare('INSERT INTO calls VALUES (?, 1) ON CONFLICT (month) DO UPDATE SET calls = calls + 1')
  const restUntil = db.prepare<[], number>('SELECT rest_until FROM state').pluck()
  const restUntilMs = () => restUntil.get() ?? 0

  const take = db.transaction((waiter: Waiter, call: string, times: Parameters<Permits['take']>[2]): Taken => {
    const { nowMs, wallMs, deadlineMs } = times
    const stand = (untilMs: number, because: 'rest' | 'permits'): Taken => {
      wait.run({ ...waiter, aliveUntilMs: nowMs + waiterLifeMs })
      return { is: 'wait', untilMs, because }
    }
    const resting = restUntilMs()
    if (resting > nowMs) return stand(resting, 'rest')
    const slots = free.all(rule.permits, nowMs)
    const ahead = before.get(waiter.pace, nowMs, waiter.rank, waiter.rank, waiter.sinceMs) ?? 0
    const slot = slots[ahead]?.slot
    if (slot === undefined) return stand(slots.length > 0 ? nowMs : (next.get(rule.permits) ?? nowMs), 'permits')
    hold.run(nowMs + deadlineMs + lostArrivesMs + rule.backAfterMs, call, slot)
    count.run(monthOf(wallMs))
    return { is: 'taken', slot }
  })

  return {
    take: (waiter, call, times) => take.immediate(waiter, call, times),
    leave: (pace) => void unwait.run(pace),
    answered: (slot, call, nowMs) => void giveBack.run(nowMs + rule.backAfterMs, slot, call),
    lost: (slot, call, nowMs) => void giveBack.run(nowMs + lostArrivesMs + rule.backAfterMs, slot, call),
    rest: (untilMs) => void db.prepare('UPDATE state SET rest_until = max(rest_until, ?)').run(untilMs),
    restUntilMs,
    counted: () => ({
      fileId: db.prepare<[], string>('SELECT file_id FROM state').pluck().get() ?? made.fileId,
      months: db.prepare<[], { month: string; calls: number }>('SELECT month, calls FROM calls').all(),
    }),
  }
}

/** Makes what is missing, and frees what another start of the machine left behind. */
function prepare(db: Database, rule: PermitRule, made: { fileId: string; boot: string; nowMs: number }): void {
  const make = db.transaction(() => {
    db.exec(schema)
    db.prepare('INSERT OR IGNORE INTO state (id, file_id, boot) VALUES (1, ?, ?)').run(made.fileId, made.boot)
    const insert = db.prepare(`INSERT OR IGNORE INTO permits VALUES (?, 0, '')`)
    for (let slot = 0; slot < rule.permits; slot += 1) insert.run(slot)
    const boot = db.prepare<[], string>('SELECT boot FROM state').pluck().get()
    if (boot !== made.boot) {
      // Moments of an earlier start say nothing now. A second's rest covers calls that were sent just before it.
      db.prepare('UPDATE permits SET free_at = ?').run(made.nowMs + backAfterMs)
      db.prepare('UPDATE state SET boot = ?, rest_until = 0').run(made.boot)
      db.exec('DELETE FROM waiters')
    }
    const latest = made.nowMs + holdMostMs + rule.backAfterMs
    db.prepare('UPDATE permits SET free_at = ? WHERE free_at > ?').run(made.nowMs + lostArrivesMs, latest)
    db.prepare('UPDATE state SET rest_until = 0 WHERE rest_until > ?').run(made.nowMs + restMostMs)
    db.prepare('DELETE FROM waiters WHERE alive_until > ?').run(made.nowMs + holdMostMs)
  })
  make.immediate()
}
