/**
 * Child process or thread: checks a copy of a database, and counts and hashes its tables as the manifest of a set does, so that
 * both can be compared.
 */
import { z } from 'zod'
import { serve } from '../process/serve.ts'
import { checkCopy, contentOf } from './content.ts'
import { type TableFacts, tableSchema } from './manifest.ts'

const orderSchema = z.strictObject({
  path: z.string(),
  /** What it is called where it is found to be broken. */
  name: z.string(),
  check: z.enum(['none', 'quick', 'full']),
  /** Null: only the check. */
  rows: z
    .strictObject({
      /** What the rows are to be compared with; null where they are hashed for the first time. */
      known: z.array(tableSchema).nullable(),
    })
    .nullable(),
})
export type ContentOrder = z.output<typeof orderSchema>

serve((input): TableFacts[] => {
  const { path, name, check, rows } = orderSchema.parse(input)
  if (check !== 'none') checkCopy(path, name, check)
  return rows === null ? [] : contentOf(path, rows.known ?? undefined)
})
