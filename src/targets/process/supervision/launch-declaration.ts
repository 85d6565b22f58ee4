/** What a declared program is started with, as it is kept: secrets as references, which are read when it starts. */
import { z } from 'zod'

const secretReferenceSchema = z.union([z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })])

export const launchSchema = z.strictObject({
  command: z.array(z.string()),
  /** Absolute. */
  directory: z.string(),
  environment: z.record(z.string(), z.union([z.string(), secretReferenceSchema])),
  /** Most open files of each process; null: as the system has it. */
  descriptors: z.int().nullable(),
})
/** Another launch of a running program means a restart. */
export type Launch = z.output<typeof launchSchema>
