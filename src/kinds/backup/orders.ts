/** What an action on a backup is to do. */
import { z } from 'zod'
import type { Action, ActionDraft } from '../../engine/action.ts'
import { readOrder } from '../../engine/action-order.ts'
import { airtableAskSchema } from './airtable-restore/ask.ts'
import { placeSchema } from './airtable-restore/carry-out.ts'
import { askSchema } from './restore-state.ts'
import { backupSpecSchema } from './spec.ts'

const orderSchema = z.discriminatedUnion('verb', [
  z.strictObject({ verb: z.literal('create'), spec: backupSpecSchema }),
  z.strictObject({ verb: z.literal('verify'), id: z.string(), folders: z.array(z.string()) }),
  z.strictObject({ verb: z.literal('prune'), ids: z.array(z.string()), folders: z.array(z.string()) }),
  z.strictObject({ verb: z.literal('take-back'), ids: z.array(z.string()), folders: z.array(z.string()) }),
  z.strictObject({ verb: z.literal('restore'), ask: askSchema }),
  z.strictObject({ verb: z.literal('restore-file'), ask: askSchema }),
  z.strictObject({ verb: z.literal('take-away'), undoes: z.string(), database: z.string(), path: z.string() }),
  z.strictObject({ verb: z.literal('restore-airtable'), ask: airtableAskSchema }),
  // Not strict: the records that were chosen are read by `rowsOf`.
  z.object({ verb: z.literal('undo-restore-airtable'), undoes: z.string(), place: placeSchema }),
  z.object({ verb: z.literal('undo-restore'), undoes: z.string(), database: z.string(), path: z.string() }),
])
export type Order = z.output<typeof orderSchema>

/** Reads an action's verb and input. Throws ACTION_STALE when they are those of another version. */
export function orderOf(action: Pick<Action, 'verb' | 'input'>): Order {
  return readOrder(orderSchema, action)
}

/** Draft with what all actions on a backup have in common. */
export function draftOf(
  name: string,
  order: Order,
  rest: Pick<ActionDraft, 'summary' | 'precondition' | 'resolves' | 'reversible'> & Partial<ActionDraft>,
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
    recovery: 'keyed',
    cost: { bucket: `backup:${name}`, tokens: 1 },
    order: 10,
    ...rest,
  }
}
