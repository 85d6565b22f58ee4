/** The writes of a declared table: each becomes an action that can be undone; every refusal is a member of the result union. */
import type { JsonValue } from '../../json.ts'
import type { LeadMatch } from '../../leads/duplicates.ts'
import type { LeadValues, WriteResult } from '../../leads/editor.ts'
import type { Lead } from '../../leads/reader.ts'
import type { LeadRepository } from '../../leads/repository.ts'
import { actorOf, may } from '../auth/permissions.ts'
import { type Builder, requires, type Types } from './builder.ts'
import type { ApiContext } from './context.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import { addBulkWrites } from './lead-bulk.ts'
import { recordFieldName, type TableNames } from './lead-names.ts'
import type { LeadTypes } from './lead-types.ts'
import { encodeNodeId, idWithin } from './node-id.ts'
import { type FieldErrorShape, hasTag, type Results } from './results.ts'
import { reasonLengthMax } from './sizes.ts'
import { refusalOf } from './write-refusal.ts'

export type Refusals = ReturnType<typeof addWriteRefusals>

/** Adds the refusals that the writes of all tables share. */
export function addWriteRefusals(builder: Builder, results: Results) {
  const Duplicate = builder
    .objectRef<{ is: 'duplicate'; message: string; field: string; existingId: string }>('DuplicateValue')
    .implement({
      description: 'A value that must be unique belongs to another record.',
      interfaces: [results.UserError],
      isTypeOf: (value) => hasTag(value, 'duplicate'),
      fields: (t) => ({
        code: t.string({ resolve: () => 'LEAD_DUPLICATE' }),
        field: t.exposeString('field'),
        existingId: t.exposeID('existingId'),
      }),
    })
  const Conflict = builder
    .objectRef<{ is: 'conflict'; message: string; currentVersion: string }>('VersionConflict')
    .implement({
      description: 'The record was changed since it was read; nothing was written.',
      interfaces: [results.UserError],
      isTypeOf: (value) => hasTag(value, 'conflict'),
      fields: (t) => ({
        code: t.string({ resolve: () => 'VERSION_CONFLICT' }),
        currentVersion: t.exposeString('currentVersion'),
      }),
    })
  const Waiting = builder
    .objectRef<{ is: 'waiting'; message: string; actionId: string; reasons: readonly string[] }>('WriteWaiting')
    .implement({
      description: 'The write is planned, and waits for a person or a moment.',
      interfaces: [results.UserError],
      isTypeOf: (value) => hasTag(value, 'waiting'),
      fields: (t) => ({
        code: t.string({ resolve: () => 'WAITING' }),
        actionId: t.exposeID('actionId'),
        reasons: t.field({ type: ['String'], resolve: (one) => [...one.reasons] }),
      }),
    })
  const Failed = builder.objectRef<{ is: 'failed'; message: string; actionId: string }>('WriteFailed').implement({
    description: 'The database refused the write; nothing was changed.',
    interfaces: [results.UserError],
    isTypeOf: (value) => hasTag(value, 'failed'),
    fields: (t) => ({ code: t.string({ resolve: () => 'WRITE_FAILED' }), actionId: t.exposeID('actionId') }),
  })
  const Suppressed = builder.objectRef<{ is: 'suppressed'; message: string }>('LeadSuppressed').implement({
    description: 'The values are those of a person who was erased; nothing was written.',
    interfaces: [results.UserError],
    isTypeOf: (value) => hasTag(value, 'suppressed'),
    fields: (t) => ({ code: t.string({ resolve: () => 'LEAD_SUPPRESSED' }) }),
  })
  const Deleted = builder.objectRef<{ is: 'deleted'; id: string; actionId: string | null }>('RecordDeleted').implement({
    description: 'The record is gone; `undo` of the action brings it back.',
    isTypeOf: (value) => hasTag(value, 'deleted'),
    fields: (t) => ({
      id: t.exposeID('id'),
      actionId: t.exposeID('actionId', { nullable: true, description: 'What `undo` takes back.' }),
    }),
  })
  // GraphQL takes an error within a list for a failure of the list, so that it is a value of its own here.
  const ItemInvalid = builder
    .objectRef<{ is: 'item-invalid'; message: string; problems: readonly FieldErrorShape[] }>('ItemInvalid')
    .implement({
      description: 'Values of one item are not valid; nothing was done for it.',
      interfaces: [results.UserError],
      isTypeOf: (value) => hasTag(value, 'item-invalid'),
      fields: (t) => ({
        code: t.string({ resolve: () => 'BAD_USER_INPUT' }),
        fieldErrors: t.field({ type: [results.FieldError], resolve: ({ problems }) => [...problems] }),
      }),
    })
  return { Duplicate, Conflict, Waiting, Failed, Deleted, Suppressed, ItemInvalid }
}

/** The outcome of a write as a member of its result union. */
function resultOf<Done extends object>(
  names: TableNames,
  result: WriteResult,
  id: string,
  done: (actionId: string | null, key: string, match: LeadMatch | undefined) => Done,
) {
  if (result.is === 'written') return done(result.actionId ?? null, result.key, result.match)
  return refusalOf(result, names, id)
}

/** Who asks for a write of a record, and why. */
export function askedBy({ viewer }: ApiContext, reason: string | null | undefined) {
  return { actor: actorOf(viewer), reason: reason ?? 'asked for through the API' }
}

/** What a write of a record may be refused with. */
export function refusalTypes(refusals: Refusals, results: Results) {
  const { Conflict, Duplicate, Suppressed, Waiting, Failed } = refusals
  return [
    Conflict,
    Duplicate,
    Suppressed,
    Waiting,
    Failed,
    results.NotFound,
    ForbiddenError,
    InputInvalidError,
  ] as const
}

export function addWrites(
  builder: Builder,
  repository: LeadRepository,
  names: TableNames,
  types: LeadTypes,
  results: Results,
  refusals: Refusals,
) {
  const { Duplicate, Conflict, Waiting, Failed, Deleted, Suppressed, ItemInvalid } = refusals
  const { type, single } = names
  const givenName = new Map(types.fields.map((field) => [recordFieldName(field.name), field.name]))

  const Saved = builder
    .objectRef<{ is: 'saved'; lead: Lead | undefined; actionId: string | null; match: LeadMatch | null }>(
      `${type}Saved`,
    )
    .implement({
      description: 'The record as it is stored now, and the action that `undo` takes.',
      isTypeOf: (value) => hasTag(value, 'saved'),
      fields: (t) => ({
        [single]: t.field({
          type: types.Record,
          nullable: true,
          description: 'For who may read records.',
          resolve: ({ lead }, _args, { viewer }) => (may(viewer, 'leads.read') ? (lead ?? null) : null),
        }),
        actionId: t.exposeID('actionId', {
          nullable: true,
          description: 'What `undo` takes back; null where nothing had to be changed.',
        }),
        matchedId: t.id({
          nullable: true,
          description:
            'The record that a new one means: it was merged into that one, or stands beside it for a look to find, as `duplicates.onInsert` says.',
          resolve: ({ match }) => (match === null ? null : encodeNodeId(type, match.key)),
        }),
        matchExplanation: t.string({ nullable: true, resolve: ({ match }) => match?.explanation ?? null }),
      }),
    })

  const valueFields = (t: PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>) =>
    Object.fromEntries(
      types.fields
        .filter((field) => field.name !== repository.table.key)
        .map((field) => {
          const name = recordFieldName(field.name)
          const choice = types.enums.get(field.name)
          const { type: fieldType } = field.spec
          switch (fieldType) {
            case 'choice':
              return [name, choice === undefined ? t.string() : t.field({ type: choice })]
            case 'choices':
              return [name, choice === undefined ? t.stringList() : t.field({ type: [choice] })]
            case 'boolean':
              return [name, t.boolean()]
            case 'integer':
              return [name, t.int()]
            case 'number':
              return [name, t.float()]
            case 'json':
              return [name, t.field({ type: 'JSON' })]
            default:
              return [name, t.string()]
          }
        }),
    )
  const changeReason = 'Why, for the audit log.'
  const reasonRule = { maxLength: reasonLengthMax }
  const CreateInput = builder.inputType(`Create${type}Input`, {
    fields: (t) => ({
      ...valueFields(t),
      recordKey: t.string({
        description: 'A UUID where nothing is given.',
        validate: { minLength: 1, maxLength: 200 },
      }),
      changeReason: t.string({ description: changeReason, validate: reasonRule }),
    }),
  })
  const UpdateInput = builder.inputType(`Update${type}Input`, {
    description: 'Only given fields are changed; null empties a field.',
    fields: (t) => ({
      ...valueFields(t),
      id: t.id({ required: true }),
      expectedVersion: t.string({ description: '`rowVersion` as it was read.' }),
      changeReason: t.string({ description: changeReason, validate: reasonRule }),
    }),
  })
  const DeleteInput = builder.inputType(`Delete${type}Input`, {
    fields: (t) => ({
      id: t.id({ required: true }),
      expectedVersion: t.string({ description: '`rowVersion` as it was read.' }),
      changeReason: t.string({ description: changeReason, validate: reasonRule }),
    }),
  })

  const saved = async (actionId: string | null, key: string, match: LeadMatch | undefined) => ({
    is: 'saved' as const,
    lead: await repository.get(key),
    actionId,
    match: match ?? null,
  })
  const create = async (input: typeof CreateInput.$inferInput, context: ApiContext) => {
    const { recordKey, changeReason: reason } = input
    const values = valuesOf(input, givenName)
    const result = await repository.create(values, askedBy(context, reason), recordKey ?? undefined)
    return resultOf(names, result, '', saved)
  }
  const update = async (input: typeof UpdateInput.$inferInput, context: ApiContext) => {
    const key = idWithin(type, input.id) ?? ''
    const { expectedVersion, changeReason: reason } = input
    const values = valuesOf(input, givenName)
    const result = await repository.update(key, values, askedBy(context, reason), expectedVersion ?? undefined)
    return resultOf(names, result, input.id, saved)
  }
  const remove = async (input: typeof DeleteInput.$inferInput, context: ApiContext) => {
    const key = idWithin(type, input.id) ?? ''
    const { expectedVersion, changeReason: reason } = input
    const result = await repository.remove(key, askedBy(context, reason), expectedVersion ?? undefined)
    return resultOf(names, result, input.id, (actionId) => ({ is: 'deleted' as const, id: input.id, actionId }))
  }

  const ofOne = [Duplicate, Suppressed, Conflict, Waiting, Failed, results.NotFound]
  const refused = [...ofOne, ForbiddenError, InputInvalidError]
  builder.mutationFields((t) => ({
    [`create${type}`]: t.errorUnionField({
      ...requires('leads.write'),
      description: 'Adds a record. What the declared rules write differently is standardized first.',
      types: [Saved, ...refused],
      union: { name: `Create${type}Result` },
      args: { input: t.arg({ type: CreateInput, required: true }) },
      resolve: (_root, { input }, context) => create(input, context),
    }),
    [`update${type}`]: t.errorUnionField({
      ...requires('leads.write'),
      description: 'Changes the fields that are given; null empties one.',
      types: [Saved, ...refused],
      union: { name: `Update${type}Result` },
      args: { input: t.arg({ type: UpdateInput, required: true }) },
      resolve: (_root, { input }, context) => update(input, context),
    }),
    [`delete${type}`]: t.errorUnionField({
      ...requires('leads.write'),
      description: 'Deletes a record; `undo` brings it back.',
      types: [Deleted, ...refused],
      union: { name: `Delete${type}Result` },
      args: { input: t.arg({ type: DeleteInput, required: true }) },
      resolve: (_root, { input }, context) => remove(input, context),
    }),
  }))
  const bulk = addBulkWrites(builder, names)
  bulk.add('create', CreateInput, [Saved, ...ofOne, ItemInvalid], create)
  bulk.add('update', UpdateInput, [Saved, ...ofOne, ItemInvalid], update)
  bulk.add('delete', DeleteInput, [Deleted, ...ofOne, ItemInvalid], remove)
}

/** The given values by declared field name, without what the input has besides them. */
function valuesOf(input: object, givenName: ReadonlyMap<string, string>): LeadValues {
  const given: [string, unknown][] = Object.entries(input)
  const values: Record<string, JsonValue> = {}
  for (const [name, value] of given) {
    const field = givenName.get(name)
    if (field !== undefined && isJson(value)) values[field] = value
  }
  return values
}

/** Coerced GraphQL input is JSON, except that absent values are undefined. */
function isJson(value: unknown): value is JsonValue {
  return value !== undefined && typeof value !== 'function'
}
