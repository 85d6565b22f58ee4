/** The repairs of a base: what each verb's input holds, and the evidence it is bound to. */
import { z } from 'zod'
import type { Action } from '../../engine/action.ts'
import { readOrder } from '../../engine/action-order.ts'
import { hashOf, type JsonObject } from '../../json.ts'
import { plainDeclarationSchema } from '../../targets/airtable/declaration.ts'
import { sameName } from '../../targets/airtable/mapping.ts'
import type { BaseSchema, FieldDraft } from '../../targets/airtable/ports.ts'

const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json())
const fieldSchema = z
  .strictObject({
    name: z.string(),
    type: z.string(),
    description: z.string().optional(),
    options: jsonObject.optional(),
  })
  .transform(
    ({ name, type, ...rest }): FieldDraft => ({
      name,
      type,
      ...(rest.description === undefined ? {} : { description: rest.description }),
      ...(rest.options === undefined ? {} : { options: rest.options }),
    }),
  )

const connection = plainDeclarationSchema
const orderSchema = z.discriminatedUnion('verb', [
  z.strictObject({
    verb: z.literal('create-table'),
    connection,
    /** Path of the drift that it resolves. */
    path: z.string(),
    name: z.string(),
    fields: z.array(fieldSchema),
  }),
  z.strictObject({
    verb: z.literal('create-field'),
    connection,
    path: z.string(),
    tableId: z.string(),
    tableName: z.string(),
    field: fieldSchema,
  }),
  z.strictObject({ verb: z.literal('create-webhook'), connection }),
  z.strictObject({ verb: z.literal('delete-webhook'), connection, id: z.string() }),
])
/** What an action is to do. `delete-webhook` is only planned as undo. */
export type Order = z.output<typeof orderSchema>

/** Reads an action's verb and input. Throws ACTION_STALE when they are those of another version. */
export function orderOf(action: Pick<Action, 'verb' | 'input'>): Order {
  return readOrder(orderSchema, action)
}

/** An order as the input of an action, which is journaled. */
export function inputOf({ verb: _verb, ...input }: Order): JsonObject {
  return jsonObject.parse(input)
}

/** The evidence that what an order makes is or is not there. */
export function evidenceOf(order: Order, schema: BaseSchema, webhookId: string | undefined): string {
  switch (order.verb) {
    case 'create-table':
      return hashOf({ table: order.name, isThere: isMade(order, schema) })
    case 'create-field': {
      const table = schema.tables.find(({ id }) => id === order.tableId)
      return hashOf({ table: table?.id ?? null, field: order.field.name, isThere: isMade(order, schema) })
    }
    case 'create-webhook':
    case 'delete-webhook':
      return hashOf({ webhook: webhookId ?? null })
  }
}

/** Whether the table or field is there, by its name: Airtable lets no two have the same. */
export function isMade(order: Extract<Order, { verb: 'create-table' | 'create-field' }>, schema: BaseSchema): boolean {
  if (order.verb === 'create-table') return schema.tables.some(({ name }) => sameName(name, order.name))
  const table = schema.tables.find(({ id }) => id === order.tableId)
  return table?.fields.some(({ name }) => sameName(name, order.field.name)) ?? false
}
