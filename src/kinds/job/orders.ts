/** What an action on a job is to do. */
import { z } from 'zod'
import type { Action, ActionDraft } from '../../engine/action.ts'
import { readOrder } from '../../engine/action-order.ts'
import { launchSchema } from '../../targets/process/supervision/launch-declaration.ts'

const skippedSchema = z.strictObject({ count: z.int(), fromMs: z.number(), toMs: z.number(), reason: z.string() })

const orderSchema = z.discriminatedUnion('verb', [
  z.strictObject({
    verb: z.literal('run'),
    launch: launchSchema,
    trigger: z.enum(['schedule', 'catch-up', 'request']),
    scheduledForMs: z.number().nullable(),
    scheduleHash: z.string(),
    skipped: skippedSchema.nullable(),
    exclusive: z.boolean(),
    logFolder: z.string(),
  }),
  z.strictObject({
    verb: z.literal('skip'),
    skipped: skippedSchema,
    watermarkMs: z.number(),
    scheduleHash: z.string(),
  }),
  z.strictObject({ verb: z.literal('end-run'), number: z.int(), uuid: z.string(), reason: z.string() }),
  z.strictObject({ verb: z.literal('take-up-schedule'), scheduleHash: z.string() }),
])
export type Order = z.output<typeof orderSchema>

/** Reads an action's verb and input. Throws ACTION_STALE when they are those of another version. */
export function orderOf(action: Pick<Action, 'verb' | 'input'>): Order {
  return readOrder(orderSchema, action)
}

/** What a job does by itself is no effect of Trueup's, and no undo takes it back. */
export const runsProgram: ActionDraft['findings'][number] = {
  code: 'runs-program',
  count: 1,
  message: 'undo ends the program while it runs; what it did stays',
}

/** Draft with what all actions on a job have in common. */
export function draftOf(
  name: string,
  order: Order,
  rest: Pick<ActionDraft, 'summary' | 'precondition' | 'resolves'> & Pick<Partial<ActionDraft>, 'findings' | 'order'>,
): ActionDraft {
  const { verb, ...input } = order
  return {
    verb,
    input,
    risk: 'low',
    findings: [],
    affected: { count: 0, sample: [] },
    population: 0,
    preview: [],
    reversible: 'exact',
    recovery: 'keyed',
    cost: { bucket: `process:${name}`, tokens: 1 },
    order: 10,
    ...rest,
  }
}
