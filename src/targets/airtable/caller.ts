/**
 * Makes calls to one base: waits for a permit, sends, judges the answer, and tries again where that is safe and may help.
 * Every call ends in a body or in an error of the table, and no call goes out that the pace, the breaker or a used-up month
 * forbids.
 */
import { setMaxListeners } from 'node:events'
import type { Clock } from '../../clock.ts'
import type { OperationalError } from '../../errors.ts'
import type { JsonValue } from '../../json.ts'
import type { Log } from '../../log.ts'
import type { Random } from '../../random.ts'
import { AirtableError, errorOf, stoppedBy } from './airtable-error.ts'
import { admit, afterAnswer, afterFailure, afterNothing, type Breaker, closedBreaker } from './breaker.ts'
import { type CallNature, classify, type Failure } from './classify.ts'
import type { Pace } from './pace.ts'
import type { CallOptions } from './ports.ts'
import type { AirtableRequest, AirtableTransport, Sent } from './transport.ts'

export interface Call extends CallNature {
  readonly method: AirtableRequest['method']
  readonly path: string
  readonly query?: AirtableRequest['query']
  readonly body?: JsonValue
  readonly priority: NonNullable<CallOptions['priority']>
}

export interface Caller {
  /** The body of the answer. Throws AIRTABLE_*, or why the signal was aborted. */
  call(call: Call, signal: AbortSignal): Promise<JsonValue | undefined>
  /** Does work of several calls anew, after the pauses that a call has; see `AirtableBase.insisting`. */
  insisting<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result>
}

/** What is remembered of a month whose calls are used up; shared with the meter. */
export interface QuotaNote {
  exhaustedSinceMs(): number | undefined
  exhausted(atMs: number): void
  /** A counted call went through. */
  available(): void
}

/** Where and with what a call is made; asked for before each sending, so that new ones are taken up without a restart. */
export interface Connection {
  readonly endpointUrl: string
  readonly token: string
  readonly pace: Pace
}

export interface CallerSettings {
  readonly transport: AirtableTransport
  /** Throws AIRTABLE_TOKEN_MISSING and whatever the endpoint's absence means. */
  readonly connect: () => Connection
  readonly retry: () => { readonly attempts: number; readonly delayMs: number }
  readonly quota: QuotaNote
  /** Longest time for a whole answer, in milliseconds. */
  readonly deadlineMs: number
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** How often a call is sent again after the base rested. Other programs may use it up again and again. */
const restsMax = 3
/** Longest pause between two tries, in milliseconds; the engine can wait longer, with a condition that says so. */
const pauseMostMs = 30_000
/** While a month is used up one call goes out in this time, to see whether the plan was raised, in milliseconds. */
const quotaProbeMs = 3_600_000

/** Opens the calls of one base. */
export function createCaller(settings: CallerSettings): Caller {
  const { transport, connect, retry, quota, deadlineMs, clock, random, log } = settings
  let breaker: Breaker = closedBreaker
  // The first call of a process goes out: whoever has raised the plan and runs a command need not wait for an hour.
  let quotaProbedMs = Number.NEGATIVE_INFINITY

  const admitted = (call: Call): void => {
    const admission = admit(breaker, clock.monotonicMs())
    if (admission.is === 'refused') throw brokenOff(call, admission.untilMs - clock.monotonicMs(), clock.nowMs())
    const sinceMs = isMetadata(call) ? undefined : quota.exhaustedSinceMs()
    if (sinceMs !== undefined) {
      if (clock.nowMs() < quotaProbedMs + quotaProbeMs) throw usedUp(call, quotaProbedMs + quotaProbeMs)
      quotaProbedMs = clock.nowMs()
    }
    breaker = admission.breaker
  }

  const sendOnce = async (call: Call, signal: AbortSignal): Promise<Sent> => {
    const { doing, priority } = call
    const permit = await connect().pace.take({ priority, deadlineMs, signal, doing })
    let arrived = false
    try {
      // The wait for a permit may have been long; the secret is read at the last moment.
      const { token, endpointUrl } = connect()
      const { method, path, query = {}, body } = call
      const sent = await transport.send({ method, path, query, body, token, endpointUrl, signal, deadlineMs })
      arrived = sent.is === 'answer' || sent.reason === 'connection'
      return sent
    } finally {
      if (arrived) permit.answered()
      else permit.lost()
    }
  }

  /** An answer of the service closes the breaker; a call that failed for good, with all its repetitions, counts once. */
  const note = (failure: Failure | undefined, call: Call): void => {
    if (failure?.code !== 'AIRTABLE_UNREACHABLE') breaker = afterAnswer()
    if (failure?.code === 'AIRTABLE_QUOTA_EXHAUSTED') {
      quotaProbedMs = clock.nowMs()
      quota.exhausted(clock.nowMs())
    }
    if (failure === undefined && !isMetadata(call)) quota.available()
  }

  /** How long to wait before it is sent again; undefined when it is not. */
  const pauseOf = (failure: Failure, call: Call, tries: number): number | undefined => {
    const { attempts } = retry()
    if (failure.treatment !== 'backoff' || tries > attempts) return undefined
    if (call.again === 'never' || (failure.mayBeDone && call.again === 'if-not-done')) return undefined
    return growingPause(tries, failure.restMs)
  }

  /** Undefined where it is to be rested for longer than anybody waits here. */
  const growingPause = (tries: number, restMs = 0): number | undefined => {
    const { delayMs } = retry()
    if (restMs > pauseMostMs) return undefined
    return Math.max(random.next() * Math.min(delayMs * 2 ** (tries - 1), pauseMostMs), restMs)
  }

  const insist = async (call: Call, signal: AbortSignal): Promise<JsonValue | undefined> => {
    // The one call that asks whether the base can be reached again is not repeated: the pause is the breaker's.
    const isProbe = breaker.probingSinceMs !== undefined
    let tries = 0
    let rests = 0
    for (;;) {
      const verdict = classify(await sendOnce(call, signal), call)
      if (signal.aborted && verdict.is !== 'ok') throw stoppedBy(signal, call.doing)
      note(verdict.is === 'ok' ? undefined : verdict, call)
      if (verdict.is === 'ok') return verdict.body
      log.debug({ code: verdict.code, type: verdict.airtableType, doing: call.doing }, 'a call to Airtable failed')
      if (verdict.treatment === 'rest') {
        const restMs = verdict.restMs ?? 0
        connect().pace.rest(restMs)
        rests += 1
        if (rests > restsMax || call.again === 'never') throw errorOf(verdict, call, clock.nowMs() + restMs)
        continue
      }
      tries += 1
      const isUnreachedProbe = isProbe && verdict.code === 'AIRTABLE_UNREACHABLE'
      const pauseMs = isUnreachedProbe ? undefined : pauseOf(verdict, call, tries)
      if (pauseMs === undefined) throw errorOf(verdict, call, retryAtOf(verdict, clock.nowMs()))
      await clock.sleep(pauseMs, signal)
      if (signal.aborted) throw stoppedBy(signal, call.doing)
    }
  }

  /** How long work of several calls waits before it is done anew. Undefined when it is not: reads have been repeated already. */
  const pauseOfWork = (error: unknown, tries: number, rests: number): number | undefined => {
    if (!(error instanceof AirtableError && error.isForAnew)) return undefined
    const restMs = Math.max(0, (error.retryAtMs ?? 0) - clock.nowMs())
    if (error.code === 'AIRTABLE_RATE_LIMITED') return rests > restsMax ? undefined : restMs
    return tries > retry().attempts ? undefined : growingPause(tries, restMs)
  }

  return {
    async insisting(work, signal) {
      let tries = 0
      let rests = 0
      for (;;) {
        try {
          return await work()
        } catch (error) {
          if (error instanceof AirtableError && error.code === 'AIRTABLE_RATE_LIMITED') rests += 1
          else tries += 1
          const pauseMs = signal.aborted ? undefined : pauseOfWork(error, tries, rests)
          if (pauseMs === undefined) throw error
          await clock.sleep(pauseMs, signal)
        }
        if (signal.aborted) throw stoppedBy(signal, 'writing records')
      }
    },
    async call(call, signal) {
      // Dozens of calls of one piece of work may wait at once, each with its listener; that is no leak.
      setMaxListeners(0, signal)
      admitted(call)
      try {
        return await insist(call, signal)
      } catch (error) {
        const isOut = error instanceof AirtableError && error.code === 'AIRTABLE_UNREACHABLE'
        breaker = isOut ? afterFailure(breaker, clock.monotonicMs()) : afterNothing(breaker)
        throw error
      }
    },
  }
}

function retryAtOf(failure: Failure, nowMs: number): number | undefined {
  return failure.restMs === undefined ? undefined : nowMs + failure.restMs
}

/** The metadata calls went on working in an outage of the monthly quota, and are not held back by it. */
function isMetadata(call: Call): boolean {
  return call.path.startsWith('meta/')
}

function brokenOff(call: Call, restMs: number, wallMs: number): OperationalError {
  const seconds = Math.ceil(restMs / 1000)
  return new AirtableError(
    'AIRTABLE_UNREACHABLE',
    `${call.doing}: Airtable did not answer several times; it is asked again in ${seconds} s`,
    { retryAtMs: wallMs + restMs },
  )
}

function usedUp(call: Call, probeAtMs: number): OperationalError {
  return new AirtableError(
    'AIRTABLE_QUOTA_EXHAUSTED',
    `${call.doing}: the calls that the Airtable plan allows in this month are used up`,
    { retryAtMs: probeAtMs },
  )
}
