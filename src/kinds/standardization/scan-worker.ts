/** Entry of the worker thread that looks at whole tables and keeps the changes of large actions. */
import { z } from 'zod'
import { systemClock } from '../../clock.ts'
import { serve } from '../../targets/process/serve.ts'
import { openChangeSets } from '../../targets/sqlite/change-sets.ts'
import { openReading } from '../../targets/sqlite/connection.ts'
import { standardizeSchema } from './action-input.ts'
import { keepChanges } from './checkpoint.ts'
import { knownSchema, lookAt } from './look.ts'
import { specSchema } from './spec.ts'

/** `place` is where `Databases.locate` says that the file, or a copy of it, may be opened. */
export const orderSchema = z.discriminatedUnion('is', [
  z.object({
    is: z.literal('look'),
    place: z.string(),
    spec: specSchema,
    rowIds: z.array(z.number()).optional(),
    known: knownSchema.optional(),
  }),
  z.object({
    is: z.literal('checkpoint'),
    place: z.string(),
    checkpoints: z.string(),
    order: z.object({
      actionId: z.string(),
      precondition: z.string(),
      path: z.string(),
      input: standardizeSchema,
      atMs: z.number(),
    }),
  }),
])
export type WorkerOrder = z.output<typeof orderSchema>

serve(async (given, context) => {
  const order = orderSchema.parse(given)
  const db = openReading(order.place)
  try {
    if (order.is === 'look')
      return await lookAt(db, order.spec, { ...context, rowIds: order.rowIds, known: order.known })
    const changeSets = openChangeSets({ path: order.checkpoints, clock: systemClock })
    try {
      return await keepChanges(db, changeSets, order.order, context)
    } finally {
      changeSets.close()
    }
  } finally {
    db.close()
  }
})
