/** What a salvage gave: for each table how many rows came from where, and what is gone. It is what a person decides by. */
import { z } from 'zod'

const tableReportSchema = z.strictObject({
  name: z.string(),
  /** Rows of the result. */
  rows: z.int(),
  /** Rows that were read from the damaged file. */
  salvaged: z.int(),
  /** Of these, rows around which something does not fit and that no backup confirms. */
  doubtful: z.int(),
  /** Rows that only the backup has, and that came back. */
  fromBackup: z.int(),
  /** Rows that only the mirror of the table in Airtable has, and that came back; their keys, 20 at most, none with an address. */
  fromAirtable: z.int(),
  airtableKeys: z.array(z.string()),
  /** Records of the mirror that were not taken: people who were erased, rows that the sync saw deleted. */
  leftInAirtable: z.strictObject({ erased: z.int(), deleted: z.int() }),
  /** Rows that both have with different values: how many were taken as the file has them, and as the backup does. */
  keptAsInFile: z.int(),
  keptAsInBackup: z.int(),
  /** Rows that only the backup has, of a table that could be read whole: they were deleted since, and stay so. */
  deletedSince: z.int(),
  /** Rows of the damaged file that the unwritten file cannot have held; they are only in the quarantine. */
  strange: z.int(),
  /** Rows that the table does not take (its constraints), each with the reason; 20 at most. */
  refused: z.int(),
  /** Whether every page of it could be read. */
  isWhole: z.boolean(),
  /** What could not be read, in words; 20 at most. */
  lost: z.array(z.string()),
  lostParts: z.int(),
  /** Keys of rows on which file and backup differ; 20 at most, none that holds an address. */
  sample: z.array(z.string()),
  problems: z.array(z.string()),
})
export type TableReport = z.output<typeof tableReportSchema>

export const salvageReportSchema = z.strictObject({
  pageSize: z.int(),
  pages: z.int(),
  hasHeader: z.boolean(),
  /** Of the -wal: `none` there, `empty` of whole commits, `used`, or left out because the file contradicts it. */
  wal: z.enum(['none', 'empty', 'used', 'contradicts']),
  /** The set that it was combined with. */
  set: z.strictObject({ id: z.string(), createdAtMs: z.number(), unwrittenSince: z.boolean() }).nullable(),
  /** Why no set was combined with it. */
  withoutSet: z.string().nullable(),
  /** Tables of which parts are lost and that got nothing from Airtable, each with the reason: known to who asked for the salvage. */
  withoutAirtable: z.array(z.string()),
  tables: z.array(tableReportSchema),
  /** What of the schema could not be made again, or came from the backup. */
  schema: z.array(z.string()),
  /** Pages with rows that could be of several tables, or of none: they are only in the quarantine. */
  strays: z.array(z.strictObject({ page: z.int(), rows: z.int(), tables: z.array(z.string()) })),
  foreignKeyViolations: z.int(),
  /** What `integrity_check` says of the result; empty when it is sound. */
  problems: z.array(z.string()),
})
export type SalvageReport = Readonly<z.output<typeof salvageReportSchema>>
