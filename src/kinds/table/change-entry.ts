/** Worker thread that changes the schema of a large file, so that the main thread goes on answering meanwhile. */
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import { systemClock } from '../../clock.ts'
import { serve } from '../../targets/process/serve.ts'
import { openWriting } from '../../targets/sqlite/connection.ts'
import { isBusy, toDatabaseError } from '../../targets/sqlite/database-error.ts'
import { type SchemaOrder, schemaOrderSchema } from './input.ts'
import { dropTable, rebuildTable } from './rebuild.ts'
import { runStatements } from './statements.ts'

const inputSchema = z.strictObject({ path: z.string(), waitMs: z.number(), order: schemaOrderSchema })

const pauseMs = 20

serve(async (input, { signal }) => {
  const { path, waitMs, order } = inputSchema.parse(input)
  const db = openWriting(path)
  const giveUpAtMs = systemClock.monotonicMs() + waitMs
  try {
    for (;;) {
      try {
        return carryOut(db, order)
      } catch (error) {
        const again = isBusy(error) && systemClock.monotonicMs() < giveUpAtMs && !signal.aborted
        if (!again) throw toDatabaseError(error, path)
      }
      await systemClock.sleep(pauseMs, signal)
    }
  } finally {
    db.close()
  }
})

function carryOut(db: Database, order: SchemaOrder): number {
  switch (order.does) {
    case 'rebuild':
      return rebuildTable(db, order, [])
    case 'drop-table':
      return dropTable(db, order)
    case 'statements': {
      db.exec('BEGIN IMMEDIATE')
      try {
        runStatements(db, order)
        db.exec('COMMIT')
        return 0
      } finally {
        if (db.inTransaction) db.exec('ROLLBACK')
      }
    }
  }
}
