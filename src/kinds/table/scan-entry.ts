/** Worker thread that answers questions about the rows of a large table. */
import { z } from 'zod'
import { serve } from '../../targets/process/serve.ts'
import { openReading } from '../../targets/sqlite/connection.ts'
import { scanRequestSchema, scanTable } from './scan.ts'

const inputSchema = z.strictObject({ path: z.string(), request: scanRequestSchema })

serve((input) => {
  const { path, request } = inputSchema.parse(input)
  const db = openReading(path)
  try {
    return scanTable(db, request)
  } finally {
    db.close()
  }
})
