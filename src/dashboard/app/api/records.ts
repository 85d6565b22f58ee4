/**
 * Records of declared tables. Their fields come from the desired state, so the documents are made from what the API says of
 * its own types; nothing about a table is written down here.
 */
import * as z from 'zod/mini'

/** How one column is shown, filtered and edited. */
export interface Column {
  readonly name: string
  readonly is: 'text' | 'number' | 'boolean' | 'choice' | 'json' | 'moment' | 'list'
  readonly choices: readonly string[]
  readonly editable: boolean
  readonly sortable: boolean
  readonly filter: string | undefined
}

/** One declared table and the names of its operations. */
export interface RecordTable {
  readonly type: string
  readonly single: string
  readonly list: string
  readonly groups: string | undefined
  readonly merge: string | undefined
  readonly markApart: string | undefined
  readonly update: string | undefined
  readonly waive: string | undefined
  readonly accept: string | undefined
  readonly searchable: boolean
}

const named = z.object({
  name: z.nullable(z.string()),
  ofType: z.optional(z.nullable(z.object({ name: z.nullable(z.string()) }))),
})
export const tablesShape = z.object({
  __schema: z.object({
    queryType: z.object({
      fields: z.array(
        z.object({ name: z.string(), type: named, args: z.array(z.object({ name: z.string(), type: named })) }),
      ),
    }),
    mutationType: z.nullable(z.object({ fields: z.array(z.object({ name: z.string() })) })),
  }),
})

/** The tables in a schema: what has a list that can be filtered and ordered. */
export function tablesOf({
  __schema: { queryType, mutationType },
}: z.output<typeof tablesShape>): readonly RecordTable[] {
  const mutations = new Set(mutationType?.fields.map(({ name }) => name))
  return queryType.fields.flatMap(({ name: list, args }) => {
    const filter = args.find(({ name }) => name === 'filter')?.type.name
    if (filter === undefined || filter === null || !args.some(({ name }) => name === 'orderBy')) return []
    const type = filter.slice(0, -'Filter'.length)
    const groups = queryType.fields.find((field) => field.type.ofType?.name === `${type}DuplicateGroupConnection`)?.name
    const known = (name: string) => (mutations.has(name) ? name : undefined)
    const plural = list.charAt(0).toUpperCase() + list.slice(1)
    return [
      {
        type,
        single: type.charAt(0).toLowerCase() + type.slice(1),
        list,
        groups,
        merge: groups === undefined ? undefined : known(`merge${plural}`),
        markApart: known(groups === 'duplicateGroups' ? 'markNotDuplicate' : `mark${type}NotDuplicate`),
        update: known(`update${type}`),
        waive: known(type === 'Lead' ? 'waiveCheck' : `waive${type}Check`),
        accept: known(type === 'Lead' ? 'acceptSuggestion' : `accept${type}Suggestion`),
        searchable: args.some(({ name }) => name === 'search'),
      },
    ]
  })
}

const enumValues = z.optional(z.nullable(z.array(z.object({ name: z.string() }))))
export const columnsShape = z.object({
  record: z.nullable(
    z.object({
      fields: z.array(
        z.object({
          name: z.string(),
          type: z.object({
            kind: z.string(),
            name: z.nullable(z.string()),
            enumValues,
            ofType: z.nullable(z.object({ kind: z.string(), name: z.nullable(z.string()), enumValues })),
          }),
        }),
      ),
    }),
  ),
  input: z.nullable(z.object({ inputFields: z.array(z.object({ name: z.string() })) })),
  filter: z.nullable(
    z.object({
      inputFields: z.array(z.object({ name: z.string(), type: z.object({ name: z.nullable(z.string()) }) })),
    }),
  ),
  order: z.nullable(z.object({ enumValues: z.array(z.object({ name: z.string() })) })),
})

/** What a record has besides its columns. */
const ownFields = new Set(['id', 'recordKey', 'rowVersion', 'syncStatus', 'dataQuality', 'unreadableValues', 'history'])
const kinds: Readonly<Record<string, Column['is']>> = {
  Boolean: 'boolean',
  Int: 'number',
  Float: 'number',
  JSON: 'json',
  Date: 'moment',
  DateTime: 'moment',
}

/** The variables of {@link documents.columns} for a table. */
export function columnNames({ type }: RecordTable): Readonly<Record<string, string>> {
  return { record: type, input: `Update${type}Input`, filter: `${type}Filter`, order: `${type}OrderField` }
}

export function columnsOf({ record, input, filter, order }: z.output<typeof columnsShape>): readonly Column[] {
  const editable = new Set(input?.inputFields.map(({ name }) => name))
  const sortable = new Set(order?.enumValues.map(({ name }) => name))
  const filters = new Map(filter?.inputFields.map(({ name, type }) => [name, type.name ?? undefined]))
  return (record?.fields ?? []).flatMap(({ name, type }) => {
    const bare = type.kind === 'NON_NULL' && type.ofType !== null ? type.ofType : type
    if (ownFields.has(name) || !['SCALAR', 'ENUM', 'LIST'].includes(bare.kind)) return []
    const is = bare.kind === 'LIST' ? 'list' : bare.kind === 'ENUM' ? 'choice' : (kinds[bare.name ?? ''] ?? 'text')
    const choices = bare.enumValues?.map((value) => value.name) ?? []
    const mayEdit = editable.has(name) && is !== 'list'
    return [{ name, is, choices, editable: mayEdit, sortable: sortable.has(name), filter: filters.get(name) }]
  })
}

const fieldsOf = (columns: readonly Column[]) => columns.map(({ name }) => name).join(' ')

export const row = z.catchall(z.object({ id: z.string() }), z.unknown())
export type Row = z.output<typeof row>
export const rowsShape = z.object({
  page: z.object({
    nodes: z.array(row),
    totalCount: z.number(),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.nullable(z.string()) }),
  }),
})

/** One page of rows, with the shown columns alone, so that the database reads no others. */
export function rowsDocument({ type, list }: RecordTable, columns: readonly Column[]): string {
  return `query Rows($filter: ${type}Filter, $orderBy: ${type}Order, $search: String, $first: Int, $after: String, $skip: Int) {
    page: ${list}(filter: $filter, orderBy: $orderBy, search: $search, first: $first, after: $after, skip: $skip) {
      nodes { id ${fieldsOf(columns)} } totalCount pageInfo { hasNextPage endCursor } } }`
}

const suggestion = z.object({
  id: z.nullable(z.string()),
  check: z.string(),
  field: z.string(),
  before: z.unknown(),
  after: z.unknown(),
  why: z.string(),
})
export type Suggestion = z.output<typeof suggestion>
const waiver = z.object({
  check: z.string(),
  by: z.string(),
  at: z.string(),
  reason: z.string(),
  holds: z.boolean(),
  actionId: z.nullable(z.string()),
})
export type Waiver = z.output<typeof waiver>
const history = z.object({
  isComplete: z.boolean(),
  keptSince: z.string(),
  events: z.array(
    z.object({
      kind: z.string(),
      field: z.nullable(z.string()),
      before: z.unknown(),
      after: z.unknown(),
      at: z.nullable(z.string()),
      notBefore: z.nullable(z.string()),
      notAfter: z.nullable(z.string()),
      by: z.string(),
      who: z.nullable(z.string()),
      actionId: z.nullable(z.string()),
      summary: z.nullable(z.string()),
      isCertain: z.boolean(),
      isUndone: z.boolean(),
    }),
  ),
})
export type RecordHistory = z.output<typeof history>

const own = z.object({
  id: z.string(),
  recordKey: z.string(),
  rowVersion: z.string(),
  unreadableValues: z.array(z.object({ field: z.string(), text: z.string() })),
  syncStatus: z.optional(
    z.nullable(
      z.object({
        status: z.string(),
        detail: z.nullable(z.string()),
        recordId: z.nullable(z.string()),
        airtableUrl: z.nullable(z.string()),
        localChangedAt: z.nullable(z.string()),
        airtableChangedAt: z.nullable(z.string()),
      }),
    ),
  ),
  dataQuality: z.optional(
    z.nullable(
      z.object({
        score: z.number(),
        fields: z.array(z.object({ field: z.string(), score: z.number() })),
        issues: z.array(
          z.object({ check: z.string(), field: z.nullable(z.string()), reason: z.string(), severity: z.string() }),
        ),
        suggestions: z.array(suggestion),
        waived: z.array(waiver),
      }),
    ),
  ),
  history: z.optional(z.nullable(history)),
})
export const recordShape = z.object({ record: z.nullable(z.catchall(own, z.unknown())) })
export type RecordView = NonNullable<z.output<typeof recordShape>['record']>

const ownParts = `id recordKey rowVersion unreadableValues { field text }`
const judgements = {
  syncStatus: '{ status detail recordId airtableUrl localChangedAt airtableChangedAt }',
  dataQuality: `{ score fields { field score } issues { check field reason severity }
    suggestions { id check field before after why } waived { check by at reason holds actionId } }`,
  history: `{ isComplete keptSince events { kind field before after at notBefore notAfter by who actionId summary isCertain isUndone } }`,
} as const
export type Judgement = keyof typeof judgements

/** What else is told of a record: only where its table has a mirror, or declares its quality. */
export function judgementsOf({ record }: z.output<typeof columnsShape>): readonly Judgement[] {
  const names = new Set(record?.fields.map(({ name }) => name))
  return (['syncStatus', 'dataQuality', 'history'] as const).filter((name) => names.has(name))
}

export function recordDocument(
  { single }: RecordTable,
  columns: readonly Column[],
  judged: readonly Judgement[],
): string {
  const parts = judged.map((name) => `${name} ${judgements[name]}`).join(' ')
  return `query Record($id: ID!) { record: ${single}(id: $id) { ${ownParts} ${parts} ${fieldsOf(columns)} } }`
}

const refusals =
  '... on UserError { code message } ... on InputInvalid { fieldErrors { field message } } ... on WriteWaiting { reasons }'

export function updateDocument({ type, update }: RecordTable): string {
  return `mutation Update($input: Update${type}Input!) { outcome: ${update}(input: $input) { __typename
    ... on ${type}Saved { actionId } ${refusals} ... on VersionConflict { currentVersion } ... on DuplicateValue { field existingId } } }`
}

export function waiveDocument({ type, waive }: RecordTable): string {
  return `mutation Waive($input: Waive${type}CheckInput!) { outcome: ${waive}(input: $input) { __typename ... on CheckWaived { actionId } ${refusals} } }`
}

export function acceptDocument({ type, accept }: RecordTable): string {
  return `mutation Accept($input: Accept${type}SuggestionInput!) { outcome: ${accept}(input: $input) { __typename ... on SuggestionAccepted { actionId } ${refusals} } }`
}

const outcomeFields = {
  __typename: z.string(),
  code: z.optional(z.string()),
  message: z.optional(z.string()),
  fieldErrors: z.optional(z.array(z.object({ field: z.nullable(z.string()), message: z.string() }))),
  actionId: z.optional(z.nullable(z.string())),
  reasons: z.optional(z.array(z.string())),
  existingId: z.optional(z.string()),
}
export const writtenShape = z.object({ outcome: z.object(outcomeFields) })

const evidence = z.object({
  field: z.string(),
  level: z.string(),
  bits: z.number(),
  likeness: z.nullable(z.number()),
})
export const groupsShape = z.object({
  groups: z.object({
    mergeCount: z.number(),
    reviewCount: z.number(),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.nullable(z.string()) }),
    nodes: z.array(
      z.object({
        id: z.string(),
        state: z.string(),
        confidence: z.number(),
        rule: z.string(),
        survivorId: z.string(),
        actionId: z.nullable(z.string()),
        records: z.array(row),
        changes: z.array(
          z.object({ field: z.string(), before: z.unknown(), after: z.unknown(), fromId: z.nullable(z.string()) }),
        ),
        pairs: z.array(
          z.object({
            oneId: z.string(),
            otherId: z.string(),
            confidence: z.number(),
            explanation: z.string(),
            rules: z.array(z.string()),
            evidence: z.array(evidence),
          }),
        ),
      }),
    ),
  }),
})
export type DuplicateGroup = z.output<typeof groupsShape>['groups']['nodes'][number]

export function groupsDocument({ groups }: RecordTable, columns: readonly Column[]): string {
  return `query Groups($state: DuplicateState, $after: String) { groups: ${groups}(state: $state, first: 20, after: $after) {
    mergeCount reviewCount pageInfo { hasNextPage endCursor }
    nodes { id state confidence rule survivorId actionId changes { field before after fromId } records { id recordKey ${fieldsOf(columns)} }
      pairs { oneId otherId confidence explanation rules evidence { field level bits likeness } } } } }`
}

export function mergeDocument({ type, merge }: RecordTable): string {
  return `mutation Merge($input: Merge${type}Input!) { outcome: ${merge}(input: $input) { __typename ... on ${type}Merged { actionId survivorId } ${refusals} } }`
}

export function apartDocument({ type, markApart }: RecordTable): string {
  return `mutation Apart($input: Mark${type}NotDuplicateInput!) { outcome: ${markApart}(input: $input) { __typename ... on MarkedNotDuplicate { actionId } ${refusals} } }`
}
