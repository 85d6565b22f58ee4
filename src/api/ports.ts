/**
 * What the API needs of the controller, and nothing more. The composition root implements it over the engine. All
 * values are plain data; a method may answer at once or later. Expected refusals are values; OperationalErrors are
 * shown to the caller with code, message and hint; any other error is masked.
 */
import type { UndoSelection } from '../engine/undo.ts'
import type { UndoConflictView } from '../engine/undo-conflict-view.ts'
import type { UndoChoice } from '../engine/undo-rows.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import type { AccessNote } from './access-notes.ts'
import type { AllowContact, AllowContactOutcome, ContactAnswer, SuppressionView } from './people-views.ts'

export type Awaitable<Value> = Value | Promise<Value>

export interface ResourceAddress {
  readonly kind: string
  readonly name: string
}

type SeverityName = 'low' | 'medium' | 'high' | 'critical'

export interface AffectedView {
  readonly count: number
  readonly sample: readonly string[]
}

export interface DriftView {
  readonly id: string
  readonly resource: ResourceAddress
  readonly path: string
  readonly severity: SeverityName
  readonly category: 'database' | 'airtable' | 'service' | 'data'
  readonly desired: JsonValue
  readonly observed: JsonValue
  readonly affected: AffectedView
  readonly message: string
  readonly cause: 'desired-changed' | 'drift'
  /** What a person does where no action can mend it. */
  readonly byHand: string | null
}

export interface GateReasonView {
  readonly code: string
  readonly asks: string
  readonly message: string
  readonly untilMs: number | null
}

export interface GateView {
  readonly decision: 'auto' | 'approve' | 'approve-twice' | 'wait' | 'refuse'
  readonly runnable: boolean
  readonly approvalsNeeded: number
  readonly approvalsGiven: number
  readonly reasons: readonly GateReasonView[]
  readonly wakeUpMs: number | null
}

export interface CellPreviewView {
  readonly key: string
  readonly field: string
  readonly before: JsonValue
  readonly after: JsonValue
}

/** An action of a plan with what the gate says of it now. */
export interface ActionView {
  readonly id: string
  readonly resource: ResourceAddress
  readonly verb: string
  readonly risk: SeverityName
  readonly gate: GateView
  readonly summary: string
  readonly findings: readonly { readonly code: string; readonly count: number; readonly message: string }[]
  readonly affected: AffectedView
  readonly population: number
  readonly reversible: 'exact' | 'from-checkpoint' | 'by-hand' | 'irreversible'
  readonly cost: { readonly bucket: string; readonly tokens: number }
  readonly preview: readonly CellPreviewView[]
  /** Paths of the drift that it mends. */
  readonly resolves: readonly string[]
  readonly cause: 'desired-changed' | 'drift' | 'undo' | 'request'
  readonly requestedBy: string | null
  readonly plannedAtMs: number
}

/** An action as the journal knows it, pending or past. */
export interface ActionRecordView extends ActionView {
  /** planned, approved, intended, checkpointed, dispatched, succeeded, failed, unknown, verified, rejected, superseded, undone. */
  readonly state: string
  readonly approvals: readonly {
    readonly approver: string
    readonly atMs: number
    readonly expiresAtMs: number
    readonly comment: string | null
  }[]
  readonly runId: string | null
  readonly changedAtMs: number
  /** How it ended; null while it has not. */
  readonly result: JsonObject | null
  /** When a pending approval or the action itself lapses; null where it does not. */
  readonly expiresAtMs: number | null
}

export interface ConditionView {
  readonly type: string
  readonly status: 'true' | 'false' | 'unknown'
  readonly reason: string
  readonly message: string
  readonly sinceMs: number
  readonly generation: number
  readonly nextStep: string | null
  readonly wakeUpMs: number | null
}

/** All that is known of one declared resource. */
export interface ResourceView {
  readonly resource: ResourceAddress
  readonly generation: number
  /** What must have been brought before it. */
  readonly dependsOn: readonly ResourceAddress[]
  /** Null until the first look. */
  readonly observation: 'present' | 'absent' | 'unreadable' | null
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null
  /** A short phrase of what is there. */
  readonly summary: string
  readonly drift: readonly DriftView[]
  readonly actions: readonly ActionView[]
  readonly conditions: readonly ConditionView[]
  readonly checks: readonly {
    readonly name: string
    readonly status: 'ok' | 'warning' | 'failed' | 'unknown'
    readonly message: string
  }[]
  readonly lookedAtMs: number | null
  readonly fullLookAtMs: number | null
}

export interface ControllerView {
  /** `name` of the desired state. */
  readonly name: string
  readonly version: string
  /** One sentence for a person: what needs them, what mends itself, when all was last looked at. */
  readonly verdict: string
  readonly generation: number
  readonly mode: 'observe' | 'enforce'
  readonly startedAtMs: number
  /** Null while another process holds it. */
  readonly lease: { readonly number: number; readonly holder: string; readonly sinceMs: number } | null
  readonly lastFullLookAtMs: number | null
}

export interface ProblemView {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly path: string
  readonly message: string
}

export interface DesiredStateView {
  readonly generation: number
  /** The text of the file as it is now, valid or not. */
  readonly text: string
  /** Another one whenever a byte of the file changed. */
  readonly version: string
  readonly acceptedAtMs: number
  /** What is wrong with the file as it is now; the generation above stays in force meanwhile. */
  readonly problems: readonly ProblemView[]
  /** Why a newer, valid file is not in force yet; null where there is none. */
  readonly waiting: string | null
}

/** One version of the file that was in force, or waits to be. */
export interface GenerationView {
  readonly number: number
  readonly atMs: number
  /** Waiting ones need a person; rejected ones were never in force. */
  readonly state: 'accepted' | 'waiting' | 'rejected'
  readonly text: string
}

/** What is to be said of a text before it is saved. */
export interface DesiredStateCheckView {
  readonly problems: readonly ProblemView[]
  readonly warnings: readonly ProblemView[]
  /** What it comes down to against the generation in force; empty where it is not valid. */
  readonly changes: readonly {
    readonly path: string
    readonly change: 'added' | 'removed' | 'changed' | 'renamed'
    readonly from: string | null
  }[]
  /** Why it would wait for a person although it is valid; null where it would not. */
  readonly waits: string | null
}

export interface PlanView {
  readonly id: string
  readonly generation: number
  readonly observedAtMs: number
  readonly actions: readonly ActionView[]
}

export type ApproveOutcome =
  | {
      readonly is: 'approved'
      readonly actions: readonly { readonly actionId: string; readonly given: number; readonly needed: number }[]
      /** The run in which those with enough approvals are carried out; null where none has enough. */
      readonly runId: string | null
    }
  | {
      readonly is: 'plan-stale'
      readonly actionIds: readonly string[]
      /** One sentence for each, for example `12 records changed since`. */
      readonly whatChanged: readonly string[]
    }
  | { readonly is: 'plan-expired'; readonly actionIds: readonly string[]; readonly message: string }
  | { readonly is: 'self-approval'; readonly actionIds: readonly string[]; readonly message: string }

export interface RejectOutcome {
  readonly rejected: readonly string[]
  readonly notPending: readonly string[]
}

export type UndoOutcome =
  | {
      readonly is: 'undoing'
      /** The new actions that take back, newest first, each with what it undoes. */
      readonly actions: readonly {
        /** Null in a dry run, where an undo of what is newer has to come first. */
        readonly actionId: string | null
        readonly undoes: string
        /** `verified`: done; `approved`: it waits; `planned`: a dry run. */
        readonly state: string
        /** Changes that it made, or would make. */
        readonly changes: number
        /** Records that the choice left out and that can still be taken back. */
        readonly remaining: number
      }[]
      /** Keys of records that were changed since and stay as they are. */
      readonly conflicts: readonly string[]
      /** The records that were changed since, with what is done about each. */
      readonly conflictDetails: readonly UndoConflictView[]
      /** What only a person can take back, and how. */
      readonly byHand: readonly { readonly actionId: string; readonly steps: string }[]
      /** What stays as it is: it cannot be taken back, or it failed and ended the undo. */
      readonly left: readonly { readonly actionId: string; readonly message: string }[]
      readonly runId: string | null
    }
  /** Nothing was taken back, since records were changed since and nobody decided on them. */
  | { readonly is: 'conflicts'; readonly message: string; readonly conflicts: readonly UndoConflictView[] }
  | { readonly is: 'not-undoable'; readonly message: string; readonly hint: string }
  | { readonly is: 'not-found' }

export interface EventView {
  /** Opaque and growing: `events(after)` and the subscription go on from it. */
  readonly cursor: string
  readonly atMs: number
  /** Stable, for example `action.succeeded`. */
  readonly type: string
  readonly severity: 'info' | 'warning' | 'error'
  readonly message: string
  readonly resource: ResourceAddress | null
  readonly actionId: string | null
  readonly runId: string | null
  readonly actor: string | null
  /** How many like it this one stands for. */
  readonly count: number
}

export interface ProgressView {
  readonly runId: string
  readonly state: 'running' | 'succeeded' | 'failed'
  readonly resource: ResourceAddress | null
  readonly verb: string | null
  readonly done: number
  readonly total: number
  readonly message: string
}

export interface AuditEntryView {
  readonly seq: number
  readonly atMs: number
  readonly type: string
  readonly actor: string
  readonly resource: string | null
  readonly actionId: string | null
  readonly runId: string | null
  readonly body: JsonObject
  readonly hash: string
}

export type ApplyOutcome =
  | {
      readonly is: 'accepted'
      /** The new generation; for a dry run the one it would get. */
      readonly generation: number
      /** For a dry run: what would be planned; null otherwise. */
      readonly plan: PlanView | null
      readonly drift: readonly DriftView[]
    }
  | { readonly is: 'invalid'; readonly problems: readonly ProblemView[] }
  /** It changes `access`, and the caller may not; nothing was done. */
  | { readonly is: 'grants' }
  /** Valid, but it waits for an approval (an emptied file, say). */
  | { readonly is: 'waiting'; readonly reason: string }
  /** The file is another one than the caller read; nothing was done. */
  | { readonly is: 'stale'; readonly text: string; readonly version: string }

export interface EnginePort {
  controller(): Awaitable<ControllerView>
  /** Whether the journal can be written and a generation is in force; the reason where not. */
  readiness(): Awaitable<{ readonly ready: boolean; readonly reason: string }>
  desiredState(): Awaitable<DesiredStateView>
  /** All declared resources, in declaration order. */
  resources(): Awaitable<readonly ResourceView[]>
  plan(): Awaitable<PlanView>
  action(id: string): Awaitable<ActionRecordView | undefined>
  /** Newest first. `before` is the id of the last one of the page before. */
  actions(filter: {
    readonly states?: readonly string[] | undefined
    readonly resource?: ResourceAddress | undefined
    readonly runId?: string | undefined
    readonly before?: string | undefined
    readonly limit: number
  }): Awaitable<readonly ActionRecordView[]>

  /** Approves all of the actions or none. `planId` is the plan they were shown in, where the caller knows it. */
  approve(request: {
    readonly planId: string | undefined
    readonly actionIds: readonly string[]
    readonly approver: string
    readonly comment: string | undefined
  }): Awaitable<ApproveOutcome>
  reject(request: {
    readonly actionIds: readonly string[]
    readonly actor: string
    readonly reason: string
  }): Awaitable<RejectOutcome>
  /** Undoes an action or all of a run. */
  undo(request: {
    readonly of: UndoSelection
    readonly actor: string
    readonly choice?: UndoChoice
    /** Only says what would be done. */
    readonly dryRun?: boolean
  }): Awaitable<UndoOutcome>
  /** Asks for a look at one resource, or at all; undefined when there is no such resource. */
  reconcile(request: {
    readonly resource: ResourceAddress | undefined
    readonly actor: string
  }): Awaitable<{ readonly runId: string } | undefined>
  /** False when there is no such resource. */
  suspend(request: {
    readonly resource: ResourceAddress
    readonly reason: string
    readonly actor: string
  }): Awaitable<boolean>
  resume(request: { readonly resource: ResourceAddress; readonly actor: string }): Awaitable<boolean>
  /** Generations with their texts, newest first; `before` is the number to go on below. */
  generations(request: {
    readonly before: number | undefined
    readonly limit: number
  }): Awaitable<{ readonly generations: readonly GenerationView[]; readonly more: boolean }>
  /** What is wrong with a text and what it would change. Looks at nothing but the text and the generation in force. */
  checkDesiredState(yaml: string): Awaitable<DesiredStateCheckView>
  applyDesiredState(request: {
    readonly yaml: string
    /** Refuses to replace any other file than the one of this version. */
    readonly expectedVersion: string | undefined
    readonly dryRun: boolean
    readonly actor: string
    /** Whether the caller may change who may do what. */
    readonly mayGrant: boolean
  }): Awaitable<ApplyOutcome>

  /** A page of events after a cursor (oldest first), or without one the newest (newest first). */
  events(request: {
    readonly after: string | undefined
    readonly limit: number
  }): Awaitable<{ readonly events: readonly EventView[]; readonly more: boolean }>
  /** Events after the cursor, then those that happen, until the signal is aborted. Without a cursor only new ones. */
  watchEvents(after: string | undefined, signal: AbortSignal): AsyncIterable<EventView>
  /** Ends by itself after the run's last message. */
  watchProgress(runId: string, signal: AbortSignal): AsyncIterable<ProgressView>
  /** Each resource whenever its status was replaced. */
  watchResources(signal: AbortSignal): AsyncIterable<ResourceView>
  /** Journal entries, newest first; `before` is the sequence number to go on below. */
  auditLog(request: {
    readonly before: number | undefined
    readonly actor: string | undefined
    readonly resource: string | undefined
    readonly limit: number
  }): Awaitable<{ readonly entries: readonly AuditEntryView[]; readonly more: boolean }>
  /** Erased people, the latest first. */
  suppressions(): Awaitable<readonly SuppressionView[]>
  /** Lifts and journals it; undefined when there is no such suppression, or it was lifted already. */
  liftSuppression(request: {
    readonly id: string
    readonly reason: string
    readonly actor: string
  }): Awaitable<SuppressionView | undefined>
  /** Whether the people of these addresses may be contacted, in their order. */
  contactable(addresses: readonly string[]): Awaitable<readonly ContactAnswer[]>
  /** Takes the person of a record off the list of those who are not to be contacted, and journals it. */
  allowContact(request: AllowContact): Awaitable<AllowContactOutcome>
  /** Journals who came in, was refused, or saw personal data in full. Throws where the journal cannot be written. */
  recordAccess(note: AccessNote): void
  /** Journals that a token was made, replaced or revoked. */
  recordTokenChange(change: {
    readonly is: 'created' | 'rotated' | 'revoked'
    readonly tokenId: string
    readonly subject: string
    readonly role: string
    readonly actor: string
  }): Awaitable<void>
}
