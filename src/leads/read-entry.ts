/** Entry of a worker thread: runs one reading statement on its own read-only connection and gives the rows back. */
import Database from 'better-sqlite3'
import { z } from 'zod'
import { serve } from '../targets/process/serve.ts'
import type { Cell } from '../values/field-type.ts'

const inputSchema = z.strictObject({
  path: z.string(),
  sql: z.string(),
  parameters: z.array(z.union([z.null(), z.number(), z.bigint(), z.string(), z.instanceof(Uint8Array)])),
})

serve((input) => {
  const { path, sql, parameters } = inputSchema.parse(input)
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 2000 })
  try {
    return db.prepare<Cell[]>(sql).all(...parameters)
  } finally {
    db.close()
  }
})
