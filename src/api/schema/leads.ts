/** The records of the declared tables: lists, single records, statistics, and the writes. */

import type { JsonValue } from '../../json.ts'
import type { LeadOrder } from '../../leads/cursor.ts'
import type { LeadValues, WriteResult } from '../../leads/editor.ts'
import { filteredColumns, type LeadFilter, parseFilter } from '../../leads/filter.ts'
import type { Lead, LeadStatistics, PageSpan } from '../../leads/reader.ts'
import type { LeadRepository } from '../../leads/repository.ts'
import { searchedFields } from '../../leads/table.ts'
import { actorOf } from '../auth/permissions.ts'
import { type Builder, pageSizeDefault, requires, type Types } from './builder.ts'
import type { ApiContext, Repositories } from './context.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import { recordFieldName, type TableNames, tableNames } from './lead-names.ts'
import { addLeadTypes, addSharedLeadTypes, type LeadTypes } from './lead-types.ts'
import { isMasked } from './masking.ts'
import { encodeNodeId, idWithin } from './node-id.ts'
import { requestedFields } from './projection.ts'
import { hasTag, type Results } from './results.ts'
import { reasonLengthMax } from './sizes.ts'

/** Arguments of a list. */
export interface ListArguments {
  readonly filter?: object | null | undefined
  readonly orderBy?:
    | { readonly field: string; readonly direction?: 'asc' | 'desc' | null | undefined }
    | null
    | undefined
  readonly search?: string | null | undefined
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
  readonly last?: number | null | undefined
  readonly before?: string | null | undefined
}

/** Reads and checks the arguments of a list. Throws InputInvalidError, and ForbiddenError for fields that are masked. */
export function readListArguments(
  repository: LeadRepository,
  args: ListArguments,
  { viewer }: ApiContext,
): { filter: LeadFilter | undefined; order: LeadOrder | undefined; search: string | undefined; span: PageSpan } {
  const { table } = repository
  const parsed = args.filter == null ? undefined : parseFilter(table, args.filter)
  if (parsed?.is === 'invalid') {
    throw new InputInvalidError(parsed.problems.map(({ path, message }) => ({ path: ['filter', ...path], message })))
  }
  const filter = parsed?.filter
  const order =
    args.orderBy == null ? undefined : { column: args.orderBy.field, direction: args.orderBy.direction ?? 'asc' }
  const search = args.search ?? undefined
  const looksAt = [
    ...(filter === undefined ? [] : filteredColumns(filter)),
    ...(order === undefined ? [] : [order.column]),
    ...(search === undefined ? [] : searchedFields(table)),
  ]
  const hidden = looksAt.find((field) => isMasked(viewer.role, table, field))
  if (hidden !== undefined) throw new ForbiddenError(`looking for values of ${hidden}, which it sees only masked`)
  return { filter, order, search, span: spanOf(args) }
}

function spanOf({ first, after, last, before }: ListArguments): PageSpan {
  const problem = (path: string, message: string): never => {
    throw new InputInvalidError([{ path: [path], message }])
  }
  if (last != null) {
    if (first != null) return problem('last', 'must not be given together with first')
    if (after != null) return problem('after', 'goes with first; last goes with before')
    return { last, before: before ?? undefined }
  }
  if (before != null) return problem('before', 'goes with last; first goes with after')
  return { first: first ?? pageSizeDefault, after: after ?? undefined }
}

/** The columns that a query's fields need. */
export function columnsOf(repository: LeadRepository, fields: ReadonlySet<string>): readonly string[] {
  if (fields.has('rowVersion') || fields.has('unreadableValues')) return repository.allColumns
  return repository.allColumns.filter((column) => fields.has(recordFieldName(column)))
}

export function addLeads(builder: Builder, repositories: Repositories, results: Results) {
  const shared = addSharedLeadTypes(builder)
  const refusals = addWriteRefusals(builder, results)
  for (const repository of repositories.values()) {
    const names = tableNames(repository.table.name)
    const types = addLeadTypes(builder, repository, names, shared)
    addReads(builder, repository, names, types)
    addWrites(builder, repository, names, types, results, refusals)
  }
  addStatistics(builder, repositories)
}

function addReads(builder: Builder, repository: LeadRepository, names: TableNames, types: LeadTypes) {
  const { table } = repository
  builder.queryField(names.list, (t) =>
    t.connection(
      {
        ...requires('leads.read'),
        type: types.Record,
        description: `Records of the table ${table.name}, by key where nothing else is said; a search gives the best matches first.`,
        args: {
          filter: t.arg({ type: types.Filter }),
          orderBy: t.arg({ type: types.Order }),
          search: t.arg.string({
            description: 'Words, `prefix*` and `"phrases"`; all must be found.',
            validate: { maxLength: 1000 },
          }),
        },
        complexity: ({ first, last }) => ({ field: 1, multiplier: first ?? last ?? pageSizeDefault }),
        resolve: async (_root, args, context, info) => {
          const list = readListArguments(repository, args, context)
          const page = await repository.list({ ...list, columns: columnsOf(repository, requestedFields(info)) })
          return {
            edges: page.leads.map((node, at) => ({ node, cursor: page.cursors[at] ?? '' })),
            pageInfo: {
              hasNextPage: page.hasNextPage,
              hasPreviousPage: page.hasPreviousPage,
              startCursor: page.cursors[0] ?? null,
              endCursor: page.cursors.at(-1) ?? null,
            },
            count: () => repository.count({ filter: list.filter, search: list.search }),
          }
        },
      },
      {
        name: `${names.type}Connection`,
        fields: (c) => ({
          totalCount: c.int({
            description: 'The exact number of all matches; a search considers its 10,000 best.',
            resolve: (connection) => connection.count(),
          }),
        }),
      },
      { name: `${names.type}Edge` },
    ),
  )
  builder.queryField(names.single, (t) =>
    t.field({
      ...requires('leads.read'),
      type: types.Record,
      nullable: true,
      args: { id: t.arg.id({ required: true }) },
      resolve: async (_root, { id }, _context, info) => {
        const key = idWithin(names.type, id)
        return key === undefined
          ? null
          : ((await repository.get(key, columnsOf(repository, requestedFields(info)))) ?? null)
      },
    }),
  )
}

type Refusals = ReturnType<typeof addWriteRefusals>

function addWriteRefusals(builder: Builder, results: Results) {
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
  const Deleted = builder.objectRef<{ is: 'deleted'; id: string; actionId: string | null }>('RecordDeleted').implement({
    isTypeOf: (value) => hasTag(value, 'deleted'),
    fields: (t) => ({
      id: t.exposeID('id'),
      actionId: t.exposeID('actionId', { nullable: true, description: 'What `undo` takes back.' }),
    }),
  })
  return { Duplicate, Conflict, Waiting, Failed, Deleted }
}

/** The outcome of a write as a member of its result union. */
function resultOf<Done extends object>(
  names: TableNames,
  result: WriteResult,
  id: string,
  done: (actionId: string | null, key: string) => Done,
) {
  switch (result.is) {
    case 'written':
      return done(result.actionId ?? null, result.key)
    case 'invalid':
      throw new InputInvalidError(result.problems.map(({ path, message }) => ({ path: ['input', ...path], message })))
    case 'duplicate': {
      const { field, existingKey } = result
      const existingId = encodeNodeId(names.type, existingKey)
      return { is: 'duplicate' as const, message: `${field} must be unique; ${existingId} has it.`, field, existingId }
    }
    case 'not-found':
      return { is: 'not-found' as const, message: `There is no ${names.single} ${id}.` }
    case 'conflict':
      return { ...result, message: 'The record was changed since it was read.' }
    case 'waiting':
      return { ...result, message: result.reasons.join('; ') }
    case 'failed':
      return { is: 'failed' as const, actionId: result.actionId, message: result.reason }
  }
}

function addWrites(
  builder: Builder,
  repository: LeadRepository,
  names: TableNames,
  types: LeadTypes,
  results: Results,
  refusals: Refusals,
) {
  const { Duplicate, Conflict, Waiting, Failed, Deleted } = refusals
  const { type, single } = names
  const givenName = new Map(types.fields.map((field) => [recordFieldName(field.name), field.name]))

  const Saved = builder
    .objectRef<{ is: 'saved'; lead: Lead | undefined; actionId: string | null }>(`${type}Saved`)
    .implement({
      isTypeOf: (value) => hasTag(value, 'saved'),
      fields: (t) => ({
        [single]: t.field({ type: types.Record, nullable: true, resolve: ({ lead }) => lead ?? null }),
        actionId: t.exposeID('actionId', {
          nullable: true,
          description: 'What `undo` takes back; null where nothing had to be changed.',
        }),
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

  const saved = async (actionId: string | null, key: string) => ({
    is: 'saved' as const,
    lead: await repository.get(key),
    actionId,
  })
  const write = ({ viewer }: ApiContext, reason: string | null | undefined) => ({
    actor: actorOf(viewer),
    reason: reason ?? 'asked for through the API',
  })

  builder.mutationFields((t) => ({
    [`create${type}`]: t.errorUnionField({
      ...requires('leads.write'),
      types: [Saved, Duplicate, Waiting, Failed, results.NotFound, Conflict, ForbiddenError, InputInvalidError],
      union: { name: `Create${type}Result` },
      args: { input: t.arg({ type: CreateInput, required: true }) },
      resolve: async (_root, { input }, context) => {
        const { recordKey, changeReason: reason } = input
        const values = valuesOf(input, givenName)
        const result = await repository.create(values, write(context, reason), recordKey ?? undefined)
        return resultOf(names, result, '', saved)
      },
    }),
    [`update${type}`]: t.errorUnionField({
      ...requires('leads.write'),
      types: [Saved, Duplicate, Conflict, Waiting, Failed, results.NotFound, ForbiddenError, InputInvalidError],
      union: { name: `Update${type}Result` },
      args: { input: t.arg({ type: UpdateInput, required: true }) },
      resolve: async (_root, { input }, context) => {
        const key = idWithin(type, input.id) ?? ''
        const { expectedVersion, changeReason: reason } = input
        const values = valuesOf(input, givenName)
        const result = await repository.update(key, values, write(context, reason), expectedVersion ?? undefined)
        return resultOf(names, result, input.id, saved)
      },
    }),
    [`delete${type}`]: t.errorUnionField({
      ...requires('leads.write'),
      types: [Deleted, Conflict, Waiting, Failed, Duplicate, results.NotFound, ForbiddenError, InputInvalidError],
      union: { name: `Delete${type}Result` },
      args: { input: t.arg({ type: DeleteInput, required: true }) },
      resolve: async (_root, { input }, context) => {
        const key = idWithin(type, input.id) ?? ''
        const result = await repository.remove(
          key,
          write(context, input.changeReason),
          input.expectedVersion ?? undefined,
        )
        return resultOf(names, result, input.id, (actionId) => ({
          is: 'deleted' as const,
          id: input.id,
          actionId,
        }))
      },
    }),
  }))
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

function addStatistics(builder: Builder, repositories: Repositories) {
  type Filled = LeadStatistics['filled'][number] & { readonly total: number }
  const Fill = builder.objectRef<Filled>('FieldFill').implement({
    description: 'How many records have a field filled.',
    fields: (t) => ({
      field: t.exposeString('field'),
      count: t.exposeInt('count'),
      percent: t.float({
        resolve: ({ count, total }) => (total === 0 ? 100 : Math.round((count / total) * 1000) / 10),
      }),
    }),
  })
  const Spread = builder.objectRef<LeadStatistics['spread'][number]>('ValueCount').implement({
    description: 'How many records have a value; null counts empty ones.',
    fields: (t) => ({
      field: t.exposeString('field'),
      value: t.exposeString('value', { nullable: true }),
      count: t.exposeInt('count'),
    }),
  })
  const Statistics = builder.objectRef<LeadStatistics & { readonly table: string }>('Statistics').implement({
    description: 'Figures of one declared table.',
    fields: (t) => ({
      table: t.exposeString('table'),
      total: t.exposeInt('total'),
      filled: t.field({
        type: [Fill],
        resolve: ({ filled, total }) => filled.map((one) => ({ ...one, total })),
      }),
      values: t.field({ type: [Spread], resolve: ({ spread }) => [...spread] }),
    }),
  })
  builder.queryField('statistics', (t) =>
    t.field({
      ...requires('leads.read'),
      type: [Statistics],
      args: { table: t.arg.string() },
      resolve: (_root, { table }) =>
        Promise.all(
          [...repositories.values()]
            .filter((repository) => table == null || repository.table.name === table)
            .map(async (repository) => ({ table: repository.table.name, ...(await repository.statistics()) })),
        ),
    }),
  )
}
