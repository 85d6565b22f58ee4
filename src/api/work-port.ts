/** What the API needs of the work that is under way. The composition root implements it. */
import type { ResourceAddress } from './ports.ts'

/** A piece of work that has lasted for a moment: a look, an action, an undo, a proof of a set. */
export interface WorkView {
  /** Of this life of the controller. */
  readonly id: string
  readonly runId: string
  readonly resource: ResourceAddress | null
  readonly verb: string
  /** What a person calls it. */
  readonly title: string
  /** The action that is carried out; null where none is. */
  readonly actionId: string | null
  readonly startedAtMs: number
  /** What `done` and `total` count. */
  readonly unit: 'records' | 'bytes'
  /** Null until it reports for the first time. */
  readonly done: number | null
  /** Null where nobody knows it beforehand. */
  readonly total: number | null
  /** As of late; null where too little is known. */
  readonly perSecond: number | null
  /** By the faster and the slower pace that was seen; null where too little is known. */
  readonly left: { readonly fromMs: number; readonly toMs: number } | null
  /** All of it in one sentence. */
  readonly sentence: string
}

export interface WorkPort {
  /** The oldest first. */
  underWay(): readonly WorkView[]
  /** What is under way now, and again whenever that changes, once a second at most, until the signal is aborted. */
  watch(signal: AbortSignal): AsyncIterable<readonly WorkView[]>
}
