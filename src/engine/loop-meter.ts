/** Counts and times what the loop does, for metrics: nothing is decided by it. */
import type { Clock } from '../clock.ts'
import { type Figure, figure } from '../metrics/catalogue.ts'
import type { ReconcileResult } from './engine.ts'
import { keyText, type ResourceKey } from './resource.ts'

export interface LoopMeter {
  /** A reconcile begins; what is returned is called with what it gave, or with nothing where it broke. */
  begin(key: ResourceKey): (result: ReconcileResult | undefined) => void
  /** @param depth resources that are due. */
  figures(depth: number): readonly Figure[]
}

interface OfKind {
  count: number
  seconds: number
  lastSeconds: number
  readonly results: Map<string, number>
}

const minuteMs = 60_000
const minutesKept = 60

export function createLoopMeter(clock: Clock): LoopMeter {
  const kinds = new Map<string, OfKind>()
  const succeededAtMs = new Map<string, number>()
  const running = new Map<number, number>()
  /** Repairs by the minute in which they ended, on the monotonic clock. */
  const repairs = new Map<number, { succeeded: number; failed: number }>()
  let turns = 0
  let busy = 0

  const note = (key: ResourceKey, seconds: number, result: ReconcileResult | undefined) => {
    const of = kinds.get(key.kind) ?? { count: 0, seconds: 0, lastSeconds: 0, results: new Map<string, number>() }
    kinds.set(key.kind, of)
    const outcome = result?.reconciled.outcome
    const name = outcome?.is ?? 'broken'
    of.count += 1
    of.seconds += seconds
    of.lastSeconds = seconds
    of.results.set(name, (of.results.get(name) ?? 0) + 1)
    if (outcome?.is === 'converged' || outcome?.is === 'waiting') succeededAtMs.set(keyText(key), clock.nowMs())
    else if (outcome !== undefined && 'error' in outcome && outcome.error.code === 'DATABASE_LOCKED') busy += 1
    if (result !== undefined) noteRepairs(result)
  }

  const noteRepairs = ({ reconciled: { executed } }: ReconcileResult) => {
    const minute = Math.floor(clock.monotonicMs() / minuteMs)
    const now = repairs.get(minute) ?? { succeeded: 0, failed: 0 }
    for (const { execution } of executed) {
      if (execution.is === 'succeeded') now.succeeded += 1
      else if (execution.is !== 'stale') now.failed += 1
    }
    if (now.succeeded + now.failed > 0) repairs.set(minute, now)
    for (const past of repairs.keys()) if (past <= minute - minutesKept) repairs.delete(past)
  }

  /** Of the last hour; undefined where no repair ended. */
  const errorPercent = (): number | undefined => {
    const minute = Math.floor(clock.monotonicMs() / minuteMs)
    const recent = [...repairs].filter(([past]) => past > minute - minutesKept).map(([, counts]) => counts)
    const failed = recent.reduce((sum, counts) => sum + counts.failed, 0)
    const all = recent.reduce((sum, counts) => sum + counts.failed + counts.succeeded, 0)
    return all === 0 ? undefined : (failed / all) * 100
  }

  return {
    begin(key) {
      turns += 1
      const turn = turns
      const beganMs = clock.monotonicMs()
      running.set(turn, beganMs)
      return (result) => {
        running.delete(turn)
        note(key, (clock.monotonicMs() - beganMs) / 1000, result)
      }
    },
    figures(depth) {
      const nowMs = clock.monotonicMs()
      const ages = [...running.values()].map((beganMs) => (nowMs - beganMs) / 1000)
      return [
        ...[...kinds].flatMap(([kind, of]) => figuresOf(kind, of)),
        ...[...succeededAtMs].flatMap(([resource, atMs]) =>
          figure('last_success_timestamp_seconds', atMs / 1000, { resource }),
        ),
        ...figure('workqueue_depth', depth),
        ...figure(
          'workqueue_unfinished_work_seconds',
          ages.reduce((sum, age) => sum + age, 0),
        ),
        ...figure('workqueue_longest_running_processor_seconds', Math.max(0, ...ages)),
        ...figure('sqlite_busy_total', busy),
        ...figure('error_percent', errorPercent()),
      ]
    },
  }
}

function figuresOf(kind: string, { count, seconds, lastSeconds, results }: OfKind): readonly Figure[] {
  const failed = ['retry', 'terminal', 'broken'].reduce((sum, result) => sum + (results.get(result) ?? 0), 0)
  return [
    ...[...results].flatMap(([result, times]) => figure('reconcile_total', times, { kind, result })),
    ...figure('reconcile_errors_total', failed, { kind }),
    ...figure('reconcile_time_seconds_sum', seconds, { kind }),
    ...figure('reconcile_time_seconds_count', count, { kind }),
    ...figure('reconcile_last_seconds', lastSeconds, { kind }),
  ]
}
