/**
 * Stops repairs of one resource that do no good. It opens after failures in a row and lets one probe through whenever
 * it has cooled down; and it opens as `Ineffective` when actions succeed time and again and leave the same drift, which
 * only a new generation or a person closes. Pure; the state is plain JSON, to be journaled.
 */
import { z } from 'zod'
import { unreachable } from '../errors.ts'
import { shortHashOf } from '../json.ts'
import type { Drift } from './drift.ts'

/** Reads a journaled state back. */
export const breakerStateSchema = z.object({
  /** Failures in a row. */
  failures: z.int(),
  /** Drift that successful actions have left, how often, and the hash of what was left the last time. */
  left: z.array(z.object({ path: z.string(), mark: z.string(), count: z.int() })),
  /** Null while it is closed. */
  open: z
    .discriminatedUnion('reason', [
      z.object({
        reason: z.literal('Failing'),
        sinceMs: z.number(),
        /** When the next probe may be dispatched. */
        probeAtMs: z.number(),
        coolDownMs: z.number(),
        /** What the last failure said. */
        message: z.string(),
      }),
      z.object({
        reason: z.literal('Ineffective'),
        sinceMs: z.number(),
        /** Path of the drift that stays. */
        path: z.string(),
        message: z.string(),
      }),
    ])
    .nullable(),
})
export type BreakerState = z.infer<typeof breakerStateSchema>

/** The state of a resource that nothing is known of. */
export const closedBreaker: BreakerState = { failures: 0, left: [], open: null }

export type BreakerEvent =
  /** An action of the resource begins. Where the breaker has cooled down it is the probe, and the only one. */
  | { readonly is: 'dispatched'; readonly atMs: number }
  | { readonly is: 'failed'; readonly atMs: number; readonly message: string }
  /**
   * A look followed on actions that succeeded: reported once a look, with the paths that all of them were to resolve
   * and all the drift that was found.
   */
  | {
      readonly is: 'succeeded'
      readonly atMs: number
      readonly resolves: readonly string[]
      readonly drift: readonly Pick<Drift, 'path' | 'desired' | 'observed' | 'affected' | 'mark'>[]
    }
  /** A new generation of the resource, or a person who asked. */
  | { readonly is: 'reset' }

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failuresMax: number
  /** The first wait for a probe; doubled after each that fails. */
  readonly coolDownMs: number
  readonly coolDownCapMs: number
  /** How often the same drift may be left before it opens as `Ineffective`. */
  readonly leftMax: number
}

export const defaultBreakerOptions: BreakerOptions = {
  failuresMax: 5,
  coolDownMs: 60_000,
  coolDownCapMs: 3_600_000,
  leftMax: 3,
}

/** The state after an event. */
export function stepBreaker(
  state: BreakerState,
  event: BreakerEvent,
  options: BreakerOptions = defaultBreakerOptions,
): BreakerState {
  switch (event.is) {
    case 'dispatched':
      return afterDispatch(state, event.atMs)
    case 'failed':
      return afterFailure(state, event.atMs, event.message, options)
    case 'succeeded':
      return afterSuccess(state, event, options)
    case 'reset':
      return closedBreaker
    default:
      return unreachable(event)
  }
}

/** What a breaker says now: `half-open` lets one action through. */
export type BreakerReading =
  | { readonly is: 'closed' }
  | { readonly is: 'half-open' }
  | {
      readonly is: 'open'
      readonly reason: 'Failing' | 'Ineffective'
      readonly sinceMs: number
      /** When a probe may be made; undefined where only a new generation or a person closes it. */
      readonly untilMs: number | undefined
      /** Path of the drift that stays, for `Ineffective`. */
      readonly path: string | undefined
      readonly message: string
    }

/** Reads a breaker at a moment, in milliseconds since the epoch. */
export function breakerAt(state: BreakerState, nowMs: number): BreakerReading {
  const { open } = state
  if (open === null) return { is: 'closed' }
  const { reason, sinceMs, message } = open
  if (open.reason === 'Ineffective') {
    return { is: 'open', reason, sinceMs, untilMs: undefined, path: open.path, message }
  }
  if (nowMs >= open.probeAtMs) return { is: 'half-open' }
  return { is: 'open', reason, sinceMs, untilMs: open.probeAtMs, path: undefined, message }
}

/** A probe moves the next one away, so that there is one at a time, and another if this one is never heard of again. */
function afterDispatch(state: BreakerState, atMs: number): BreakerState {
  const { open } = state
  if (open?.reason !== 'Failing' || atMs < open.probeAtMs) return state
  return { ...state, open: { ...open, probeAtMs: atMs + open.coolDownMs } }
}

function afterFailure(state: BreakerState, atMs: number, message: string, options: BreakerOptions): BreakerState {
  const failures = state.failures + 1
  const { open } = state
  if (open?.reason === 'Ineffective') return { ...state, failures }
  if (failures < options.failuresMax) return { ...state, failures }
  const coolDownMs = Math.min(options.coolDownCapMs, open === null ? options.coolDownMs : open.coolDownMs * 2)
  return {
    ...state,
    failures,
    open: {
      reason: 'Failing',
      sinceMs: open?.sinceMs ?? atMs,
      probeAtMs: atMs + coolDownMs,
      coolDownMs,
      message: `failed ${failures} times in a row, the last time with: ${message}`,
    },
  }
}

function afterSuccess(
  state: BreakerState,
  event: Extract<BreakerEvent, { is: 'succeeded' }>,
  options: BreakerOptions,
): BreakerState {
  const resolves = [...new Set(event.resolves)]
  const left = resolves.flatMap((path) => {
    const found = event.drift.find((drift) => drift.path === path)
    if (found === undefined) return []
    const { desired, observed, affected } = found
    const mark = shortHashOf({ desired, observed, count: affected.count, mark: found.mark ?? null })
    const known = state.left.find((one) => one.path === path)
    // A difference that has moved, for example to fewer records, was not left the same: it is counted anew.
    return [{ path, mark, count: known?.mark === mark ? known.count + 1 : 1 }]
  })
  const others = state.left.filter(
    ({ path }) => !resolves.includes(path) && event.drift.some((drift) => drift.path === path),
  )
  const stuck = left.find(({ count }) => count >= options.leftMax)
  const isKept = state.open?.reason === 'Ineffective'
  return {
    failures: 0,
    left: [...others, ...left],
    open: isKept ? state.open : stuck === undefined ? null : ineffective(stuck, event.atMs),
  }
}

function ineffective({ path, count }: BreakerState['left'][number], atMs: number): BreakerState['open'] {
  const message = `repaired ${count} times with success, and ${path} differs as before`
  return { reason: 'Ineffective', sinceMs: atMs, path, message }
}
