/** Worker thread: looks through a whole table for marks and people that are not to be contacted. */
import { z } from 'zod'
import { serve } from '../process/serve.ts'
import { openReading } from '../sqlite/connection.ts'
import { contactMarksSchema, findContactRows } from './contact-rows.ts'
import { personPlaceSchema } from './person-layout.ts'

const orderSchema = z.strictObject({
  /** Where the file, or a copy of it, may be opened. */
  at: z.string(),
  place: personPlaceSchema,
  columns: z.array(z.string()),
  marks: contactMarksSchema,
})

serve((given, { signal }) => {
  const { at, ...search } = orderSchema.parse(given)
  const db = openReading(at)
  try {
    return findContactRows(db, search, { signal })
  } finally {
    db.close()
  }
})
