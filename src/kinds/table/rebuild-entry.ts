/** Worker thread that rebuilds or drops a large table, so that the main thread goes on answering meanwhile. */
import { z } from 'zod'
import { systemClock } from '../../clock.ts'
import { serveThread } from '../../targets/process/serve.ts'
import { openWriting } from '../../targets/sqlite/connection.ts'
import { isBusy, toDatabaseError } from '../../targets/sqlite/database-error.ts'
import { dropOrderSchema, rebuildOrderSchema } from './input.ts'
import { dropTable, rebuildTable } from './rebuild.ts'

const inputSchema = z.strictObject({
  path: z.string(),
  waitMs: z.number(),
  order: z.discriminatedUnion('does', [
    z.strictObject({ does: z.literal('rebuild'), order: rebuildOrderSchema }),
    z.strictObject({ does: z.literal('drop-table'), order: dropOrderSchema }),
  ]),
})

const pauseMs = 20

serveThread(async (input, { signal }) => {
  const { path, waitMs, order } = inputSchema.parse(input)
  const db = openWriting(path)
  const giveUpAtMs = systemClock.monotonicMs() + waitMs
  try {
    for (;;) {
      try {
        return order.does === 'rebuild' ? rebuildTable(db, order.order, []) : dropTable(db, order.order)
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
