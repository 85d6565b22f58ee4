/**
 * What is being worked on at this moment. What it keeps true: a piece of work is in it from when it begins until it has ended,
 * however it ends; nothing is carried out or looked at that is not in it.
 */
import type { Clock } from '../clock.ts'
import { type Pace, reported } from './pace.ts'
import { keyText, type ResourceKey } from './resource.ts'

/** A piece of work: a look, an action, an undo, a proof of a set. */
export interface WorkOf {
  readonly runId: string
  /** `kind/name`. */
  readonly resource: string
  readonly verb: string
  /** What a person calls it, for example `Add column region`. */
  readonly title: string
  /** The action that is carried out; left out where none is. */
  readonly actionId?: string
}

export interface Work extends WorkOf {
  /** Of this life of the program. */
  readonly id: string
  readonly startedAtMs: number
  /** The same moment by the clock that never jumps, as the moments of its pace are. */
  readonly begunAt: number
  /** What `done` and `total` count. */
  readonly unit: WorkUnit
  /** Undefined until it reports for the first time. */
  readonly pace: Pace | undefined
}

export type WorkUnit = 'records' | 'bytes'
/** Tells how far a piece of work is: records unless it says otherwise. A total of 0 is not known. */
export type ReportProgress = (done: number, total: number, unit?: WorkUnit) => void

/** For what counts bytes and does not say so. */
export function inBytes(progress: ReportProgress): (done: number, total: number) => void {
  return (done, total) => progress(done, total, 'bytes')
}

export interface WorkChange {
  readonly is: 'begun' | 'reported' | 'ended'
  readonly work: Work
}

/** A look at a resource. */
export function lookOf(key: ResourceKey, runId: string): WorkOf {
  const resource = keyText(key)
  return { runId, resource, verb: 'look', title: `Look at ${resource}` }
}

export interface WorkBook {
  /** Has a piece of work in the book while it lasts. */
  during<Result>(of: WorkOf, work: (progress: ReportProgress) => Promise<Result>): Promise<Result>
  /** All that is under way, the oldest first. */
  now(): readonly Work[]
  /** Gives the function that ends listening. */
  onChange(listener: (change: WorkChange) => void): () => void
}

export function createWorkBook(clock: Pick<Clock, 'nowMs' | 'monotonicMs'>): WorkBook {
  const underWay = new Map<string, Work>()
  const listeners = new Set<(change: WorkChange) => void>()
  let begun = 0
  const tell = (change: WorkChange) => {
    for (const listener of listeners) listener(change)
  }
  return {
    async during(of, work) {
      begun += 1
      const id = String(begun)
      const [startedAtMs, begunAt] = [clock.nowMs(), clock.monotonicMs()]
      let now: Work = { ...of, id, startedAtMs, begunAt, unit: 'records', pace: undefined }
      underWay.set(id, now)
      tell({ is: 'begun', work: now })
      try {
        return await work((done, total, unit = 'records') => {
          // Whoever reports after the end, a thread that was given up say, changes nothing.
          if (!underWay.has(id)) return
          const before = unit === now.unit ? now.pace : undefined
          now = { ...now, unit, pace: reported(before, done, total, clock.monotonicMs()) }
          underWay.set(id, now)
          tell({ is: 'reported', work: now })
        })
      } finally {
        underWay.delete(id)
        tell({ is: 'ended', work: now })
      }
    },
    now: () => [...underWay.values()],
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
