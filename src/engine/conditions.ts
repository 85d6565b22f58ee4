/**
 * Conditions say how a resource stands, since when, and what happens next; `why` reads them. Pure. A condition keeps its
 * moment while its status and reason stay, so that `since` is when it began and not when it was last looked at.
 */
import { isoOf } from '../clock.ts'
import type { Drift } from './drift.ts'
import { keyText, type ResourceKey } from './resource.ts'

/**
 * `Ready`: as declared. `Progressing`: on its way without help. `Waiting`: for a moment or a person. `Stalled`: nothing
 * will change without help, though it is still looked at. The others are set beside these four.
 */
export const conditionTypes = ['Ready', 'Progressing', 'Waiting', 'Stalled', 'Suspended', 'Quarantined'] as const
export type ConditionType = (typeof conditionTypes)[number]

export interface Condition {
  readonly type: ConditionType
  readonly status: 'true' | 'false' | 'unknown'
  /** A CamelCase code, stable for scripts. */
  readonly reason: string
  /** One sentence for a person. */
  readonly message: string
  /** Since when status and reason are what they are, in milliseconds since the epoch. */
  readonly sinceMs: number
  /** The generation it was found for. */
  readonly generation: number
  /** What a person does about it, where one can. */
  readonly nextStep?: string
  /** When it goes on by itself, where that is known. */
  readonly wakeUpMs?: number
}

/**
 * The conditions after a look: each new one replaces that of its type, keeping `sinceMs` where status and reason are
 * the same; those of other types stay.
 */
export function mergeConditions(previous: readonly Condition[], next: readonly Condition[]): readonly Condition[] {
  const merged = new Map(previous.map((condition) => [condition.type, condition]))
  for (const condition of next) {
    const known = merged.get(condition.type)
    const isSame = known?.status === condition.status && known.reason === condition.reason
    merged.set(condition.type, isSame ? { ...condition, sinceMs: known.sinceMs } : condition)
  }
  return [...merged.values()]
}

/** `DATABASE_LOCKED` and `breaker-open` as the reasons of conditions are written: `DatabaseLocked`, `BreakerOpen`. */
export function reasonOf(code: string): string {
  return code
    .split(/[^A-Za-z0-9]+/)
    .map((word) => {
      const rest = word.slice(1)
      return word.slice(0, 1).toUpperCase() + (rest === rest.toUpperCase() ? rest.toLowerCase() : rest)
    })
    .join('')
}

/** All that is known of a resource when somebody asks why. */
export interface ResourceStatus {
  readonly key: ResourceKey
  readonly conditions: readonly Condition[]
  readonly drift: readonly Drift[]
  /** When it was last looked at; undefined when it never was. */
  readonly observedAtMs: number | undefined
}

/** One line of an explanation. */
export interface WhyLine {
  readonly label: 'resource' | 'reason' | 'evidence' | 'since' | 'wake-up' | 'next step' | 'undo'
  readonly text: string
}

const evidenceLinesMax = 5

/**
 * Why a resource stands as it does: what rules it now, on what evidence, since when, when it is looked at again and
 * what a person can do. Every label is there at least once, the most severe drift first. `nowMs` serves for durations.
 */
export function whyOf(status: ResourceStatus, nowMs: number): readonly WhyLine[] {
  const name = keyText(status.key)
  const [ruling, ...others] = rulingConditions(status.conditions)
  const evidence = evidenceOf(status, nowMs)
  if (ruling === undefined) {
    return [
      { label: 'resource', text: `${name} has not been looked at` },
      { label: 'reason', text: 'NotObserved: it is new, or the controller has just started' },
      ...evidence,
      { label: 'since', text: 'not known' },
      { label: 'wake-up', text: 'as soon as its turn comes' },
      { label: 'next step', text: 'nothing needs doing' },
    ]
  }
  const wakeUpMs = earliest([ruling, ...others].map((condition) => condition.wakeUpMs))
  const steps = new Set([
    ...[ruling, ...others].flatMap(({ nextStep }) => nextStep ?? []),
    ...severestFirst(status.drift).flatMap(({ severity, byHand }) => (severity === 'low' ? [] : (byHand ?? []))),
  ])
  return [
    { label: 'resource', text: `${name} is ${stateText(ruling)}` },
    ...[ruling, ...others].map(({ reason, message }) => ({ label: 'reason' as const, text: `${reason}: ${message}` })),
    ...evidence,
    { label: 'since', text: momentText(ruling.sinceMs, nowMs) },
    {
      label: 'wake-up',
      text: wakeUpMs === undefined ? 'whenever something changes' : momentText(wakeUpMs, nowMs),
    },
    ...(steps.size === 0 ? ['nothing needs doing'] : [...steps]).map((text) => ({ label: 'next step' as const, text })),
  ]
}

/** What explains the state, most telling first; `Ready` only where nothing else does. Equal messages are said once. */
function rulingConditions(conditions: readonly Condition[]): readonly Condition[] {
  const order: readonly ConditionType[] = ['Suspended', 'Stalled', 'Waiting', 'Quarantined', 'Progressing']
  const active = order.flatMap((type) => conditions.filter((one) => one.type === type && one.status === 'true'))
  const found = active.length > 0 ? active : conditions.filter(({ type }) => type === 'Ready')
  return found.filter((one, index) => found.findIndex(({ message }) => message === one.message) === index)
}

function stateText({ type, status }: Condition): string {
  if (type !== 'Ready') return type.toLowerCase()
  return status === 'true' ? 'ready' : status === 'false' ? 'not ready' : 'of unknown state'
}

function evidenceOf({ drift, observedAtMs }: ResourceStatus, nowMs: number): readonly WhyLine[] {
  const looked = observedAtMs === undefined ? 'never looked at' : `last looked at ${momentText(observedAtMs, nowMs)}`
  const severest = severestFirst(drift)
  const shown = severest.slice(0, evidenceLinesMax).map((one) => `${one.severity} drift of ${one.path}: ${one.message}`)
  const more = severest.length > shown.length ? [`and ${severest.length - shown.length} more differences`] : []
  return [looked, ...(drift.length === 0 ? ['no drift is known'] : shown), ...more].map((text) => ({
    label: 'evidence',
    text,
  }))
}

function severestFirst(drift: readonly Drift[]): readonly Drift[] {
  return ['critical', 'high', 'medium', 'low'].flatMap((level) => drift.filter((one) => one.severity === level))
}

function earliest(moments: readonly (number | undefined)[]): number | undefined {
  const known = moments.filter((moment) => moment !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** `2026-11-23T10:00:00.000Z (5 min ago)`. */
function momentText(atMs: number, nowMs: number): string {
  const text = durationText(Math.abs(atMs - nowMs))
  return `${isoOf(atMs)} (${atMs > nowMs ? `in ${text}` : `${text} ago`})`
}

function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} days`
}
