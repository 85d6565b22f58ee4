/** Entry of the worker thread that searches for duplicates and keeps the changes of merges. */
import { z } from 'zod'
import { systemClock } from '../../clock.ts'
import { serve } from '../../targets/process/serve.ts'
import { openChangeSets } from '../../targets/sqlite/change-sets.ts'
import { openReading } from '../../targets/sqlite/connection.ts'
import { mergeSchema } from './action-input.ts'
import { keepMerges } from './checkpoint.ts'
import { type Look, lookAt, searchAt } from './look.ts'
import { specSchema } from './spec.ts'
import { openDuplicateStore } from './store.ts'

/** `place` is where `Databases.locate` says that the file, or a copy of it, may be opened. */
export const orderSchema = z.discriminatedUnion('is', [
  z.object({
    /** `search` only brings what is known up to date; `look` works out the merges, too. */
    is: z.enum(['look', 'search']),
    place: z.string(),
    store: z.string(),
    table: z.string(),
    spec: specSchema,
    folder: z.string(),
    also: z.string().optional(),
    exclusions: z.string().optional(),
    /** Which file it is. */
    identity: z.string(),
    whole: z.boolean(),
    /** Nothing changed since the last search, so that only its merges are worked out. */
    isCurrent: z.boolean(),
    nowMs: z.number(),
  }),
  z.object({
    is: z.literal('checkpoint'),
    place: z.string(),
    store: z.string(),
    checkpoints: z.string(),
    order: z.object({
      actionId: z.string(),
      precondition: z.string(),
      path: z.string(),
      input: mergeSchema,
      atMs: z.number(),
    }),
  }),
])
export type WorkerOrder = z.output<typeof orderSchema>

serve((given) => {
  const order = orderSchema.parse(given)
  const opened: { close(): unknown }[] = []
  const opening = <Opened extends { close(): unknown }>(one: Opened): Opened => {
    opened.push(one)
    return one
  }
  try {
    const store = opening(openDuplicateStore(order.store))
    const db = opening(openReading(order.place))
    if (order.is === 'checkpoint') {
      const changeSets = opening(openChangeSets({ path: order.checkpoints, clock: systemClock }))
      return keepMerges(db, changeSets, store, order.order)
    }
    const { table, spec, folder, also, identity, whole, isCurrent, nowMs } = order
    const exclusions = order.exclusions === undefined ? undefined : opening(openReading(order.exclusions))
    const picking = opening(openReading(order.place))
    const request = { table, spec, store, folder, also, exclusions, place: identity, whole, isCurrent, nowMs }
    if (order.is === 'look') return lookAt(db, picking, request) satisfies Look
    searchAt(db, picking, request)
    return null
  } finally {
    for (const one of opened.reverse()) one.close()
  }
})
