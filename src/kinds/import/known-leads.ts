/**
 * The leads that a row means although nothing exact says so. Another kind finds them, where the table declares how its
 * duplicates are told and what is done with a new one; without such a declaration nothing of this is asked.
 */
import type { Database } from 'better-sqlite3'
import type { EffectContext } from '../../engine/kind.ts'
import type { JsonValue } from '../../json.ts'
import type { Cell } from '../../values/field-type.ts'

/** A lead that a row means, sure enough to be merged unasked. */
export interface KnownLead {
  readonly rowId: number
  readonly key: string
  /** Why, without a value of the row. */
  readonly why: string
}

/** Asked row by row, in the thread. */
export interface KnownLeads {
  find(cellOf: (field: string) => Cell | undefined): KnownLead | undefined
  close(): void
}

/** Opens them in the thread by what {@link KnownLeadsPort} told; undefined where nothing is known of the table. */
export type OpenKnownLeads = (order: unknown, db: Database) => KnownLeads | undefined

/** Asked before a thread needs them. */
export interface KnownLeadsPort {
  /** Has what is known of a declared table brought up to date, and says how it is opened; null where it declares none. */
  prepare(table: string, context: EffectContext): Promise<JsonValue>
}

/** Thrown at the first row that has to be compared before anything was prepared for it. No error of the world. */
export class KnownLeadsNeeded extends Error {}
