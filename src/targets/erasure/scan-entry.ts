/** Worker thread: looks through a whole table for the records of people. */
import { z } from 'zod'
import { serve } from '../process/serve.ts'
import { openReading } from '../sqlite/connection.ts'
import { findRows, wantedSchema } from './find-rows.ts'
import { personPlaceSchema } from './person-layout.ts'

const orderSchema = z.strictObject({
  /** Where the file, or a copy of it, may be opened. */
  at: z.string(),
  place: personPlaceSchema,
  wanted: wantedSchema,
})
export type ScanOrder = z.output<typeof orderSchema>

serve((given, { signal, progress }) => {
  const { at, place, wanted } = orderSchema.parse(given)
  const db = openReading(at)
  try {
    return findRows(db, place, wanted, { signal, progress })
  } finally {
    db.close()
  }
})
