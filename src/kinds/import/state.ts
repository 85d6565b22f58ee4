/** What a look at an import finds: the counts of what is missing, the mapping with its reasons, and what cannot be used. */
import { z } from 'zod'
import { outcomes } from './import-log.ts'

const jsonSchema = z.json()
const problemSchema = z.strictObject({
  file: z.string(),
  row: z.number().nullable(),
  line: z.number().nullable(),
  field: z.string().nullable(),
  message: z.string(),
})
const listedProblemsSchema = z.strictObject({ count: z.int(), first: z.array(problemSchema) })

/** Parsed where it comes out of a worker thread or out of memory. */
export const importStateSchema = z.strictObject({
  /** Rows of the source, those included that cannot be read. */
  rows: z.int(),
  /** Rows that the log says were dealt with, and that have not changed since. */
  settled: z.int(),
  /** Rows that hold exactly what an earlier row of the same source holds. */
  repeated: z.int(),
  /** What would become of the others. With `settled` and `repeated` they add up to `rows`. */
  outcomes: z.record(z.enum(outcomes), z.int()),
  /** Rows among these that mean a lead which is there although nothing exact says so, by what is done about it. */
  alike: z
    .strictObject({ merged: z.int(), refused: z.int(), flagged: z.int() })
    .default({ merged: 0, refused: 0, flagged: 0 }),
  /** Refused rows that the table refuses, not their own values: another look may end otherwise. */
  refusedByTable: z.int(),
  /** Leads that would be inserted, and existing leads whose blanks would be filled, with up to 20 keys. */
  inserts: z.strictObject({ count: z.int(), sample: z.array(z.string()) }),
  fills: z.strictObject({ leads: z.int(), cells: z.int(), sample: z.array(z.string()) }),
  /** Rows that would only be noted in the migration log. */
  toNote: z.int(),
  preview: z.array(z.strictObject({ key: z.string(), field: z.string(), before: jsonSchema, after: jsonSchema })),
  /** Rows of the table that is imported into. */
  population: z.int(),
  /** What the table lacks before anything can be imported; empty when it is ready. */
  waitingFor: z.array(z.string()),
  mapping: z.strictObject({
    mapped: z.array(z.strictObject({ column: z.string(), field: z.string(), score: z.number(), reason: z.string() })),
    unmapped: z.array(z.strictObject({ column: z.string(), reason: z.string() })),
    problems: z.array(z.string()),
  }),
  /** Whether `raw_data` is declared, so that nothing unmapped is lost. */
  keepsRest: z.boolean(),
  /** The first 100 problems of each sort and how many there are: files, rows that are refused, values. */
  problems: z.strictObject({
    files: listedProblemsSchema,
    rows: listedProblemsSchema,
    values: listedProblemsSchema,
  }),
  /** The latest runs of the migration log, up to 20. */
  runs: z.array(
    z.strictObject({
      actionId: z.string(),
      at: z.string(),
      counts: z.record(z.enum(outcomes), z.int()),
      undoneBy: z.string().nullable(),
    }),
  ),
  /** Digest of every row that is not settled: the evidence of an action. */
  evidence: z.string(),
})

export type ImportState = z.output<typeof importStateSchema>

/** Whether an import has nothing to do, so that a look at an unchanged source would find nothing either. */
export function isDone(state: ImportState): boolean {
  return state.inserts.count === 0 && state.fills.cells === 0 && state.toNote === 0 && state.waitingFor.length === 0
}
