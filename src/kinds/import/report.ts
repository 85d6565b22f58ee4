/**
 * The account of an import: what became of every row of its source, by file, with the places of the rows. The counts of a
 * file always add up to its rows; what is only planned is told apart from what the migration log has noted.
 */
import { z } from 'zod'
import { outcomes } from './import-log.ts'
import { importStateSchema } from './state.ts'

/** What a row comes to in an account: what the migration log knows, and rows that say what an earlier one says. */
export const accountOutcomes = [...outcomes, 'repeated'] as const
export type AccountOutcome = (typeof accountOutcomes)[number]

const accountedRowSchema = z.strictObject({
  file: z.string(),
  row: z.number(),
  line: z.number().nullable(),
  /** The column of the source that the reason is about, where it is about one. */
  field: z.string().nullable(),
  /** The lead that the row became or completed, in the table that is imported into. */
  leadKey: z.string().nullable(),
  /** Holds no value of the row. */
  reason: z.string().nullable(),
  /** Whether the migration log has it; the others would be carried out by the next run. */
  noted: z.boolean(),
  /** Whether its lead is no longer in the table: deleted since, or merged into another. */
  gone: z.boolean(),
})
export type AccountedRow = z.output<typeof accountedRowSchema>

const countsSchema = z.strictObject({
  rows: z.int(),
  inserted: z.int(),
  merged: z.int(),
  unchanged: z.int(),
  repeated: z.int(),
  withheld: z.int(),
  refused: z.int(),
  /** Of these rows, how many the migration log has not noted yet. */
  pending: z.int(),
  /** Of these rows, how many have a lead that is no longer in the table. */
  gone: z.int(),
})
export type AccountCounts = z.output<typeof countsSchema>

const listedSchema = z.strictObject({ count: z.int(), first: z.array(accountedRowSchema) })

/** Parsed where it comes out of a worker thread. */
export const importReportSchema = z.strictObject({
  /** Over all files; the outcomes add up to `rows`. */
  totals: countsSchema,
  /** One entry a file, or the one table. */
  sources: z.array(countsSchema.extend({ file: z.string() })),
  /** The first rows of each outcome, as many as were asked for, and how many there are. */
  rows: z.strictObject({
    inserted: listedSchema,
    merged: listedSchema,
    unchanged: listedSchema,
    repeated: listedSchema,
    withheld: listedSchema,
    refused: listedSchema,
  }),
  state: importStateSchema,
})
export type ImportReport = z.output<typeof importReportSchema>

/** Whether the outcomes of every source add up to its rows. */
export function isAccounted({ totals, sources }: Pick<ImportReport, 'totals' | 'sources'>): boolean {
  return [totals, ...sources].every(
    (counts) => accountOutcomes.reduce((sum, outcome) => sum + counts[outcome], 0) === counts.rows,
  )
}
