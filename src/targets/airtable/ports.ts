/**
 * What the rest of the program may ask of an Airtable base. Implemented in this folder and nowhere else. Fields, tables
 * and records are addressed by id throughout, so that a rename in the app changes nothing here.
 */
import type { JsonValue } from '../../json.ts'

/** How a call is treated by the pace that all processes share. */
export interface CallOptions {
  readonly signal: AbortSignal
  /** Writes go before reads, and reads before polls, when permits are short. Default: `write` for writes, else `read`. */
  readonly priority?: 'write' | 'read' | 'poll'
}

export interface RemoteField {
  readonly id: string
  readonly name: string
  /** A type of Airtable's metadata, such as `singleLineText`; types newer than this program are passed on as they are. */
  readonly type: string
  readonly description?: string | undefined
  /** Choices of a select field, in their order; empty for other types. */
  readonly choices: readonly { readonly id: string; readonly name: string }[]
  /** Digits after the point that number, currency and percent fields keep; undefined for other types. */
  readonly precision?: number | undefined
  /** The options as Airtable gave them. */
  readonly options: Readonly<Record<string, JsonValue>>
}

export interface RemoteTable {
  readonly id: string
  readonly name: string
  readonly primaryFieldId: string
  readonly fields: readonly RemoteField[]
}

export interface BaseSchema {
  readonly tables: readonly RemoteTable[]
}

/** One record; `fields` by field id, empty cells left out, as Airtable gives them. */
export interface RemoteRecord {
  readonly id: string
  /** When it was created, in milliseconds since the epoch; whole seconds. */
  readonly createdMs: number
  readonly fields: Readonly<Record<string, JsonValue>>
}

export interface RecordPage {
  readonly records: readonly RemoteRecord[]
  /** Where the next page begins; undefined after the last. */
  readonly offset: string | undefined
}

export interface ListQuery {
  /** Field ids to give; all where left out. */
  readonly fields?: readonly string[]
  readonly formula?: string
  /** As the page before gave it. */
  readonly offset?: string
  /** 1 to 100; default 100. */
  readonly pageSize?: number
}

/** Cells to write, by field id; null clears. */
export type WrittenCells = Readonly<Record<string, JsonValue>>

export interface Upserted {
  /** In the order of the request. */
  readonly records: readonly RemoteRecord[]
  /** Those that were made by this request; the others existed. */
  readonly createdIds: ReadonlySet<string>
}

export interface FieldDraft {
  readonly name: string
  readonly type: string
  readonly description?: string
  readonly options?: Readonly<Record<string, JsonValue>>
}

export interface RemoteWebhook {
  readonly id: string
  readonly cursorForNextPayload: number
  readonly isHookEnabled: boolean
  /** When it ends unless it is polled, in milliseconds since the epoch; undefined where it does not. */
  readonly expiresMs: number | undefined
}

/** One page of payloads, already cut down to what this program uses. */
export interface PayloadPage {
  readonly payloads: readonly FeedPayload[]
  readonly cursor: number
  readonly mightHaveMore: boolean
}

export type FeedPayload =
  | {
      readonly is: 'changes'
      /** When the action happened, in milliseconds since the epoch. */
      readonly atMs: number
      readonly transaction: number
      readonly records: readonly FeedRecord[]
      /** True when tables or fields were made, changed or removed. */
      readonly schemaChanged: boolean
      readonly destroyedTableIds: readonly string[]
    }
  | { readonly is: 'error'; readonly code: string }

export interface FeedRecord {
  readonly tableId: string
  readonly recordId: string
  readonly what: 'created' | 'changed' | 'destroyed'
  /** When the record was made, for `created`. */
  readonly createdMs?: number | undefined
  /**
   * The cells that the payload tells of, by field id, in the form that record calls use (a choice as its name); null
   * for an emptied one. A cell whose form cannot be turned is left out, named in `untold`, and makes `isWhole` false.
   */
  readonly cells: Readonly<Record<string, JsonValue>>
  /** The cells before, in the same form, where the payload tells of them. */
  readonly previous: Readonly<Record<string, JsonValue>>
  readonly isWhole: boolean
  /** Ids of the changed fields whose cells could not be told (links, look-ups, attachments, people and the like). */
  readonly untold: readonly string[]
}

/** How many calls the month has seen, and where that leads. */
export interface CallUsage {
  /** For example `2026-11`, in UTC. */
  readonly month: string
  readonly calls: number
  /** `airtable.monthlyCalls`; undefined where none is declared. */
  readonly limit: number | undefined
  /** Calls expected by the end of the month at the pace so far; undefined before there is a day to judge by. */
  readonly forecast: number | undefined
  /** Since when the service has refused calls for the month's quota; undefined while it does not. */
  readonly exhaustedSinceMs: number | undefined
}

/**
 * One base, under the pace, deadlines and error classes that this folder keeps. Every method throws AirtableError
 * (airtable-error.ts), an OperationalError with a code AIRTABLE_*, and nothing else but what the signal was aborted with
 * (or ACTION_DEADLINE). Refusals that concern single records are AIRTABLE_RECORD_REFUSED; calls are repeated already as
 * the declaration says, where repeating is harmless; writes are not, see `insisting`. `mayBeDone` of an error says whether it
 * may have taken effect.
 */
export interface AirtableBase {
  readonly baseId: string
  /** Asks for tables and fields; always a call. */
  schema(options: CallOptions): Promise<BaseSchema>
  /** What the owner of the token may do in this base: `none`, `read`, `comment`, `edit`, `create`. */
  permission(options: CallOptions): Promise<string>
  createTable(name: string, fields: readonly FieldDraft[], options: CallOptions): Promise<RemoteTable>
  createField(tableId: string, field: FieldDraft, options: CallOptions): Promise<RemoteField>
  list(tableId: string, query: ListQuery, options: CallOptions): Promise<RecordPage>
  /**
   * Does `work`, which writes records, and does it anew as the declaration says where Airtable could not be reached or was asked
   * too often. A write is never sent again as it is: nothing would be made twice, but what somebody wrote into the same cells in
   * the pause would be taken back. So `work` has to begin with asking the base what became of what it wrote.
   */
  insisting<Result>(work: () => Promise<Result>, options: Pick<CallOptions, 'signal'>): Promise<Result>
  /** Makes or updates at most 10 records by the value of one field. */
  upsert(
    tableId: string,
    request: { readonly mergeOn: string; readonly records: readonly WrittenCells[]; readonly typecast?: boolean },
    options: CallOptions,
  ): Promise<Upserted>
  /** Writes the named cells of at most 10 records; other cells stay. Gives the records as they are now. */
  update(
    tableId: string,
    records: readonly { readonly id: string; readonly fields: WrittenCells }[],
    options: CallOptions & { readonly typecast?: boolean },
  ): Promise<readonly RemoteRecord[]>
  /** Deletes at most 10 records; gives those that are gone now, whoever deleted them. */
  destroy(tableId: string, ids: readonly string[], options: CallOptions): Promise<readonly string[]>
  webhooks(options: CallOptions): Promise<readonly RemoteWebhook[]>
  createWebhook(options: CallOptions): Promise<{ readonly id: string; readonly expiresMs: number | undefined }>
  deleteWebhook(id: string, options: CallOptions): Promise<void>
  payloads(webhookId: string, cursor: number, options: CallOptions): Promise<PayloadPage>
  usage(): CallUsage
}

/** What the change feed found out since the last time. */
export type FeedReading =
  /** All changes up to now are among the pending ones. `calls` is how many requests that took; 0 when it was fresh enough. */
  | { readonly is: 'current'; readonly calls: number }
  /** Changes may have been missed; tables have to be compared whole. They stay marked until {@link ChangeFeed.scanned}. */
  | { readonly is: 'gap'; readonly reason: string; readonly calls: number }
  /** There is no webhook, and why; changes have to be asked for in another way. */
  | { readonly is: 'without'; readonly reason: string }

/** A record that somebody changed in the base, not yet dealt with. */
export interface PendingRecord {
  readonly seq: number
  readonly recordId: string
  readonly what: FeedRecord['what']
  /** When the newest of its changes happened. */
  readonly atMs: number
  readonly createdMs: number | undefined
  /** The newest told value of each cell, merged over all payloads since it was last settled. */
  readonly cells: Readonly<Record<string, JsonValue>>
  /** The first told value before, per cell. */
  readonly previous: Readonly<Record<string, JsonValue>>
  /** Told values that were replaced by later ones before they were settled, per cell in their order. */
  readonly passed: Readonly<Record<string, readonly JsonValue[]>>
  /** False when some cell could not be told: the record has to be read. */
  readonly isWhole: boolean
  /** Which, where `*` stands for any; a record whose untold fields are of no interest need not be read. */
  readonly untold: readonly string[]
}

/**
 * What changed in a base, without asking for all of it: the payloads of one webhook, whose place and findings are kept
 * together, so that a crash loses and repeats nothing.
 */
export interface ChangeFeed {
  /** The webhook in use; undefined where there is none. */
  webhook(): { readonly id: string; readonly lastPollMs: number | undefined } | undefined
  /** Begins to use a webhook. Tables count as not scanned since. */
  adopt(webhook: { readonly id: string }): void
  /** Says that no webhook can be had (no permission, say). */
  doWithout(reason: string): void
  /** Asks for new payloads unless that was done within `maxAgeMs`, and keeps what they say. */
  poll(options: CallOptions & { readonly maxAgeMs: number }): Promise<FeedReading>
  /** What is pending for a table, by `seq`. */
  pending(tableId: string): readonly PendingRecord[]
  /** Drops what was pending for these, unless something newer came since `seq`. */
  settle(tableId: string, settled: readonly { readonly recordId: string; readonly seq: number }[]): void
  /** Whether the table has to be compared whole because something may have been missed. */
  needsScan(tableId: string): string | undefined
  /** The table was read whole, beginning at that moment. */
  scanned(tableId: string, beganMs: number): void
  /** True when tables or fields changed since the schema was last read; then the schema is worth a look. */
  schemaIsStale(): boolean
}

/** A base with what is remembered of it. */
export interface AirtableTarget {
  readonly base: AirtableBase
  readonly feed: ChangeFeed
  /**
   * The schema as it was last read, if that is not older than `maxAgeMs` and nothing said that it changed; else it is read.
   * "Nothing" means: no payload of the feed, no refusal of an unknown field or choice, no write of ours that makes some.
   */
  schema(options: CallOptions & { readonly maxAgeMs: number }): Promise<BaseSchema>
  /** Calls `notify` when another part of the program found that the base changed (a poll, a new schema). */
  watch(notify: () => void): { close(): void }
}

/** Gives the declared base, with its token read anew whenever the declaration or the secret changes. */
export interface AirtableTargets {
  /**
   * The base of this declaration. Throws AIRTABLE_TOKEN_MISSING where its token is not to be had.
   */
  of(declaration: AirtableDeclaration): AirtableTarget
  close(): Promise<void>
}

export interface AirtableDeclaration {
  readonly base: string
  readonly token: { readonly env: string } | { readonly file: string }
  /** `sandbox`, a web address, or undefined for Airtable itself. */
  readonly endpoint: string | undefined
  readonly requestsPerSecond: number
  readonly monthlyCalls: number | undefined
  readonly retry: { readonly attempts: number; readonly delayMs: number }
}
