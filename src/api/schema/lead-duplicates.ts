/** Records that are one: groups side by side, their merge, and a person's word that two are not duplicates. */
import type { JsonValue } from '../../json.ts'
import { readCell } from '../../leads/cells.ts'
import type {
  DuplicateEvidence,
  DuplicateGroup,
  DuplicatePair,
  LeadDuplicates,
  MergedField,
  MergePreview,
  MergeResult,
  TellApartResult,
  ToldApart,
} from '../../leads/duplicates.ts'
import type { Lead } from '../../leads/reader.ts'
import type { LeadRepository } from '../../leads/repository.ts'
import type { Cell } from '../../values/field-type.ts'
import { may } from '../auth/permissions.ts'
import { type Builder, pageSizeDefault, requires } from './builder.ts'
import type { ApiContext } from './context.ts'
import { InputInvalidError } from './errors.ts'
import { recordFieldName, type TableNames } from './lead-names.ts'
import type { LeadTypes } from './lead-types.ts'
import { askedBy, type Refusals, refusalTypes } from './lead-writes.ts'
import { shownTo } from './masking.ts'
import { encodeNodeId, idWithin } from './node-id.ts'
import { forwards, pageOf } from './paging.ts'
import type { Results } from './results.ts'
import { hasTag } from './results.ts'
import { reasonLengthMax } from './sizes.ts'
import { refusalOf } from './write-refusal.ts'

interface OfTable {
  readonly repository: LeadRepository
  readonly names: TableNames
}

type InTable<Item> = Item & OfTable

export type DuplicateTypes = ReturnType<typeof addDuplicateTypes>

/** What the groups of all tables are made of. */
export function addDuplicateTypes(builder: Builder) {
  const State = builder.enumType('DuplicateState', {
    description: 'MERGE: sure enough to be merged unasked. REVIEW: a person decides.',
    values: { MERGE: { value: 'merge' }, REVIEW: { value: 'review' } } as const,
  })
  const Evidence = builder.objectRef<DuplicateEvidence>('DuplicateEvidence').implement({
    description: 'One step of the sum that makes a confidence.',
    fields: (t) => ({
      field: t.exposeString('field'),
      level: t.exposeString('level', { description: 'How near the two values are.' }),
      bits: t.exposeFloat('bits', { description: 'log2 of how much more often that is seen among duplicates.' }),
      likeness: t.exposeFloat('likeness', { nullable: true }),
      sharers: t.exposeInt('sharers', { nullable: true, description: 'How many records have the equal value.' }),
    }),
  })
  const Pair = builder.objectRef<InTable<DuplicatePair>>('DuplicatePair').implement({
    description: 'Two records that may be one, with all that speaks for and against it.',
    fields: (t) => ({
      oneId: t.id({ resolve: ({ one, names }) => encodeNodeId(names.type, one) }),
      otherId: t.id({ resolve: ({ other, names }) => encodeNodeId(names.type, other) }),
      confidence: t.exposeFloat('confidence'),
      rules: t.field({ type: ['String'], resolve: ({ rules }) => [...rules] }),
      explanation: t.exposeString('explanation'),
      priorBits: t.exposeFloat('priorBits', { description: 'Log-odds before anything was compared.' }),
      evidence: t.field({ type: [Evidence], resolve: ({ evidence }) => [...evidence] }),
    }),
  })
  const Merged = builder.objectRef<InTable<MergedField>>('MergedField').implement({
    description: 'A field of the record that stays, and what it takes from the others.',
    fields: (t) => ({
      field: t.exposeString('field'),
      before: t.field({
        type: 'JSON',
        nullable: true,
        resolve: (one, _args, context) => shownCell(one, one.field, one.before, context),
      }),
      after: t.field({
        type: 'JSON',
        nullable: true,
        resolve: (one, _args, context) => shownCell(one, one.field, one.after, context),
      }),
      fromId: t.id({
        nullable: true,
        description: 'Null where several records give it.',
        resolve: ({ from, names }) => (from === null ? null : encodeNodeId(names.type, from)),
      }),
    }),
  })
  const References = builder.objectRef<MergePreview['references'][number]>('MergedReferences').implement({
    description: 'Records of another table that follow the one that stays.',
    fields: (t) => ({ table: t.exposeString('table'), count: t.exposeInt('count') }),
  })
  const Apart = builder.objectRef<InTable<ToldApart>>('ToldApart').implement({
    description: 'A pair of which a person said that it is none. It holds until that is undone.',
    fields: (t) => ({
      oneId: t.id({ resolve: ({ one, names }) => encodeNodeId(names.type, one) }),
      otherId: t.id({ resolve: ({ other, names }) => encodeNodeId(names.type, other) }),
      by: t.exposeString('by'),
      at: t.field({ type: 'DateTime', resolve: ({ at }) => at }),
      reason: t.exposeString('reason'),
    }),
  })
  const Told = builder
    .objectRef<InTable<Extract<TellApartResult, { is: 'told-apart' }>>>('MarkedNotDuplicate')
    .implement({
      description: 'No two of the records count as duplicates any more.',
      isTypeOf: (value) => hasTag(value, 'told-apart'),
      fields: (t) => ({
        ids: t.field({ type: ['ID'], resolve: ({ keys, names }) => keys.map((key) => encodeNodeId(names.type, key)) }),
        actionId: t.id({
          nullable: true,
          description: 'What `undo` takes back; null where they were told apart already.',
          resolve: ({ actionId }) => actionId ?? null,
        }),
      }),
    })
  return { State, Pair, Merged, References, Apart, Told }
}

function shownCell({ repository }: OfTable, field: string, cell: Cell, context: ApiContext): JsonValue {
  const spec = repository.table.fields.get(field)?.spec
  if (spec === undefined) return null
  const read = readCell(spec, cell)
  const value = read.is === 'value' ? read.value : read.text
  if (!may(context.viewer, 'leads.read')) return null
  return shownTo(context, repository.table, field, value)
}

/** The root fields of a table: its own names but for the table of leads, which has the plain ones. */
function rootNames({ type, list }: TableNames) {
  return type === 'Lead'
    ? { groups: 'duplicateGroups', apart: 'notDuplicates', merge: 'mergeLeads', mark: 'markNotDuplicate' }
    : {
        groups: `${list}DuplicateGroups`,
        apart: `${list}NotDuplicates`,
        merge: `merge${list.charAt(0).toUpperCase()}${list.slice(1)}`,
        mark: `mark${type}NotDuplicate`,
      }
}

interface Parts {
  readonly results: Results
  readonly refusals: Refusals
  readonly duplicates: DuplicateTypes
}

export function addDuplicates(
  builder: Builder,
  repository: LeadRepository,
  duplicates: LeadDuplicates,
  names: TableNames,
  types: LeadTypes,
  parts: Parts,
) {
  const { State, Pair, Merged, Apart } = parts.duplicates
  const { type } = names
  const roots = rootNames(names)
  const inTable = <Item extends object>(item: Item): InTable<Item> => ({ ...item, repository, names })
  const idOf = (key: string) => encodeNodeId(type, key)

  const Group = builder.objectRef<DuplicateGroup>(`${type}DuplicateGroup`).implement({
    description: 'Records that are one, or may be, side by side.',
    fields: (t) => ({
      id: t.exposeID('id', { description: 'The same as long as its records are.' }),
      state: t.field({ type: State, resolve: ({ state }) => state }),
      confidence: t.exposeFloat('confidence', { description: 'Of the weakest link that holds it together, 0 to 1.' }),
      rule: t.exposeString('rule', {
        description: 'The declared rule of its surest pair; `likeness` where all fields together speak.',
      }),
      records: t.field({
        type: [types.Record],
        resolve: async ({ keys }) => (await Promise.all(keys.map((key) => repository.get(key)))).filter(isThere),
      }),
      survivorId: t.id({ description: 'The record that would stay.', resolve: ({ survivor }) => idOf(survivor) }),
      changes: t.field({
        type: [Merged],
        description: 'What would change in it.',
        resolve: ({ changes }) => changes.map(inTable),
      }),
      pairs: t.field({ type: [Pair], resolve: ({ pairs }) => pairs.map(inTable) }),
      actionId: t.exposeID('actionId', {
        nullable: true,
        description: 'The planned merge: of this group, or of all that one rule is sure of.',
      }),
    }),
  })

  builder.queryFields((t) => ({
    [roots.groups]: t.connection(
      {
        ...requires('leads.read'),
        type: Group,
        description: `Duplicates of the table ${repository.table.name}: those that are merged unasked, then those that wait, the surest first.`,
        args: {
          state: t.arg({ type: State }),
          of: t.arg.id({ description: 'The group of this record only.' }),
        },
        complexity: ({ first }) => ({ field: 2, multiplier: first ?? pageSizeDefault }),
        resolve: async (_root, { state, of, ...span }) => {
          const { limit, after } = forwards(span)
          const passed = after === undefined ? 0 : placeOf(after)
          const found = await duplicates.groups({
            state: state ?? undefined,
            key: of == null ? undefined : (idWithin(type, of) ?? ''),
            limit: limit + 1,
            after: passed,
          })
          const places = new Map(found.map((group, at) => [group, passed + at + 1]))
          return { ...pageOf(found, limit, after, (group) => `${places.get(group) ?? 0}`), counts: duplicates.counts }
        },
      },
      {
        name: `${type}DuplicateGroupConnection`,
        fields: (c) => ({
          mergeCount: c.int({
            description: 'All groups that are merged unasked.',
            resolve: async ({ counts }) => (await counts()).merge,
          }),
          reviewCount: c.int({
            description: 'All groups that wait for a person.',
            resolve: async ({ counts }) => (await counts()).review,
          }),
        }),
      },
      { name: `${type}DuplicateGroupEdge` },
    ),
    [roots.apart]: t.field({
      ...requires('leads.read'),
      type: [Apart],
      description: 'Pairs that people told apart, oldest first.',
      resolve: async () => (await duplicates.toldApart()).map(inTable),
    }),
  }))
  addMutations(builder, repository, duplicates, names, types, parts)
}

function addMutations(
  builder: Builder,
  repository: LeadRepository,
  duplicates: LeadDuplicates,
  names: TableNames,
  types: LeadTypes,
  { results, refusals, duplicates: { Merged, References, Told } }: Parts,
) {
  const { type, single } = names
  const roots = rootNames(names)
  const inTable = <Item extends object>(item: Item): InTable<Item> => ({ ...item, repository, names })
  const keyOf = (id: string) => idWithin(type, id) ?? ''
  const idOf = (key: string) => encodeNodeId(type, key)
  const Preview = builder.objectRef<Extract<MergeResult, { is: 'would-merge' }>>(`${type}MergePreview`).implement({
    description: 'What a merge would do; nothing was done.',
    isTypeOf: (value) => hasTag(value, 'would-merge'),
    fields: (t) => ({
      survivorId: t.id({ resolve: ({ preview }) => idOf(preview.survivor) }),
      removedIds: t.field({ type: ['ID'], resolve: ({ preview }) => preview.removed.map(idOf) }),
      changes: t.field({ type: [Merged], resolve: ({ preview }) => preview.changes.map(inTable) }),
      references: t.field({ type: [References], resolve: ({ preview }) => [...preview.references] }),
    }),
  })
  const Done = builder
    .objectRef<Extract<MergeResult, { is: 'merged' }> & { readonly lead: Lead | undefined }>(`${type}Merged`)
    .implement({
      description: 'The record that stayed, with what it took from the others.',
      isTypeOf: (value) => hasTag(value, 'merged'),
      fields: (t) => ({
        [single]: t.field({
          type: types.Record,
          nullable: true,
          description: 'For who may read records.',
          resolve: ({ lead }, _args, { viewer }) => (may(viewer, 'leads.read') ? (lead ?? null) : null),
        }),
        survivorId: t.id({ resolve: ({ key }) => idOf(key) }),
        removedIds: t.field({ type: ['ID'], resolve: ({ preview }) => preview.removed.map(idOf) }),
        changes: t.field({ type: [Merged], resolve: ({ preview }) => preview.changes.map(inTable) }),
        references: t.field({ type: [References], resolve: ({ preview }) => [...preview.references] }),
        actionId: t.exposeID('actionId', { description: 'What `undo` takes back: it splits them again.' }),
      }),
    })
  const TakeInput = builder.inputType(`${type}MergeTake`, {
    fields: (t) => ({
      field: t.string({ required: true }),
      fromId: t.id({ required: true, description: 'The record whose value it takes.' }),
    }),
  })
  const reason = { description: 'Why, for the audit log.', validate: { maxLength: reasonLengthMax } }
  const MergeInput = builder.inputType(`Merge${type}Input`, {
    fields: (t) => ({
      ids: t.idList({ required: true, description: 'Two records or more; 50 at most.', validate: { maxLength: 50 } }),
      survivorId: t.id({ description: 'The record that stays; by the declared strategy where it is left out.' }),
      take: t.field({ type: [TakeInput], description: 'Fields whose value is chosen otherwise than declared.' }),
      dryRun: t.boolean({ description: 'Only tell what would be done.' }),
      changeReason: t.string(reason),
    }),
  })
  const MarkInput = builder.inputType(`Mark${type}NotDuplicateInput`, {
    fields: (t) => ({
      ids: t.idList({
        required: true,
        description: 'Two records or more: no pair of them is one.',
        validate: { maxLength: 50 },
      }),
      changeReason: t.string(reason),
    }),
  })
  const refusing = refusalTypes(refusals, results)
  builder.mutationFields((t) => ({
    [roots.merge]: t.errorUnionField({
      ...requires('leads.write'),
      description:
        'Merges records into one: references follow, what is lost is kept in the history, and `undo` splits them again.',
      types: [Done, Preview, ...refusing],
      union: { name: `Merge${type}Result` },
      args: { input: t.arg({ type: MergeInput, required: true }) },
      resolve: async (_root, { input }, context) => {
        const { ids, survivorId, take, dryRun, changeReason } = input
        const fields = new Map([...repository.table.fields.keys()].map((name) => [recordFieldName(name), name]))
        const result = await duplicates.merge(
          {
            keys: ids.map(keyOf),
            survivor: survivorId == null ? undefined : keyOf(survivorId),
            take: new Map((take ?? []).map(({ field, fromId }) => [fields.get(field) ?? field, keyOf(fromId)])),
          },
          askedBy(context, changeReason),
          dryRun ?? false,
        )
        if (result.is === 'merged') return { ...result, lead: await repository.get(result.key) }
        return result.is === 'would-merge' ? result : refusedAs(result, names)
      },
    }),
    [roots.mark]: t.errorUnionField({
      ...requires('leads.write'),
      description: 'Says that no two of these records are duplicates. It lasts until it is undone.',
      types: [Told, ...refusing],
      union: { name: `Mark${type}NotDuplicateResult` },
      args: { input: t.arg({ type: MarkInput, required: true }) },
      resolve: async (_root, { input: { ids, changeReason } }, context) => {
        const result = await duplicates.tellApart(ids.map(keyOf), askedBy(context, changeReason))
        return result.is === 'told-apart' ? inTable(result) : refusedAs(result, names)
      },
    }),
  }))
}

type Refused = Exclude<MergeResult, { is: 'merged' | 'would-merge' }> | Exclude<TellApartResult, { is: 'told-apart' }>

function refusedAs(result: Refused, names: TableNames) {
  const id = result.is === 'not-found' ? encodeNodeId(names.type, result.key) : ''
  return refusalOf(result, names, id, 'A record was changed since it was read; nothing was merged.')
}

function placeOf(cursor: string): number {
  const place = /^\d{1,9}$/u.test(cursor) ? Number(cursor) : undefined
  if (place === undefined)
    throw new InputInvalidError([{ path: ['after'], message: 'is no cursor of this list; start again without it' }])
  return place
}

function isThere(lead: Lead | undefined): lead is Lead {
  return lead !== undefined
}
