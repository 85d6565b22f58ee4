/**
 * Gives out the permits of a base to the calls of this process, the urgent before the patient, in step with all other
 * processes. Where permits cannot be shared it goes on alone with half of them, so that two such processes together
 * still keep the pace.
 */
import Database from 'better-sqlite3'
import type { Clock } from '../../clock.ts'
import { messageOf } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Random } from '../../random.ts'
import { isBusy } from '../sqlite/database-error.ts'
import { AirtableError, stoppedBy } from './airtable-error.ts'
import { type PermitRule, type Permits, permitRuleOf, permitsIn } from './permits.ts'
import type { CallOptions } from './ports.ts'
import type { RuntimeFile } from './runtime-file.ts'

export interface Permit {
  /** The answer is here, whole or not. */
  answered(): void
  /** No answer came, so that the call may still be under way. */
  lost(): void
}

export interface PermitWish {
  readonly priority: NonNullable<CallOptions['priority']>
  /** The call ends by itself within this. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
  /** For messages. */
  readonly doing: string
}

export interface Pace {
  /** A permit, when one is due. Throws AIRTABLE_RATE_LIMITED when the base rests for long, and when the signal is aborted. */
  take(wish: PermitWish): Promise<Permit>
  /** Lets the base rest, for every process. */
  rest(forMs: number): void
  /** All calls that were ever counted with these permits. */
  counted(): ReturnType<Permits['counted']>
  /** False when this process keeps the pace alone. */
  isShared(): boolean
  close(): void
}

export interface PaceSettings {
  /** Opens the shared file; throws where it cannot be had. Undefined: permits of this process alone, all of them. */
  readonly open: (() => RuntimeFile) | undefined
  readonly requestsPerSecond: number
  /** Tells starts of the machine apart. */
  readonly boot: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

const rankOf = { write: 0, read: 1, poll: 2 } as const
/** A wish that waited so long goes one rank up, so that an endless stream of writes starves nothing, in milliseconds. */
const agingMs = 30_000
/** Other processes change the permits too, so it is asked again at least so often, in milliseconds. */
const askAgainMs = 250
/** While another process goes first, in milliseconds. */
const giveWayMs = 20
/** A rest longer than this is told to the caller instead of being sat out, in milliseconds. */
const patienceMs = 60_000
/** How often it is made sure that the file is still where others look for it, in milliseconds. */
const inPlaceMs = 60_000

interface Waiting {
  readonly wish: PermitWish
  readonly sinceMs: number
  readonly order: number
  readonly resolve: (permit: Permit) => void
  readonly reject: (error: Error) => void
}

/** Opens the pace of one base. */
export function createPace(settings: PaceSettings): Pace {
  const { clock, random } = settings
  const name = random.uuid()
  const places = placesOf(settings)
  let waiting: Waiting[] = []
  let sleeping: AbortController | undefined
  let order = 0
  let closed = false

  const rank = ({ wish, sinceMs }: Waiting) =>
    Math.max(0, rankOf[wish.priority] - Math.floor((clock.monotonicMs() - sinceMs) / agingMs))
  const first = () =>
    waiting.reduce<Waiting | undefined>((best, one) => {
      if (best === undefined) return one
      const difference = rank(one) - rank(best)
      return difference < 0 || (difference === 0 && one.order < best.order) ? one : best
    }, undefined)
  const remove = (one: Waiting) => {
    waiting = waiting.filter((other) => other !== one)
    if (waiting.length === 0) places.with((permits) => permits.leave(name))
  }
  const permitOf = (slot: number, call: string, from: Permits): Permit => {
    let given = false
    const giveBack = (how: 'answered' | 'lost') => {
      if (given) return
      given = true
      if (closed) return
      // When this fails the permit comes back later by itself, which is only slow.
      places.with((permits) => permits === from && permits[how](slot, call, clock.monotonicMs()))
      pump()
    }
    return { answered: () => giveBack('answered'), lost: () => giveBack('lost') }
  }

  /** Serves who can be served, and comes back when the next can be. */
  const pump = (): void => {
    sleeping?.abort()
    for (let one = first(); one !== undefined && !closed; one = first()) {
      const head = one
      const nowMs = clock.monotonicMs()
      const call = random.hex(8)
      const waiter = { pace: name, rank: rank(head), sinceMs: head.sinceMs }
      const times = { nowMs, wallMs: clock.nowMs(), deadlineMs: head.wish.deadlineMs }
      const got = places.with((permits) => ({ permits, taken: permits.take(waiter, call, times) }))
      if (got?.taken.is === 'taken') {
        remove(head)
        head.resolve(permitOf(got.taken.slot, call, got.permits))
        continue
      }
      const untilMs = got?.taken.untilMs ?? nowMs
      if (got?.taken.is === 'wait' && got.taken.because === 'rest' && untilMs - nowMs > patienceMs) {
        remove(head)
        head.reject(restsFor(untilMs - nowMs, head.wish.doing, clock.nowMs()))
        continue
      }
      const delayMs = untilMs <= nowMs ? giveWayMs : Math.min(untilMs - nowMs, askAgainMs)
      comeBackIn(delayMs)
      return
    }
  }
  /** A sleep and no bare timer: a process that has nothing else to do must live on for who waits. */
  const comeBackIn = (delayMs: number) => {
    const sleep = new AbortController()
    sleeping = sleep
    void clock.sleep(delayMs, sleep.signal).then(() => sleep.signal.aborted || pump())
  }

  return {
    take(wish) {
      if (wish.signal.aborted) return Promise.reject(stoppedBy(wish.signal, wish.doing))
      return new Promise((resolve, reject) => {
        order += 1
        const leave = () => {
          remove(one)
          reject(stoppedBy(wish.signal, wish.doing))
        }
        const settled = () => wish.signal.removeEventListener('abort', leave)
        const one: Waiting = {
          wish,
          sinceMs: clock.monotonicMs(),
          order,
          resolve: (permit) => {
            settled()
            resolve(permit)
          },
          reject: (error) => {
            settled()
            reject(error)
          },
        }
        wish.signal.addEventListener('abort', leave, { once: true })
        waiting.push(one)
        pump()
      })
    },
    rest: (forMs) => void places.with((permits) => permits.rest(clock.monotonicMs() + forMs)),
    counted: () => places.with((permits) => permits.counted()) ?? { fileId: name, months: [] },
    isShared: () => places.isShared(),
    close() {
      closed = true
      sleeping?.abort()
      for (const { reject, wish } of waiting.splice(0)) {
        reject(new AirtableError('AIRTABLE_UNREACHABLE', `${wish.doing}: Trueup is being closed`))
      }
      places.with((permits) => permits.leave(name))
      places.close()
    },
  }
}

function restsFor(ms: number, doing: string, wallMs: number): AirtableError {
  const seconds = Math.ceil(ms / 1000)
  return new AirtableError('AIRTABLE_RATE_LIMITED', `${doing}: calls to this base rest for ${seconds} s more`, {
    retryAtMs: wallMs + ms,
  })
}

interface Places {
  /** Runs on the permits; undefined when another process stands in the way at this moment. */
  with<Result>(work: (permits: Permits) => Result): Result | undefined
  isShared(): boolean
  close(): void
}

/** The shared permits, or our own when those cannot be had. */
function placesOf({ open, requestsPerSecond, boot, clock, random, log }: PaceSettings): Places {
  const rule = permitRuleOf(requestsPerSecond)
  let current: { readonly permits: Permits; readonly file: RuntimeFile | undefined; readonly db: Database.Database }
  let checkedMs = clock.monotonicMs()

  const over = (db: Database.Database, file: RuntimeFile | undefined, ruled: PermitRule) => {
    const made = { fileId: random.uuid(), boot, nowMs: clock.monotonicMs() }
    return { permits: permitsIn(db, ruled, made), file, db }
  }
  const alone = (permits: number) => over(new Database(':memory:'), undefined, { ...rule, permits })
  const shared = () => {
    if (open === undefined) return alone(rule.permits)
    try {
      const file = open()
      return over(file.db, file, rule)
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'permits for Airtable cannot be shared; this process goes on with half')
      return alone(Math.max(1, Math.floor(rule.permits / 2)))
    }
  }
  /** Other permits take the place of these; calls under way are covered by a rest of a second. */
  const replace = (by: typeof current) => {
    current.db.close()
    current = by
    current.permits.rest(clock.monotonicMs() + rule.backAfterMs)
  }
  const keepInPlace = () => {
    const nowMs = clock.monotonicMs()
    if (current.file === undefined || nowMs - checkedMs < inPlaceMs) return
    checkedMs = nowMs
    if (!current.file.isInPlace()) replace(shared())
  }
  current = shared()

  return {
    with(work) {
      try {
        keepInPlace()
        return work(current.permits)
      } catch (error) {
        if (isBusy(error)) return undefined
        if (current.file === undefined) throw error
        log.warn({ reason: messageOf(error) }, 'the shared permits for Airtable broke; this process goes on with half')
        replace(alone(Math.max(1, Math.floor(rule.permits / 2))))
        return work(current.permits)
      }
    },
    isShared: () => current.file !== undefined,
    close: () => void current.db.close(),
  }
}
