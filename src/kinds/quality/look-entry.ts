/** Entry of the worker thread that reads a whole table for its quality, and asks what takes as long. */
import { z } from 'zod'
import { serve } from '../../targets/process/serve.ts'
import { openReading } from '../../targets/sqlite/connection.ts'
import { followLedger, openLedgerFile } from '../../targets/sqlite/row-ledger.ts'
import { buildLedger } from '../../targets/sqlite/row-ledger-build.ts'
import { checksOf } from './checks.ts'
import { ledgerPlanOf } from './judge.ts'
import { readQualityLayout } from './layout.ts'
import { answersOf } from './questions.ts'
import { qualitySpecSchema } from './spec.ts'

const orderSchema = z.object({
  /** `build` makes the ledger true, `ask` answers what is asked of the table as a whole. */
  is: z.enum(['build', 'ask']),
  /** Where the file, or a copy of it, may be opened. */
  place: z.string(),
  /** Places of the other databases, by name. */
  others: z.record(z.string(), z.string()),
  spec: qualitySpecSchema,
  ledger: z.string(),
  identity: z.string(),
  nowMs: z.number(),
  /** Whether all rows are read, whatever the ledger says. */
  anew: z.boolean(),
})
export type LookOrder = z.output<typeof orderSchema>

/** More written rows than this take about as long one by one as all anew. */
const followedMax = 50_000

serve(async (given, context) => {
  const order = orderSchema.parse(given)
  const db = openReading(order.place)
  try {
    const reading = readQualityLayout(db, order.spec)
    if (reading.is !== 'layout') return null
    if (order.is === 'ask') return answersOf(db, order.spec, reading.layout, order.others)
    const plan = ledgerPlanOf(order.spec, reading.layout, checksOf(order.spec, order.nowMs), order)
    const ledger = openLedgerFile(order.ledger)
    try {
      const followed = order.anew
        ? undefined
        : followLedger(db, ledger, plan, { rowsMax: followedMax, count: true, write: true })
      if (followed?.is !== 'current') await buildLedger(db, ledger, plan, { atMs: order.nowMs, ...context })
    } finally {
      ledger.close()
    }
    return null
  } finally {
    db.close()
  }
})
