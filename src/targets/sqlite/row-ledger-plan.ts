/** What a row ledger keeps of the rows of a table: see row-ledger.ts. */
import type { Cell } from '../../values/field-type.ts'

/** How rows of one group hang together. */
export type GroupRule =
  /** They should have one value; those that have another than most are off, all where no value has most. */
  | { readonly is: 'consistent' }
  /** More rows of one group than `max` are off, all of them. */
  | { readonly is: 'repeated'; readonly max: number }
  /** A group with more different values than `max` is off, all of it. */
  | { readonly is: 'alike'; readonly max: number }

/** Where a row stands under a group rule, as hashes of 53 bits. */
export interface GroupPlace {
  readonly group: number
  readonly value: number
}

/** What is kept of a row. */
export interface RowVerdict {
  /** What is counted of it: each once, without a line feed. */
  readonly marks: readonly string[]
  /** One for each group rule; undefined where the row belongs to no group. */
  readonly places: readonly (GroupPlace | undefined)[]
}

/** What is kept of the rows of a table. */
export interface LedgerPlan {
  readonly table: string
  /** A name of the rowid that no column hides. */
  readonly rowId: string
  /** SQL expressions over a row, whose values `judge` is given in this order. */
  readonly columns: readonly string[]
  readonly rules: readonly GroupRule[]
  readonly judge: (cells: readonly Cell[]) => RowVerdict
  /** Differs whenever `judge` would say something else of the same cells. */
  readonly version: string
  /** Which file the table is in, as {@link readStand} of the source cannot tell. */
  readonly identity: string
}
