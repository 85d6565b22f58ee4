/** What the rest of the program may ask of SQLite. Implemented in this folder and nowhere else. */
import type { Database } from 'better-sqlite3'
import type { JsonValue } from '../../json.ts'
import type { Cell } from '../../values/field-type.ts'

/** A read-only view of a database file. `close` gives back what it holds; it must be called. */
export interface ReadView {
  readonly db: Database
  close(): void
}

/** A path that may be opened read-only until it is released, which must be done. */
export interface Place {
  readonly path: string
  release(): void
}

/** How long a write may wait for other programs, and what ends the wait. */
export interface WriteOptions {
  /** Longest wait for the lock, in milliseconds; default 5000. The event loop is free meanwhile. */
  readonly waitMs?: number
  readonly signal?: AbortSignal
}

/**
 * The SQLite files of a workspace. All paths are absolute. Errors are OperationalErrors with the codes DATABASE_*,
 * DISK_FULL; nothing else leaves this port. What is known to be damaged can be read as far as that goes, and is not
 * written: DATABASE_DAMAGED.
 */
export interface Databases {
  /**
   * Opens a file for reading so that nothing on the disk changes by it: no -wal or -shm appears, no recovery runs. Where
   * SQLite alone would write (a WAL database that nobody has open), a copy made by a child process is opened instead.
   */
  read(path: string): Promise<ReadView>
  /**
   * As `read`, for a worker thread or child process that opens the connection itself (with `openReading`): where the file,
   * or a copy of it, can be opened until it is released.
   */
  locate(path: string): Promise<Place>
  /**
   * Runs `work` in one IMMEDIATE transaction on the workspace's own connection. While another program holds the lock it is
   * retried without blocking the event loop; `work` may therefore run more than once and is given a fresh transaction each
   * time. Nothing of a failed try remains.
   */
  write<Result>(path: string, work: (db: Database) => Result, options?: WriteOptions): Promise<Result>
  /** As `write`, but outside a transaction, for what SQLite allows only there (`PRAGMA journal_mode`, `VACUUM`, 12-step rebuilds). */
  exclusive<Result>(path: string, work: (db: Database) => Result, options?: WriteOptions): Promise<Result>
  /** Closes this process's own connection to a file, so that it can be replaced; a later write opens it anew. */
  leave(path: string): Promise<void>
  /** Calls `notify` within 200 ms after another connection, program or this one committed to the file. */
  watch(path: string, notify: () => void): { close(): void }
  /** Closes every connection, with a checkpoint where nobody else has the file open. */
  closeAll(): void
}

/** Another table of the same file than the one of the set. */
export interface ChangeOf {
  readonly table: string
  readonly keyColumn: string
}

/** What a change may say besides what it does. */
interface ChangePlace {
  /** Where the change belongs to another table of the file than its set does. */
  readonly of?: ChangeOf
  /**
   * Changes in a row with one number are made together: where one of them cannot be made, because its record changed since
   * or SQLite refuses it, none is. They are written in one transaction.
   */
  readonly unit?: number
}

/** One change of one record. Records are addressed by rowid and key together, so that a VACUUM between is noticed. */
export type Change = ChangePlace & RecordPart

type RecordPart =
  | {
      readonly is: 'cell'
      readonly rowId: number
      /** Value of the key column; null where the row has none yet. */
      readonly key: Cell
      readonly column: string
      readonly before: Cell
      readonly after: Cell
      /**
       * Set for a cell that only follows its record's other changes, such as the stamp of its last update. It is written
       * together with them, which no trigger then stamps anew, and taken back together with them while it still is what
       * the action wrote; where it is not, it stays as it is. Never the cause of a skip or a conflict, and no part of counts,
       * pages and fingerprints: evidence does not depend on the moment. Comes after a cell of its record that is not such.
       */
      readonly follows?: true
    }
  /** `rowId` 0: SQLite chooses one. */
  | { readonly is: 'insert'; readonly rowId: number; readonly key: Cell; readonly row: Readonly<Record<string, Cell>> }
  | { readonly is: 'delete'; readonly rowId: number; readonly key: Cell; readonly row: Readonly<Record<string, Cell>> }

/** Where the changes of a set belong. */
export interface ChangeTarget {
  readonly path: string
  readonly table: string
  readonly keyColumn: string
}

/** Running fingerprint of changes in the order they are added (rowid order): equal sequences give equal digests. */
export interface ChangeFingerprint {
  /** Cells that only follow are passed over. */
  add(change: Change): void
  readonly count: number
  /** SHA-256, lower-case hexadecimal. */
  digest(): string
}

export interface ChangeSetOutcome {
  readonly changed: number
  readonly skippedCount: number
  readonly skipped: readonly string[]
  readonly failed: readonly { readonly key: string; readonly reason: string }[]
}

/**
 * The exact changes of actions, kept durably before they are made: they are the resolved action, its checkpoint and its
 * undo at once. One set per action id, in `.trueup/checkpoints.db`.
 */
export interface ChangeSets {
  /** Starts the set of an action, dropping an unfinished earlier try. A finished set is never dropped by this. */
  begin(actionId: string, target: ChangeTarget): ChangeSetWriter
  /** Count and fingerprint of a finished set. */
  summary(
    actionId: string,
  ): { readonly count: number; readonly fingerprint: string; readonly target: ChangeTarget } | undefined
  /** The changes of a finished set in order, `limit` from position `from`, without cells that only follow. */
  page(actionId: string, from: number, limit: number): readonly Change[]
  /**
   * Makes the changes in transactions of at most 500 records, each guarded by its before-image (a record that changed
   * since is skipped and counted) and each committed together with a marker, so that a repeated call continues where a
   * crash cut it off. Outside writers wait for no more than one such transaction.
   */
  apply(actionId: string, databases: Databases, options: ApplyOptions): Promise<ChangeSetOutcome>
  /** What of the set stands in the database by its markers. */
  probe(actionId: string, databases: Databases): Promise<'applied' | 'partly' | 'not-applied'>
  /**
   * Writes the set that takes `actionId` back under the new id `undoId`, without those records that were changed since,
   * which are given as conflicts (keys, 20 at most, and their number), unless `choice` says to take them back all the same.
   * Without an `undoId` nothing is written. A set that an earlier call wrote under it is replaced unless it was applied,
   * were it in part.
   */
  reverse(actionId: string, undoId: string | undefined, databases: Databases, choice?: RowChoice): Promise<ReversedSet>
  /** Drops a set whose action was not dispatched, so that it can be resolved anew. */
  discard(actionId: string): void
  /**
   * Replaces changes in all sets, finished or not, without a trace of what they held, and gives how many. The replacement of
   * a change takes its place; `erasedChange` makes one that applies to nothing and that an undo names as left alone.
   */
  redact(replace: (setOf: SetOf, change: Change) => Change | undefined): Promise<number>
  /**
   * What finished sets hold about one record, newest first, cells that only follow included. Whether a set was applied, and to
   * this record, they do not say. Reads at most so much; `isComplete` is false where older ones were left out.
   */
  trail(record: { readonly path: string; readonly table: string; readonly key: string }): Promise<RecordTrail>
  /**
   * Drops the sets that were finished before the moment, then the oldest ones until what is kept takes no more than
   * `bytesMax`; their actions can no longer be undone. Never the newest one, and never one of the actions in `needed`.
   */
  expire(bounds: ExpiryBounds): Expired
  /** Bytes that the kept sets take. */
  bytes(): number
  close(): void
}

/** Which records of an action are taken back, and what becomes of those that were changed since. */
export interface RowChoice {
  /** Keys of the records, with those that were changed together with them; null: all. */
  readonly keys: readonly string[] | null
  /** What becomes of a record that was changed since and is in neither list below. */
  readonly onConflict: 'skip' | 'force'
  /** Keys of records that keep what they hold now. */
  readonly keep: readonly string[]
  /** Keys of records that are taken back over what was changed since. */
  readonly take: readonly string[]
}

/** A record that is not any more what the action made of it. */
export interface RowConflict {
  readonly table: string
  readonly key: string
  /** `changed`: it holds something else; `gone`: it is not there any more; `back`: what was deleted is there again, otherwise. */
  readonly is: 'changed' | 'gone' | 'back'
  /** What differs: before the action, as the action made it, and now. */
  readonly cells: readonly {
    readonly field: string
    readonly before: JsonValue
    readonly made: JsonValue
    readonly now: JsonValue
  }[]
  /** What becomes of it: it keeps what it holds, or is taken back all the same. A record that is gone is always kept. */
  readonly outcome: 'kept' | 'taken'
  /** Whether that was said of this very record. */
  readonly isChosen: boolean
  /**
   * Later actions that are known to have written it, oldest first; the last one wrote what it holds now. Empty where another
   * program did, or where that is not known.
   */
  readonly by: readonly string[]
  /** Whether these lead from what the action made to what is there now without a gap. */
  readonly isUnbroken: boolean
}

/** What taking back an action comes to, record by record. */
export interface ReversedRows {
  /** 200 at most. */
  readonly conflicts: readonly RowConflict[]
  readonly conflictCount: number
  /** Keys that the choice names, in whichever list, and that the action did not touch. */
  readonly unknownKeys: readonly string[]
  /** Records that the choice leaves out and that could still be taken back. */
  readonly left: number
  /** Records that the choice names, whatever became of them. */
  readonly matched: number
}

export interface ReversedSet {
  readonly count: number
  readonly fingerprint: string
  /** Keys of records that were changed since and stay as they are; 20 at most. */
  readonly conflicts: readonly string[]
  /** How many stay. */
  readonly conflictCount: number
  readonly rows: ReversedRows
}

/** What a pruning keeps. */
export interface ExpiryBounds {
  readonly beforeMs: number
  readonly bytesMax: number
  /** Actions that have not ended, and what they undo. */
  readonly needed: ReadonlySet<string>
}

export interface Expired {
  /** Sets that were older than is kept. */
  readonly old: number
  /** Sets that went because of the size, and the moment at which the newest of them was finished. */
  readonly large: number
  readonly largeBeforeMs: number | undefined
}

/** The changes of one record in one set. */
export interface TrailStep {
  readonly actionId: string
  /** When the set was finished, which is just before it is applied. */
  readonly atMs: number
  readonly changes: readonly Change[]
}

export interface RecordTrail {
  readonly steps: readonly TrailStep[]
  readonly isComplete: boolean
}

/** Whose set it is. */
export interface SetOf {
  readonly actionId: string
  readonly target: ChangeTarget
}

export interface ChangeSetWriter {
  add(change: Change): void
  /** Makes the set durable; its fingerprint is the evidence. */
  finish(): { readonly count: number; readonly fingerprint: string }
  /** Drops what was added. */
  abandon(): void
}

export interface ApplyOptions {
  readonly signal: AbortSignal
  readonly progress: (done: number, total: number) => void
}
