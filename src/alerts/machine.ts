/**
 * The life of alerts: a rule that holds is pending for as long as it says, then fires; one that stops to hold is resolved once
 * it has stayed so for a while. Pure.
 *
 * What it keeps true: an alert that fires is told once, and its end once, however often the value goes to and fro meanwhile;
 * an end is told only of what was told; what is silenced is told when the silence ends, if it still fires.
 */

import type { Reading } from './readings.ts'
import type { AlertRule, Severity } from './rules.ts'

export interface AlertState {
  readonly key: string
  readonly rule: { readonly when: string; readonly to: string; readonly severity: Severity; readonly forMs: number }
  readonly instance: string
  readonly phase: 'pending' | 'firing'
  readonly value: number
  /** Since when the rule holds. */
  readonly sinceMs: number
  /** Since when it does not hold any more; null while it does. */
  readonly calmSinceMs: number | null
  /** When it was told; null while it was not. */
  readonly toldAtMs: number | null
  /** Moments at which it went from calm back to holding, the newest last. */
  readonly returns: readonly number[]
}

export interface Notice {
  /** The same at every delivery of it, so that a receiver knows it again. */
  readonly id: string
  readonly is: 'firing' | 'resolved'
  readonly state: AlertState
  readonly atMs: number
}

export interface StepInput {
  readonly states: readonly AlertState[]
  readonly rules: readonly AlertRule[]
  readonly readingsOf: (rule: AlertRule) => readonly Reading[]
  readonly isSilenced: (state: AlertState) => boolean
  /** Whether all was looked at: before, what is not found may only not be seen yet, and nothing is taken as over. */
  readonly isSeen: boolean
  readonly nowMs: number
}

export interface Stepped {
  readonly states: readonly AlertState[]
  readonly notices: readonly Notice[]
}

/** So long an alert that was told must be calm before its end is told. */
export const calmMs = 300_000
/** What comes back again and again has to be calm for longer, up to an hour. */
const calmMaxMs = 3_600_000
const returnsWithinMs = 6 * 3_600_000
const returnsMax = 10

export function keyOf(rule: Pick<AlertRule, 'when' | 'to'>, instance: string): string {
  return [rule.to, rule.when.replaceAll(/\s+/g, ' '), instance].join(' | ')
}

/** One look at all rules. */
export function step({ states, rules, readingsOf, isSilenced, isSeen, nowMs }: StepInput): Stepped {
  const known = new Map(states.map((state) => [state.key, state]))
  const next: AlertState[] = []
  const notices: Notice[] = []
  const seen = new Set<string>()
  const settle = (state: AlertState | undefined, holds: boolean) => {
    if (state === undefined) return
    if (!holds && !isSeen) {
      next.push(state)
      return
    }
    const moved = move(state, holds, nowMs)
    if (moved === undefined) {
      // Its end is told of what was told, and of nothing else.
      if (state.toldAtMs !== null) notices.push(noticeOf('resolved', state, nowMs))
      return
    }
    if (moved.phase === 'firing' && moved.toldAtMs === null && moved.calmSinceMs === null && !isSilenced(moved)) {
      const told = { ...moved, toldAtMs: nowMs }
      notices.push(noticeOf('firing', told, nowMs))
      next.push(told)
    } else next.push(moved)
  }
  for (const rule of rules) {
    for (const reading of readingsOf(rule)) {
      const key = keyOf(rule, reading.instance)
      if (seen.has(key)) continue
      seen.add(key)
      const holds = compares(reading.value, rule)
      const before = known.get(key)
      const { when, to, severity, forMs } = rule
      const current = { ...(before ?? begun(key, reading.instance, nowMs)), rule: { when, to, severity, forMs } }
      settle(
        before === undefined && !holds ? undefined : { ...current, value: holds ? reading.value : current.value },
        holds,
      )
    }
  }
  // What nothing is read of any more (a rule, a backup that is not declared) does not hold.
  for (const state of states) if (!seen.has(state.key)) settle(state, false)
  return { states: next, notices }
}

function begun(key: string, instance: string, nowMs: number): Omit<AlertState, 'rule'> {
  return { key, instance, phase: 'pending', value: 0, sinceMs: nowMs, calmSinceMs: null, toldAtMs: null, returns: [] }
}

/** Undefined where it is over. */
function move(state: AlertState, holds: boolean, nowMs: number): AlertState | undefined {
  // A clock that was set back makes nothing last for ever.
  const sinceMs = Math.min(state.sinceMs, nowMs)
  if (holds) {
    const isBack = state.calmSinceMs !== null
    const returns = isBack ? [...state.returns, nowMs].slice(-returnsMax) : state.returns
    const phase = state.phase === 'firing' || nowMs - sinceMs >= state.rule.forMs ? 'firing' : 'pending'
    return { ...state, sinceMs, phase, calmSinceMs: null, returns }
  }
  if (state.phase === 'pending' || state.toldAtMs === null) return undefined
  const calmSinceMs = Math.min(state.calmSinceMs ?? nowMs, nowMs)
  return nowMs - calmSinceMs >= calmNeeded(state, nowMs) ? undefined : { ...state, sinceMs, calmSinceMs }
}

function calmNeeded({ returns }: AlertState, nowMs: number): number {
  const recent = returns.filter((atMs) => nowMs - atMs < returnsWithinMs).length
  return Math.min(calmMaxMs, calmMs * 2 ** Math.max(0, recent - 1))
}

function compares(value: number, { operator, threshold }: AlertRule): boolean {
  switch (operator) {
    case '>':
      return value > threshold
    case '>=':
      return value >= threshold
    case '<':
      return value < threshold
    case '<=':
      return value <= threshold
    case '==':
      return value === threshold
  }
}

function noticeOf(is: Notice['is'], state: AlertState, atMs: number): Notice {
  return { id: `${is}:${state.toldAtMs ?? atMs}:${state.key}`, is, state, atMs }
}
