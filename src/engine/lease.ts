/**
 * One writer: whoever holds the lease of a workspace may act, nobody else. Each taking raises its number; an effect is
 * begun only with time left on the lease, and nothing acts on a superseded one.
 */
import type { Clock } from '../clock.ts'
import { OperationalError } from '../errors.ts'
import type { JournalStore } from '../journal/store.ts'

/** How long a lease lasts without renewal, and how often it is renewed. */
const leaseMs = 15_000
const renewEveryMs = 5000
/** What must be left of it before an effect begins. */
const marginMs = 3000

export interface LeaseHolder {
  readonly number: number
  readonly holder: string
  readonly untilMs: number
  /** Where the holder's API answers, when it is a controller. */
  readonly address: string | undefined
}

export interface Lease {
  readonly number: number
  /** Throws LEASE_LOST unless this lease is in force with a margin. */
  assertHeld(): void
  /**
   * As `assertHeld`; before the first effect under this lease it journals that it was taken, so that each effect has an
   * entry that says who had the lease, and a run that does nothing leaves none.
   */
  beforeEffect(): void
  /**
   * Aborted when what runs now may not go on: the lease is lost, or could not be renewed in time because the journal cannot
   * be written. After that it is held anew, with another signal, once it can be.
   */
  readonly signal: AbortSignal
  /** Aborted when another took the lease over. */
  readonly lost: AbortSignal
  setAddress(address: string): void
  release(): void
}

interface LeaseRow {
  readonly number: number
  readonly holder: string
  readonly until_ms: number
  readonly address: string | null
}

/** Who holds the lease now, if anybody does. `isAlive` tells whether a holder of this machine still runs. */
export function currentLease(
  journal: JournalStore,
  clock: Clock,
  isAlive: (holder: string) => boolean,
): LeaseHolder | undefined {
  const row = journal.db.prepare<[], LeaseRow>('SELECT number, holder, until_ms, address FROM lease WHERE id = 1').get()
  if (row === undefined || row.until_ms <= clock.nowMs() || !isAlive(row.holder)) return undefined
  return { number: row.number, holder: row.holder, untilMs: row.until_ms, address: row.address ?? undefined }
}

/** Takes the lease or throws LEASE_HELD with who has it. */
export function takeLease(options: {
  journal: JournalStore
  clock: Clock
  holder: string
  isAlive: (holder: string) => boolean
}): Lease {
  const { journal, clock, holder, isAlive } = options
  const number = journal.transaction((db) => {
    const held = currentLease(journal, clock, isAlive)
    if (held !== undefined && held.holder !== holder) {
      throw new OperationalError('LEASE_HELD', `${held.holder} works on this workspace`, { retryAtMs: held.untilMs })
    }
    const last = db.prepare<[], { number: number }>('SELECT number FROM lease WHERE id = 1').get()
    const next = (last?.number ?? 0) + 1
    db.prepare('INSERT OR REPLACE INTO lease (id, number, holder, until_ms, address) VALUES (1, ?, ?, ?, NULL)').run(
      next,
      holder,
      clock.nowMs() + leaseMs,
    )
    return next
  })
  return holdLease(journal, clock, holder, number)
}

function holdLease(journal: JournalStore, clock: Clock, holder: string, number: number): Lease {
  let isJournaled = false
  const lost = new AbortController()
  let hold = new AbortController()
  const lose = (error: OperationalError): void => {
    lost.abort(error)
    hold.abort(error)
  }
  const pause = (error: unknown): void => {
    hold.abort(error)
    hold = new AbortController()
  }
  const renew = journal.db.prepare('UPDATE lease SET until_ms = ? WHERE id = 1 AND number = ?')
  let untilMs = clock.nowMs() + leaseMs
  const renewNow = (): void => {
    const next = clock.nowMs() + leaseMs
    // A power failure may take a renewal, and with it nothing but time of a lease whose holder is gone.
    const held = journal.volatile(() => renew.run(next, number).changes) === 1
    if (held) untilMs = next
    else lose(new OperationalError('LEASE_LOST', `lease ${number} was taken over`))
  }
  let timer = clock.after(renewEveryMs, tick)
  function tick(): void {
    try {
      renewNow()
    } catch (error) {
      // The journal may be busy or full for a moment. When time runs out nothing goes on; nobody else can have taken the
      // lease without writing the journal, and whether one has is seen as soon as it can be written.
      if (clock.nowMs() >= untilMs) pause(error)
    }
    if (!lost.signal.aborted) timer = clock.after(renewEveryMs, tick)
  }
  const assertHeld = () => {
    if (!lost.signal.aborted && clock.nowMs() + marginMs > untilMs) renewNow()
    if (lost.signal.aborted) throw new OperationalError('LEASE_LOST', `lease ${number} was taken over`)
  }
  return {
    number,
    get signal() {
      return hold.signal
    },
    lost: lost.signal,
    assertHeld,
    beforeEffect() {
      assertHeld()
      if (isJournaled) return
      journal.append([{ type: 'lease.taken', actor: holder, body: { number } }])
      isJournaled = true
    },
    setAddress(address) {
      journal.transaction((db) =>
        db.prepare('UPDATE lease SET address = ? WHERE id = 1 AND number = ?').run(address, number),
      )
    },
    release() {
      timer.cancel()
      journal.transaction((db) =>
        db.prepare('UPDATE lease SET until_ms = 0, address = NULL WHERE id = 1 AND number = ?').run(number),
      )
    },
  }
}
