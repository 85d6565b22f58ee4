/**
 * Many writes in one request. Each item is a write of its own, with its own action and its own result, in the order given: what
 * is refused of one does not hold up the others.
 */
import type { ObjectParam } from '@pothos/core'
import { OperationalError } from '../../errors.ts'
import type { FieldProblem } from '../../leads/filter.ts'
import { type Builder, requires, type Types } from './builder.ts'
import type { ApiContext } from './context.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import type { TableNames } from './lead-names.ts'
import { hasTag } from './results.ts'

/** Items of one request: each is a durable write, and a request must end within half a minute. */
export const bulkItemsMax = 200

interface Done {
  readonly is: string
  readonly actionId?: string | null
  readonly message?: string
  readonly problems?: readonly FieldProblem[]
}

interface BulkResult {
  readonly is: 'bulk'
  readonly results: readonly Done[]
}

/** Whether an item was carried out. */
function isDone({ is }: Done): boolean {
  return is === 'saved' || is === 'deleted'
}

/** Adds the writes of many records, such as `updateLeads`, over what writes one. */
export function addBulkWrites(builder: Builder, { type, list }: TableNames) {
  const many = list.charAt(0).toUpperCase() + list.slice(1)
  return {
    add<Input extends object>(
      verb: 'create' | 'update' | 'delete',
      input: PothosSchemaTypes.InputObjectRef<Types, Input>,
      members: ObjectParam<Types>[],
      one: (input: Input, context: ApiContext) => Promise<Done>,
    ): void {
      const name = verb.charAt(0).toUpperCase() + verb.slice(1)
      const Item = builder.unionType(`${name}${type}Item`, {
        description: 'What became of one item.',
        types: members,
      })
      const Bulk = builder.objectRef<BulkResult>(`${name}${many}Done`).implement({
        description: 'One result for each item, in their order.',
        isTypeOf: (value) => hasTag(value, 'bulk'),
        fields: (t) => ({
          done: t.int({ resolve: ({ results }) => results.filter(isDone).length }),
          refused: t.int({ resolve: ({ results }) => results.filter((result) => !isDone(result)).length }),
          results: t.field({ type: [Item], resolve: ({ results }) => [...results] }),
        }),
      })
      const Items = builder.inputType(`${name}${many}Input`, {
        fields: (t) => ({
          items: t.field({
            type: [input],
            required: true,
            validate: { minLength: 1, maxLength: bulkItemsMax },
          }),
        }),
      })
      builder.mutationField(`${verb}${many}`, (t) =>
        t.errorUnionField({
          ...requires('leads.write'),
          types: [Bulk, ForbiddenError, InputInvalidError],
          union: { name: `${name}${many}Result` },
          description: `At most ${bulkItemsMax} items; each is a write of its own.`,
          args: { input: t.arg({ type: Items, required: true }) },
          resolve: async (_root, { input: { items } }, context) => {
            const results: Done[] = []
            for (const item of items) results.push(await outcomeOf(item, context, one))
            return { is: 'bulk' as const, results }
          },
        }),
      )
    },
  }
}

async function outcomeOf<Input>(
  item: Input,
  context: ApiContext,
  one: (input: Input, context: ApiContext) => Promise<Done>,
): Promise<Done> {
  try {
    return await one(item, context)
  } catch (error) {
    if (error instanceof InputInvalidError)
      return { is: 'item-invalid', message: error.message, problems: error.problems }
    // What was done before must not go untold because of this one; no action came of it.
    if (error instanceof OperationalError) return { is: 'failed', actionId: '', message: error.message }
    throw error
  }
}
