/** A restore of a mirrored table of Airtable that somebody asked for. */
import { z } from 'zod'
import { plainDeclarationSchema } from '../../../targets/airtable/declaration.ts'
import { askedSince, readAsks } from '../asks.ts'
import type { Comparison } from '../restore-state.ts'

export const airtableAskSchema = z.strictObject({
  is: z.literal('airtable'),
  id: z.string(),
  setId: z.string(),
  /** The entry of `backups`. */
  backup: z.string(),
  /** The entry of `tables`. */
  table: z.string(),
  declaration: plainDeclarationSchema,
  /** The table as the set names it, and its fields. */
  tableId: z.string(),
  tableName: z.string(),
  fields: z.array(z.strictObject({ id: z.string(), name: z.string(), type: z.string() })),
  /** The field that holds our key. */
  keyFieldId: z.string(),
  /** Keys of the only records that are meant; null for all. */
  keys: z.array(z.string()).nullable(),
  /** Whether records that the set does not have go. */
  removeOthers: z.boolean(),
  by: z.string(),
  atMs: z.number(),
  /** Records of erased people that were taken out. */
  withheld: z.int(),
})
export type AirtableAsk = Readonly<z.output<typeof airtableAskSchema>>

export interface AirtableRestoreState {
  readonly ask: AirtableAsk
  /** Empty while it cannot be compared. */
  readonly evidence: string
  readonly comparison: AirtableComparison | undefined
  /** Why it cannot be compared. */
  readonly problem: string | undefined
}

export interface AirtableComparison extends Comparison {
  /** Records that the set does not have, which stay. */
  readonly left: number
  /** Choices of select fields that are gone, and are made again. */
  readonly madeChoices: number
}

/** What was asked of a backup and has not lapsed, oldest first. */
export function airtableAsksOf(ownFolder: string, backup: string, nowMs: number): readonly AirtableAsk[] {
  return askedSince(readAsks(ownFolder, airtableAskSchema), backup, nowMs)
}
