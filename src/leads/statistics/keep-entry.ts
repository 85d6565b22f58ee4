/** Entry of a worker thread: brings the side file with a table's figures up to the table, anew where it cannot be followed. */
import { z } from 'zod'
import { serve } from '../../targets/process/serve.ts'
import { openReading } from '../../targets/sqlite/connection.ts'
import { followLedger, openLedgerFile } from '../../targets/sqlite/row-ledger.ts'
import { buildLedger } from '../../targets/sqlite/row-ledger-build.ts'
import { statisticsLayoutSchema, statisticsPlan } from './layout.ts'

const inputSchema = z.strictObject({
  source: z.string(),
  ledger: z.string(),
  identity: z.string(),
  layout: statisticsLayoutSchema,
  atMs: z.number(),
})
export type KeepOrder = z.output<typeof inputSchema>

/** More written rows than this take about as long one by one as all anew. */
const followedMax = 50_000

serve(async (given, { signal }) => {
  const order = inputSchema.parse(given)
  const source = openReading(order.source)
  const ledger = openLedgerFile(order.ledger)
  try {
    const plan = statisticsPlan(order.layout, order.identity)
    const followed = followLedger(source, ledger, plan, { rowsMax: followedMax, count: true, write: true })
    if (followed.is === 'stale') await buildLedger(source, ledger, plan, { atMs: order.atMs, signal })
  } finally {
    ledger.close()
    source.close()
  }
})
