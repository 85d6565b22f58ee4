/**
 * The one interface between the engine and what it keeps true. A kind is a plain object; it is added by writing a
 * folder in src/kinds and naming it in src/kinds/registry.ts.
 */
import type { DesiredState } from '../desired/schema.ts'
import type { JsonObject } from '../json.ts'
import type { Figure } from '../metrics/catalogue.ts'
import type { Action, ActionDraft } from './action.ts'
import type { Category, Drift, DriftDraft } from './drift.ts'
import type { Observation, Scope } from './observation.ts'
import type { WaitReason } from './outcome.ts'
import type { Declared, ResourceKey } from './resource.ts'
import type { UndoneRows, UndoRows } from './undo-rows.ts'
import type { ReportProgress } from './work-book.ts'

/** What the engine gives to an effect. */
export interface EffectContext {
  /** Aborted when the deadline passes, the lease is lost or the program stops; an effect then ends at its next safe point. */
  readonly signal: AbortSignal
  /** Reports progress of long work. */
  readonly progress: ReportProgress
  /**
   * Runs a wait for something outside that may take long and takes nothing of this program (a service that is given time to
   * end): other resources are worked on meanwhile. Left out where nothing else is to be worked on.
   */
  readonly outside?: <Result>(wait: () => Promise<Result>) => Promise<Result>
}

/** What an effect did. */
export interface Applied {
  /** Records changed. */
  readonly changed: number
  /** Keys of records that were left alone because they had changed since the action was planned; 20 at most. */
  readonly skipped: readonly string[]
  /** How many were left alone. */
  readonly skippedCount: number
  /** Records whose change failed (a constraint, say) while the others went on: counted against the error share. */
  readonly failed: readonly { readonly key: string; readonly reason: string }[]
  /** Resources that it changed besides its own and its neighbours: they are looked at in full. */
  readonly wakes?: readonly ResourceKey[]
}

/** What had to be kept before an action so that it can be undone. */
export interface Checkpoint {
  /** The evidence found while the checkpoint was taken, compared with the action's precondition. */
  readonly evidence: string
  /** How many before-images were kept; 0 for an exact inverse. */
  readonly images: number
}

/** One check of a health report. */
export interface HealthCheck {
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed' | 'unknown'
  readonly message: string
}

/** The answer of `planUndo`: an action like any other, what a person does instead (`by-hand` actions), or why there is none. */
export type UndoPlan =
  | {
      readonly is: 'undo'
      readonly draft: ActionDraft
      /** Keys of records that were changed since and stay; 20 at most. */
      readonly conflicts: readonly string[]
      /** Record by record; only of a kind that heeds a choice of records. */
      readonly rows?: UndoneRows
    }
  | { readonly is: 'by-hand'; readonly steps: string }
  | { readonly is: 'not-undoable'; readonly reason: string; readonly rows?: UndoneRows }
  /** None of the chosen records was touched by it. */
  | { readonly is: 'untouched'; readonly unknownKeys: readonly string[] }
  /** What taking it back needs is not kept any more, or never was. */
  | { readonly is: 'expired' }

/** What a resource waits for by itself: a pause after a failure, something else that must come first. */
export interface Waits {
  readonly reason: WaitReason
  /** When it goes on, where that is known. */
  readonly untilMs?: number
}

export interface Kind<Spec extends JsonObject = JsonObject, State = unknown> {
  readonly name: string
  readonly category: Category
  /** Which resources of this kind the desired state declares. Pure. */
  list(desired: DesiredState): readonly Declared<Spec>[]
  /** Reads the world and changes nothing, not even a file time. Throws nothing that it can give as `unreadable`. */
  observe(resource: Declared<Spec>, scope: Scope, context: EffectContext): Promise<Observation<State>>
  /** What differs. Pure. */
  diff(resource: Declared<Spec>, observation: Observation<State>): readonly DriftDraft[]
  /** What would mend it. Pure; sees only drift that may be mended. */
  plan(resource: Declared<Spec>, observation: Observation<State>, drift: readonly Drift[]): readonly ActionDraft[]
  /** Keeps what `planUndo` will need, durably, and gives the evidence it saw. Repeatable for one action id. */
  checkpoint(action: Action, context: EffectContext): Promise<Checkpoint>
  /**
   * Carries the action out. Safe to call again for the same action id after a crash at any point: what is done already
   * is not done twice. Throws OperationalError where nothing, or only whole marked steps, took effect.
   */
  apply(action: Action, context: EffectContext): Promise<Applied>
  /** After a crash: did it take effect? `partly` means that calling `apply` again completes it. */
  probe(action: Action, context: EffectContext): Promise<'applied' | 'partly' | 'not-applied' | 'unknown'>
  /**
   * How a succeeded action would be undone now. Reads the world, changes nothing. A kind that changes records takes back
   * those that `rows` names and gives what it comes to; `checkpoint` of the undo then reads the same by `rowsOf`.
   */
  planUndo(action: Action, context: EffectContext, rows?: UndoRows): Promise<UndoPlan>
  /**
   * What changed since a cursor of an earlier look: the rows to look at, or all when that cannot be told. The cursor
   * is opaque to the engine, which keeps it once the look has succeeded. A kind without it is always looked at whole.
   */
  changes?(resource: Declared<Spec>, cursor: string | undefined): Promise<{ scope: Scope; cursor: string }>
  /** Whether a look takes so much memory that it is never begun beside another. */
  readonly looksAlone?: boolean
  /** Calls `notify` whenever the resource may have changed in the world, until closed. Says nothing about what changed. */
  watch?(resource: Declared<Spec>, notify: () => void): { close(): void }
  /**
   * A person asks for a look: the next `observe` reads anew what it would otherwise take from an earlier look because
   * reading costs something. A kind without it reads everything at every look.
   */
  refresh?(resource: Declared<Spec>): void
  /** How long until another look is due although nothing changed, beside the policy's resync. Pure. */
  lookAgainAfterMs?(resource: Declared<Spec>, observation: Observation<State>): number | undefined
  /**
   * What keeps it from being as declared although nothing is planned and nobody is asked: it is not Ready then, and
   * looked at again when that ends. Pure.
   */
  waits?(resource: Declared<Spec>, observation: Observation<State>): Waits | undefined
  /** The checks of a health report, from the last look. Pure. */
  health(resource: Declared<Spec>, observation: Observation<State>, drift: readonly Drift[]): readonly HealthCheck[]
  /** Figures of the last look, for metrics and their history. Pure; `nowMs` is for ages. */
  figures?(resource: Declared<Spec>, observation: Observation<State>, nowMs: number): readonly Figure[]
  /** A short phrase of what is there, for people: `5,012 rows, 23 columns`. Pure. */
  describe(observation: Observation<State>): string
}
