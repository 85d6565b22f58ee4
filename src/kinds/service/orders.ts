/** What an action on a service is to do. */
import { z } from 'zod'
import type { Action, ActionDraft } from '../../engine/action.ts'
import { readOrder } from '../../engine/action-order.ts'
import { launchSchema } from '../../targets/process/supervision/launch-declaration.ts'
import { stopCauses } from './record.ts'

const startSchema = {
  launch: launchSchema,
  launchHash: z.string(),
  log: z.strictObject({ path: z.string(), bytesMax: z.number(), filesMax: z.int() }),
}

const orderSchema = z.discriminatedUnion('verb', [
  z.strictObject({ verb: z.literal('start'), ...startSchema, failures: z.int(), crashes: z.int(), asked: z.boolean() }),
  z.strictObject({
    verb: z.literal('restart'),
    ...startSchema,
    /** The instance that is ended; null where none runs. */
    instance: z.string().nullable(),
    graceMs: z.number(),
    why: z.enum(['changed', 'asked']),
  }),
  z.strictObject({
    verb: z.literal('end'),
    instance: z.string(),
    graceMs: z.number(),
    cause: z.enum(stopCauses),
    /** Without figures of one moment: what is approved stays the same action when they have changed. */
    message: z.string(),
    /** What it takes too much of, for cause `limit`. */
    limits: z
      .strictObject({ memoryBytes: z.number().nullable(), processes: z.number().nullable() })
      .nullable()
      .default(null),
    /** Who wants it kept down; null where it may be started again. */
    heldBy: z.string().nullable(),
  }),
  z.strictObject({ verb: z.literal('end-leftovers'), instances: z.array(z.string()), graceMs: z.number() }),
  z.strictObject({ verb: z.literal('adopt'), instance: z.string() }),
  z.strictObject({ verb: z.literal('start-unit'), unit: z.string() }),
  z.strictObject({ verb: z.literal('restart-unit'), unit: z.string() }),
  z.strictObject({ verb: z.literal('stop-unit'), unit: z.string() }),
])
export type Order = z.output<typeof orderSchema>

/** Reads an action's verb and input. Throws ACTION_STALE when they are those of another version. */
export function orderOf(action: Pick<Action, 'verb' | 'input'>): Order {
  return readOrder(orderSchema, action)
}

/** Where a program is started: what it does by itself is no effect of Trueup's, and no undo takes it back. */
export const runsProgram: ActionDraft['findings'][number] = {
  code: 'runs-program',
  count: 1,
  message: 'undo ends the program; what it did meanwhile stays',
}

const commandLengthMax = 100

/** A command on one line, as long as a sentence bears. */
export function commandText(words: readonly string[]): string {
  const text = words.join(' ').replaceAll(/\s+/g, ' ')
  return text.length <= commandLengthMax ? text : `${text.slice(0, commandLengthMax - 1)}…`
}

/** Draft with what all actions on a service have in common. */
export function draftOf(
  name: string,
  order: Order,
  rest: Pick<ActionDraft, 'summary' | 'risk' | 'precondition' | 'resolves' | 'order'> &
    Pick<Partial<ActionDraft>, 'findings'>,
): ActionDraft {
  const { verb, ...input } = order
  return {
    verb,
    input,
    findings: [],
    affected: { count: 0, sample: [] },
    population: 0,
    preview: [],
    reversible: 'exact',
    recovery: 'keyed',
    cost: { bucket: `process:${name}`, tokens: 1 },
    ...rest,
  }
}
