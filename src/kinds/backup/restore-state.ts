/** Restores in place that people asked for: what was asked, and what it would change by the last look. */
import { z } from 'zod'

export const askSchema = z.strictObject({
  id: z.string(),
  setId: z.string(),
  /** The entry of `backups`. */
  backup: z.string(),
  /** The entry of `databases`, and its file. */
  database: z.string(),
  path: z.string(),
  /** Tables of SQLite; null for all that can be compared. */
  tables: z.array(z.string()).nullable(),
  /** Keys of the only records that are meant; null for all. */
  keys: z.array(z.string()).nullable(),
  by: z.string(),
  atMs: z.number(),
  /** What the whole restored copy holds; null in an ask of an earlier version. */
  whole: z
    .strictObject({
      tables: z.array(z.strictObject({ name: z.string(), rows: z.int() })),
      /** Records of erased people that were taken out. */
      withheld: z.int(),
    })
    .nullable()
    .default(null),
})
export type RestoreAsk = Readonly<z.output<typeof askSchema>>

const countsSchema = z.strictObject({ added: z.int(), changed: z.int(), removed: z.int() })

const cellSchema = z.union([z.string(), z.number(), z.null()])

/** What a comparison of a restored copy with the database as it is now finds. */
export const comparisonSchema = z.strictObject({
  evidence: z.string(),
  counts: countsSchema,
  /** Records that are there now, in the tables that are compared. */
  population: z.int(),
  tables: z.array(countsSchema.extend({ table: z.string() })),
  passedOver: z.array(z.strictObject({ table: z.string(), reason: z.string() })),
  /** Records of the set that are of erased people, which stay away. */
  withheld: z.int(),
  sample: z.array(z.string()),
  preview: z.array(z.strictObject({ key: z.string(), field: z.string(), before: cellSchema, after: cellSchema })),
})
export type Comparison = Readonly<z.output<typeof comparisonSchema>>

export interface RestoreState {
  readonly ask: RestoreAsk
  /** Empty while it cannot be compared. */
  readonly evidence: string
  readonly comparison: Comparison | undefined
  /** There is no file of the database: all of the set comes back as a file. */
  readonly isGone: boolean
  /** Services that are stopped meanwhile. */
  readonly services: readonly string[]
  /** Why it cannot be compared. */
  readonly problem: string | undefined
}
