/** The records of the declared tables: lists and single records. */

import type { LeadOrder } from '../../leads/cursor.ts'
import { filteredColumns, type LeadFilter, parseFilter } from '../../leads/filter.ts'
import { type PageSpan, unreadPage } from '../../leads/reader.ts'
import type { LeadRepository } from '../../leads/repository.ts'
import { searchedFields } from '../../leads/table.ts'
import type { EnginePort } from '../ports.ts'
import type { SyncPort } from '../sync-port.ts'
import { batched } from './batch.ts'
import { type Builder, pageSizeDefault, refusal, requires } from './builder.ts'
import type { ApiContext, Repositories } from './context.ts'
import { InputInvalidError } from './errors.ts'
import { addDuplicates, addDuplicateTypes, type DuplicateTypes } from './lead-duplicates.ts'
import { addErasure, addErasureResults } from './lead-erasure.ts'
import { addHistory, addHistoryTypes, type HistoryTypes } from './lead-history.ts'
import { recordFieldName, type TableNames, tableNames } from './lead-names.ts'
import { addLeadTypes, addSharedLeadTypes, type LeadTypes } from './lead-types.ts'
import { addWrites, type Refusals } from './lead-writes.ts'
import { isMasked } from './masking.ts'
import { idWithin } from './node-id.ts'
import { asksForCountOnly, requestedFields } from './projection.ts'
import type { addQuality } from './quality.ts'
import type { Results } from './results.ts'
import { addStatistics } from './statistics.ts'
import type { ErasureTypes } from './suppressions.ts'
import type { SyncTypes } from './sync-types.ts'

/** A list in the schema: its root field's names and the table behind it. */
export interface ListRoot {
  readonly names: TableNames
  readonly repository: LeadRepository
}

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
  readonly skip?: number | null | undefined
}

/** Reads and checks the arguments of a list. Throws InputInvalidError, and ForbiddenError for fields that are masked. */
export function readListArguments(
  repository: LeadRepository,
  args: ListArguments,
  context: ApiContext,
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
  const hidden = looksAt.find((field) => isMasked(context.viewer.role, table, field))
  if (hidden !== undefined) throw refusal(context, `looking for values of ${hidden}, which it sees only masked`)
  return { filter, order, search, span: spanOf(args) }
}

function spanOf({ first, after, last, before, skip }: ListArguments): PageSpan {
  const problem = (path: string, message: string): never => {
    throw new InputInvalidError([{ path: [path], message }])
  }
  if (skip != null && (last != null || after != null || before != null)) {
    return problem('skip', 'goes with first alone; a cursor says where to begin by itself')
  }
  if (last != null) {
    if (first != null) return problem('last', 'must not be given together with first')
    if (after != null) return problem('after', 'goes with first; last goes with before')
    return { last, before: before ?? undefined }
  }
  if (before != null) return problem('before', 'goes with last; first goes with after')
  return { first: first ?? pageSizeDefault, after: after ?? undefined, skip: skip ?? undefined }
}

/** A cursor is looked at even where no row is asked for: one of another list is refused. */
export function hasCursor(span: PageSpan): boolean {
  return ('last' in span ? span.before : span.after) !== undefined
}

/** The columns that a query's fields need. */
function columnsOf(repository: LeadRepository, fields: ReadonlySet<string>): readonly string[] {
  if (fields.has('rowVersion') || fields.has('unreadableValues')) return repository.allColumns
  return repository.allColumns.filter((column) => fields.has(recordFieldName(column)))
}

/** What the records of all tables share. */
interface LeadParts {
  readonly results: Results
  readonly refusals: Refusals
  readonly engine: EnginePort
  readonly sync: SyncPort
  readonly quality: ReturnType<typeof addQuality>
  readonly LeadSync: SyncTypes['LeadSync']
  readonly erasureTypes: ErasureTypes
}

/** Adds the declared tables; gives the root field of each list with its table. */
export function addLeads(
  builder: Builder,
  repositories: Repositories,
  { results, refusals, engine, sync, quality, LeadSync, erasureTypes }: LeadParts,
): ReadonlyMap<string, ListRoot> {
  const lists = new Map<string, ListRoot>()
  const shared = addSharedLeadTypes(builder)
  const erasures = addErasureResults(builder, erasureTypes)
  let histories: HistoryTypes | undefined
  let duplicates: DuplicateTypes | undefined
  for (const repository of repositories.values()) {
    const names = tableNames(repository.table.name)
    const types = addLeadTypes(builder, repository, names, shared)
    if (sync.tables().includes(repository.table.name)) addLeadSync(builder, types, repository, { sync, LeadSync })
    quality.addTo(types, repository)
    if (repository.history !== undefined) {
      histories ??= addHistoryTypes(builder)
      addHistory(builder, types, repository, repository.history, { ...histories, engine })
    }
    addReads(builder, repository, names, types)
    addWrites(builder, repository, names, types, results, refusals)
    addErasure(builder, repository, names, { results, refusals, erasures })
    if (repository.duplicates !== undefined) {
      duplicates ??= addDuplicateTypes(builder)
      const parts = { results, refusals, duplicates }
      addDuplicates(builder, repository, repository.duplicates, names, types, parts)
    }
    lists.set(names.list, { names, repository })
  }
  addStatistics(builder, repositories)
  return lists
}

function addLeadSync(
  builder: Builder,
  types: LeadTypes,
  { table }: LeadRepository,
  { sync, LeadSync }: Pick<LeadParts, 'sync' | 'LeadSync'>,
) {
  const leadSyncOf = batched((keys) => sync.leads(table.name, keys))
  builder.objectField(types.Record, 'syncStatus', (t) =>
    t.field({
      ...requires('sync.read'),
      type: LeadSync,
      description: 'How it stands with Airtable; null where the sync has not met it.',
      nullable: true,
      resolve: async ({ key }) => (await leadSyncOf(key)) ?? null,
    }),
  )
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
          skip: t.arg.int({
            description:
              'Passes over so many, for a jump into a long list. Takes longer the more they are; a cursor does not.',
            validate: { min: 0 },
          }),
        },
        complexity: ({ first, last }) => ({ field: 1, multiplier: first ?? last ?? pageSizeDefault }),
        resolve: async (_root, args, context, info) => {
          const list = readListArguments(repository, args, context)
          const isCount = asksForCountOnly(info) && !hasCursor(list.span)
          const page = isCount
            ? unreadPage
            : await repository.list({ ...list, columns: columnsOf(repository, requestedFields(info)) })
          return {
            edges: page.leads.map((node, at) => ({ node, cursor: page.cursors[at] ?? '' })),
            pageInfo: {
              hasNextPage: page.hasNextPage,
              hasPreviousPage: page.hasPreviousPage,
              startCursor: page.cursors[0] ?? null,
              endCursor: page.cursors.at(-1) ?? null,
            },
            complete: page.complete,
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
          searchIsComplete: c.boolean({
            description: 'False while the index of a search is still being filled; later more may be found.',
            resolve: (connection) => connection.complete,
          }),
        }),
      },
      { name: `${names.type}Edge` },
    ),
  )
  builder.queryField(names.single, (t) =>
    t.field({
      ...requires('leads.read'),
      description: `One record of the table ${table.name}, by its id; null where there is none.`,
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
