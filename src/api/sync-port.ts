/**
 * What the API needs of the sync with Airtable. The composition root implements it over the sync's desk and the engine.
 * Values are those of the declared field types; who may see which is decided by the API.
 */
import type { JsonValue } from '../json.ts'
import type { Awaitable } from './ports.ts'

export const leadSyncStates = ['synced', 'pending', 'conflict', 'blocked', 'apart', 'incomplete'] as const
/**
 * `synced`: both sides settled. `pending`: something is to be moved. `conflict`: a person chooses. `blocked`: a side
 * refuses a value. `apart`: left different on purpose. `incomplete`: the record in Airtable lacks what the table requires.
 */
export type LeadSyncState = (typeof leadSyncStates)[number]

/** The mirror of one table. */
export interface SyncReportView {
  readonly table: string
  /** Of the resource, as the controller last saw it. */
  readonly summary: string
  readonly localCount: number
  readonly remoteCount: number
  readonly counts: Readonly<Partial<Record<LeadSyncState, number>>>
  readonly openConflicts: number
  /** Repairs that wait for a person. */
  readonly waiting: number
  readonly lastPullMs: number | null
  readonly lastFullMs: number | null
  readonly webhook: boolean
  /** Null while there is no token. */
  readonly calls: {
    readonly month: string
    readonly made: number
    readonly limit: number | null
    readonly forecast: number | null
    readonly exhaustedSinceMs: number | null
  } | null
  /** Why Airtable cannot be looked at; null while it can. */
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null
}

/** How one lead stands. */
export interface LeadSyncView {
  readonly table: string
  readonly key: string
  readonly recordId: string | null
  readonly state: LeadSyncState
  /** Why, for a state that has a reason. May hold values of the lead. */
  readonly detail: string | null
  readonly localChangedMs: number | null
  readonly remoteChangedMs: number | null
  readonly url: string | null
}

/** One field of a move. */
export interface CellMoveView {
  readonly field: string
  /** What the receiving side held, and what was written there. */
  readonly before: JsonValue
  readonly after: JsonValue
  /** The value before was a change of its own that was overruled: here it is kept. */
  readonly lost: boolean
  readonly reason: string
}

/** One lead that an action moved. */
export interface SyncMoveView {
  /** Grows; the newest is the greatest. */
  readonly id: number
  readonly table: string
  readonly key: string
  readonly recordId: string | null
  /** Null where the journal knows no such action: an edit that was noticed only after it was overwritten. */
  readonly actionId: string | null
  readonly runId: string | null
  readonly direction: 'push' | 'pull'
  readonly verb: 'create' | 'update' | 'delete'
  /** `refused`: the receiving side would not take it. */
  readonly state: 'done' | 'refused'
  readonly atMs: number
  /** Why it was refused. May hold values. */
  readonly note: string | null
  readonly cells: readonly CellMoveView[]
}

export interface ConflictPlaceView {
  readonly foundMs: number
  readonly id: string
}

export interface ConflictView {
  readonly id: string
  readonly table: string
  readonly key: string
  /** Null where the record as a whole is meant. */
  readonly field: string | null
  readonly kind: 'values' | 'deleted-local' | 'deleted-remote'
  readonly local: JsonValue
  readonly remote: JsonValue
  /** What both sides last agreed on; null where they never did. */
  readonly base: JsonValue
  readonly localChangedMs: number | null
  readonly remoteChangedMs: number | null
  readonly foundMs: number
  readonly state: 'open' | 'resolved' | 'gone'
  /** `local`, `airtable`, `apart`; null while nobody chose. */
  readonly choice: string | null
  readonly resolvedBy: string | null
  readonly resolvedMs: number | null
  readonly recordId: string | null
  readonly url: string | null
}

export type ConflictChoice =
  | { readonly is: 'take'; readonly take: 'local' | 'airtable' | 'apart' }
  | { readonly is: 'value'; readonly value: JsonValue }

export type ResolveOutcome =
  | {
      readonly is: 'resolved'
      readonly conflict: ConflictView
      /** The write that `undo` takes back, where a value was given that differed. */
      readonly actionId: string | null
    }
  /** The values changed since, or somebody has chosen; `conflict` is how it stands. */
  | { readonly is: 'stale'; readonly conflict: ConflictView; readonly message: string }
  | { readonly is: 'not-found'; readonly message: string }
  /** The value cannot be written; nothing was chosen. */
  | {
      readonly is: 'invalid'
      readonly problems: readonly { readonly path: readonly string[]; readonly message: string }[]
    }
  | { readonly is: 'waiting'; readonly actionId: string; readonly reasons: readonly string[] }
  | { readonly is: 'failed'; readonly actionId: string; readonly message: string }

/** What a push or pull that was asked for has come to. */
export interface SyncRunView {
  readonly id: string
  readonly table: string
  readonly what: 'push' | 'pull' | 'full'
  readonly askedMs: number
  readonly state: 'running' | 'done' | 'failed'
  /** What is under way; null between steps. */
  readonly progress: { readonly verb: string; readonly done: number; readonly total: number } | null
  /** What was carried out since. */
  readonly actions: readonly {
    readonly id: string
    readonly verb: string
    readonly summary: string
    readonly state: string
    readonly changed: number
    readonly skipped: number
  }[]
  /** Repairs of the table that wait for a person, and values that somebody has to choose between. */
  readonly waiting: number
  readonly openConflicts: number
  /** What no repair mends, in words. */
  readonly byHand: readonly string[]
  /** Why it failed; null where it did not. */
  readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null
}

export interface SyncPort {
  /** Tables with a mirror, in the order of the file. */
  tables(): readonly string[]
  report(table: string): Awaitable<SyncReportView>
  /** By key, in a constant number of readings; leads that the sync has not met are left out. */
  leads(table: string, keys: readonly string[]): Promise<ReadonlyMap<string, LeadSyncView>>
  /** Newest first. */
  history(request: {
    readonly table: string | undefined
    readonly key: string | undefined
    readonly before: number | undefined
    readonly limit: number
  }): Awaitable<readonly SyncMoveView[]>
  /** Newest first. */
  conflicts(request: {
    readonly table: string | undefined
    readonly state: ConflictView['state'] | undefined
    readonly after: ConflictPlaceView | undefined
    readonly limit: number
  }): Awaitable<readonly ConflictView[]>
  conflict(id: string): Awaitable<ConflictView | undefined>
  resolve(request: {
    readonly id: string
    readonly choice: ConflictChoice
    readonly actor: string
    readonly comment: string | undefined
  }): Promise<ResolveOutcome>
  /** Has the table pushed or pulled soon; undefined where no such table is mirrored. */
  ask(request: {
    readonly table: string
    readonly what: SyncRunView['what']
    readonly actor: string
  }): Promise<SyncRunView | undefined>
  /** What was asked for with that id since the controller started; undefined where nothing was. */
  run(id: string): Awaitable<SyncRunView | undefined>
}
