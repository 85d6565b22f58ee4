/** How repairs of a base are taken back: a webhook by deleting it, tables and fields by a person alone. */
import type { EffectContext, UndoPlan } from '../../engine/kind.ts'
import { sameName } from '../../targets/airtable/mapping.ts'
import type { AirtableTarget } from '../../targets/airtable/ports.ts'
import { isMade, type Order } from './actions.ts'
import { deleteFieldSteps, deleteTableSteps, placeOf } from './by-hand.ts'
import { draftOf } from './plan.ts'

/** Reads the base, changes nothing. */
export async function planUndoOfBase(
  order: Order,
  target: AirtableTarget,
  { signal }: EffectContext,
): Promise<UndoPlan> {
  switch (order.verb) {
    case 'create-table':
    case 'create-field': {
      const schema = await target.schema({ maxAgeMs: 0, signal })
      if (!isMade(order, schema)) return { is: 'not-undoable', reason: 'it is gone already' }
      const tableId =
        order.verb === 'create-field' ? order.tableId : schema.tables.find(({ name }) => sameName(name, order.name))?.id
      const place = placeOf(order.connection, tableId)
      const steps =
        order.verb === 'create-field' ? deleteFieldSteps(place, order.field.name) : deleteTableSteps(place, order.name)
      return { is: 'by-hand', steps }
    }
    case 'create-webhook': {
      const webhook = target.feed.webhook()
      if (webhook === undefined) return { is: 'not-undoable', reason: 'there is no webhook any more' }
      const draft = draftOf(
        { verb: 'delete-webhook', connection: order.connection, id: webhook.id },
        { schema: { tables: [] }, webhook },
        {
          summary: `Delete the webhook ${webhook.id} of the base ${order.connection.base}.`,
          risk: 'low',
          findings: [],
          reversible: 'exact',
          resolves: [],
        },
      )
      return { is: 'undo', draft, conflicts: [] }
    }
    case 'delete-webhook': {
      const draft = draftOf(
        { verb: 'create-webhook', connection: order.connection },
        { schema: { tables: [] }, webhook: target.feed.webhook() },
        {
          summary: `Make a webhook in the base ${order.connection.base} again.`,
          risk: 'low',
          findings: [],
          reversible: 'exact',
          resolves: [],
        },
      )
      return { is: 'undo', draft, conflicts: [] }
    }
  }
}
