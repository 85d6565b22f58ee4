/** The repairs of a database: what each verb's input holds, and the evidence it is bound to. */
import { z } from 'zod'
import type { Action, ActionDraft } from '../../engine/action.ts'
import { readOrder } from '../../engine/action-order.ts'
import { hashOf } from '../../json.ts'

const modeChangeSchema = z.strictObject({
  part: z.string(),
  path: z.string(),
  from: z.int(),
  to: z.int(),
})
/** One mode to set. */
export type ModeChange = z.output<typeof modeChangeSchema>

const orderSchema = z.discriminatedUnion('verb', [
  z.strictObject({ verb: z.literal('set-mode'), path: z.string(), changes: z.array(modeChangeSchema) }),
  z.strictObject({ verb: z.literal('enable-wal'), path: z.string() }),
  z.strictObject({ verb: z.literal('disable-wal'), path: z.string() }),
  z.strictObject({ verb: z.literal('create-database'), path: z.string() }),
  z.strictObject({ verb: z.literal('remove-database'), path: z.string() }),
  z.strictObject({
    verb: z.literal('salvage'),
    path: z.string(),
    database: z.string(),
    /** Of the damaged state, and the name of its folder in the quarantine. */
    signature: z.string(),
    quarantine: z.string(),
    set: z.strictObject({ id: z.string(), createdAtMs: z.number(), unwrittenSince: z.boolean() }).nullable(),
    withoutSet: z.string().nullable(),
    /** Key columns of declared tables. */
    keys: z.record(z.string(), z.string()),
  }),
  z.strictObject({
    verb: z.literal('replace-damaged'),
    path: z.string(),
    signature: z.string(),
    /** Of the damaged file without its -wal. */
    bareSignature: z.string(),
    quarantine: z.string(),
  }),
  z.strictObject({ verb: z.literal('put-back'), path: z.string(), quarantine: z.string() }),
])
/** What an action is to do. `disable-wal`, `remove-database` and `put-back` are only planned as undo. */
export type Order = z.output<typeof orderSchema>

/** Reads an action's verb and input. Throws ACTION_STALE when they are those of another version. */
export function orderOf(action: Pick<Action, 'verb' | 'input'>): Order {
  return readOrder(orderSchema, action)
}

/** Evidence for setting modes: those that are there now. What is gone (a -wal that was tidied up) needs nothing. */
export function modeEvidence(
  changes: readonly ModeChange[],
  modeNow: (change: ModeChange) => number | undefined,
): string {
  return hashOf(changes.map((change) => [change.path, modeNow(change) ?? change.from]))
}

/** Evidence for the journal mode, and for a database being there (`absent` when it is not). */
export function journalEvidence(journalMode: string): string {
  return hashOf({ journalMode })
}

/** Draft with what all repairs of a database have in common. */
export function draftOf(
  name: string,
  order: Order,
  rest: Pick<ActionDraft, 'summary' | 'risk' | 'precondition' | 'resolves' | 'order'> &
    Pick<Partial<ActionDraft>, 'findings' | 'affected' | 'population' | 'needsApproval' | 'reversible'>,
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
    cost: { bucket: `sqlite:${name}`, tokens: 1 },
    ...rest,
  }
}
