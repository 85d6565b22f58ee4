/** What the lead repository needs from the outside. The composition root gives it. */
import type { Database } from 'better-sqlite3'
import type { CellPreview } from '../engine/action.ts'
import type { ErasureOutcome } from '../targets/erasure/suppressions.ts'
import type { Change, ChangeTarget } from '../targets/sqlite/ports.ts'
import type { Cell } from '../values/field-type.ts'

/** A row as SQL gives it. */
export type CellRow = Readonly<Record<string, Cell>>

/** The reading side of one database file. */
export interface LeadReads {
  /**
   * A reading connection that stays open between calls. Another object is given once the file was replaced. Throws the
   * DATABASE_* errors.
   */
  acquire(): Promise<Database>
  /**
   * Runs one reading statement beside the main thread, for scans of large tables (`runReadEntry` is its entry). Without
   * it everything runs on the connection of `acquire`. Throws QUERY_TOO_LONG after `limitMs`.
   */
  readonly offload?: (sql: string, parameters: readonly Cell[], limitMs: number) => Promise<readonly CellRow[]>
  /** Where the connection of `acquire` reads, for threads that open their own, and which file that is. */
  readonly place?: () => Promise<{ readonly path: string; readonly identity: string }>
}

/** One change that a person or program asks for: carried out as a journaled, undoable action with cause `request`. */
export interface LeadChangeRequest {
  /** The name of the entry in `tables`. */
  readonly table: string
  readonly verb: 'create-lead' | 'update-lead' | 'delete-lead' | 'merge-leads' | 'not-duplicate' | 'waive-check'
  /** Key of the record. */
  readonly key: string
  /** How many records it concerns; one where it is left out. */
  readonly affected?: number
  /** Who asks, for the journal. */
  readonly actor: string
  readonly reason: string
  /** One sentence for a person. Holds field names, no values. */
  readonly summary: string
  /** Of the table's own database where no path is given. */
  readonly target: Omit<ChangeTarget, 'path'> & Partial<Pick<ChangeTarget, 'path'>>
  /** Exact, with before-images: the writer makes them only where the before-images still hold. */
  readonly changes: readonly Change[]
  readonly preview: readonly CellPreview[]
}

/** What became of a request. */
export type LeadWriteOutcome =
  | { readonly is: 'applied'; readonly actionId: string }
  /** A before-image no longer held; nothing was changed. */
  | { readonly is: 'changed-since'; readonly actionId: string }
  /** A gate holds the action (suspended, observe mode, a window); `reasons` say why, for people. */
  | { readonly is: 'waiting'; readonly actionId: string; readonly reasons: readonly string[] }
  /** The database refused it, for example for a unique index that another record filled meanwhile. */
  | { readonly is: 'failed'; readonly actionId: string; readonly reason: string }

/** The writing side, backed by the executor. */
export interface LeadWriter {
  submit(request: LeadChangeRequest): Promise<LeadWriteOutcome>
}

/** The erasure of the person of one record. */
export interface EraseRequest {
  readonly table: string
  readonly key: string
  readonly actor: string
  readonly reason: string
  /** Only tells what would be erased. */
  readonly dryRun: boolean
}

/** Records of one person in one table, and how many records of others refer to them. */
export interface PersonRecords {
  /** The name of the entry in `tables`. */
  readonly table: string
  readonly keys: readonly string[]
  readonly referring: readonly { readonly table: string; readonly count: number }[]
}

export type EraseOutcome =
  | { readonly is: 'would-erase'; readonly records: readonly PersonRecords[] }
  | { readonly is: 'erased'; readonly actionId: string; readonly outcome: ErasureOutcome }
  | { readonly is: 'not-found' }
  /** The reason holds an address or the name of the person, and would keep it for ever. */
  | { readonly is: 'reason-names-person' }
  | { readonly is: 'waiting'; readonly actionId: string; readonly reasons: readonly string[] }
  | { readonly is: 'failed'; readonly actionId: string; readonly reason: string }

/** What erases people, across all tables. */
export interface LeadEraser {
  erase(request: EraseRequest): Promise<EraseOutcome>
}

/** What changed in a table, from its change table. */
export interface ChangeFeed {
  /** The cursor of this moment: everything committed later comes after it. */
  position(): Promise<number>
  /**
   * Row ids touched after the cursor (inserted, updated or deleted; each once), at most `limit`, and the cursor to go on
   * from. `all` when that cannot be told (no change table, entries pruned): the caller then starts afresh from `cursor`.
   */
  since(
    cursor: number,
    limit: number,
  ): Promise<
    | { readonly is: 'rows'; readonly rowIds: readonly number[]; readonly cursor: number }
    | { readonly is: 'all'; readonly cursor: number }
  >
}
