/** What goes to the worker thread of an import and what comes back, parsed on both sides. */
import { z } from 'zod'
import { importReportSchema } from './report.ts'
import { importResourceSchema } from './spec.ts'
import { importStateSchema } from './state.ts'

export const threadInputSchema = z.strictObject({
  spec: importResourceSchema,
  /** Where the source database can be opened; null for files. */
  sourcePath: z.string().nullable(),
  /** Where the database that is imported into can be opened; null while there is none. */
  targetPath: z.string().nullable(),
  nowMs: z.number(),
  /** Whom nothing may bring back; null where nobody was erased. */
  erased: z.strictObject({ key: z.string(), marks: z.array(z.string()).readonly() }).nullable(),
  /** Whose leads are marked as not to be contacted; null where nobody is on that list. */
  listed: z.strictObject({ key: z.string(), marks: z.array(z.string()).readonly() }).nullable(),
  /** Signature of the look whose state is remembered: an equal one needs no new look. */
  known: z.string().nullable(),
  /** For an account of every row: how many rows of each outcome it lists. Null where only a look is wanted. */
  report: z.strictObject({ listedMax: z.int() }).nullable(),
  /** How the leads that rows may mean are opened; null while nothing was prepared. Its order is null where none are known. */
  knownLeads: z.strictObject({ order: z.unknown() }).nullable(),
  /** For a checkpoint: whose change sets are written where, unless the evidence differs. */
  write: z.strictObject({ actionId: z.string(), precondition: z.string(), checkpointsPath: z.string() }).nullable(),
})

export const threadOutputSchema = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('unchanged') }),
  /** A row has to be compared with the leads that are there, and nothing was prepared for that. */
  z.strictObject({ is: z.literal('needs-known-leads') }),
  z.strictObject({
    is: z.literal('looked'),
    state: importStateSchema,
    /** Null where a change that is being made could leave it as it is. */
    signature: z.string().nullable(),
  }),
  z.strictObject({ is: z.literal('reported'), report: importReportSchema }),
])

export type ThreadInput = z.output<typeof threadInputSchema>
export type ThreadOutput = z.output<typeof threadOutputSchema>
