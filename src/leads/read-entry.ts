/** Entry of a worker thread: runs one reading statement on its own read-only connection and gives the rows back. */
import Database from 'better-sqlite3'
import { z } from 'zod'
import { serve } from '../targets/process/serve.ts'
import type { Cell } from '../values/field-type.ts'
import { limitStatements } from './statement-limit.ts'

const inputSchema = z.strictObject({
  path: z.string(),
  sql: z.string(),
  limitMs: z.number(),
  parameters: z.array(z.union([z.null(), z.number(), z.bigint(), z.string(), z.instanceof(Uint8Array)])),
})

serve((input) => {
  const { path, sql, parameters, limitMs } = inputSchema.parse(input)
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 2000 })
  try {
    const limit = limitStatements(db)
    const statement = db.prepare<Cell[]>(sql)
    return limit.run(limitMs, () => statement.all(...parameters))
  } finally {
    db.close()
  }
})
