/** What a person decides of the quality of one record: that a value is right as it is, or that a suggested one takes its place. */
import type { JsonValue } from '../../json.ts'
import { readCell } from '../../leads/cells.ts'
import { versionOf } from '../../leads/reader.ts'
import type { LeadRepository } from '../../leads/repository.ts'
import type { Cell } from '../../values/field-type.ts'
import type { QualityPort, QualitySuggestionView, QualityWaiverView, WaiveResult } from '../quality-port.ts'
import { type Builder, requires } from './builder.ts'
import type { ApiContext, Repositories } from './context.ts'
import { InputInvalidError } from './errors.ts'
import { type TableNames, tableNames } from './lead-names.ts'
import { askedBy, type Refusals, refusalTypes } from './lead-writes.ts'
import { isMasked, shownTo } from './masking.ts'
import { encodeNodeId, idWithin } from './node-id.ts'
import { hasTag, type Results } from './results.ts'
import { reasonLengthMax } from './sizes.ts'
import { refusalOf } from './write-refusal.ts'

export type InTable<Item> = Item & { readonly table: string }

export type QualityDecisionTypes = ReturnType<typeof addQualityDecisionTypes>

/** What waivers and suggestions of all tables are made of. */
export function addQualityDecisionTypes(builder: Builder, port: QualityPort, repositories: Repositories) {
  const idOf = ({ table, key }: { readonly table: string; readonly key: string }) =>
    encodeNodeId(tableNames(table).type, key)
  const shown = ({ table, field }: InTable<QualitySuggestionView>, cell: Cell, context: ApiContext): JsonValue => {
    const repository = repositories.get(table)
    const spec = repository?.table.fields.get(field)?.spec
    if (repository === undefined || spec === undefined) return null
    const read = readCell(spec, cell)
    return shownTo(context, repository.table, field, read.is === 'value' ? read.value : read.text)
  }
  const Waiver = builder.objectRef<InTable<QualityWaiverView>>('QualityWaiver').implement({
    description: 'What a person said is right although a check fails. It holds until the value changes, or an undo.',
    fields: (t) => ({
      recordId: t.id({ resolve: idOf }),
      check: t.exposeString('check'),
      holds: t.exposeBoolean('holds', {
        description: 'False where a value that the check looks at is another now, or the record is gone.',
      }),
      by: t.exposeString('by'),
      at: t.field({ type: 'DateTime', resolve: ({ at }) => at }),
      reason: t.exposeString('reason'),
      actionId: t.id({
        nullable: true,
        description: 'What `undo` takes back; null where it is no longer kept.',
        // It is searched for.
        complexity: 5,
        resolve: async ({ id }) => (await port.waiverAction(id)) ?? null,
      }),
    }),
  })
  const Suggestion = builder.objectRef<InTable<QualitySuggestionView>>('QualitySuggestion').implement({
    description: 'A value that would mend one record. Nothing is written before a person takes it.',
    fields: (t) => ({
      id: t.id({
        nullable: true,
        description:
          'Another value, or another record, has another. Null for who sees the field masked: it follows from the values.',
        resolve: ({ id, table, field }, _args, { viewer }) => {
          const repository = repositories.get(table)
          return repository === undefined || isMasked(viewer.role, repository.table, field) ? null : id
        },
      }),
      recordId: t.id({ resolve: idOf }),
      check: t.exposeString('check'),
      field: t.exposeString('field'),
      before: t.field({
        type: 'JSON',
        nullable: true,
        resolve: (one, _args, context) => shown(one, one.before, context),
      }),
      after: t.field({
        type: 'JSON',
        nullable: true,
        description: 'Null empties the field.',
        resolve: (one, _args, context) => shown(one, one.after, context),
      }),
      why: t.exposeString('why'),
    }),
  })
  const Waived = builder.objectRef<InTable<Extract<WaiveResult, { is: 'waived' }>>>('CheckWaived').implement({
    description: 'The checks count as passed for this record.',
    isTypeOf: (value) => hasTag(value, 'waived'),
    fields: (t) => ({
      recordId: t.id({ resolve: idOf }),
      checks: t.field({ type: ['String'], resolve: ({ checks }) => [...checks] }),
      actionId: t.id({
        nullable: true,
        description: 'What `undo` takes back; null where all of it was said before.',
        resolve: ({ actionId }) => actionId ?? null,
      }),
    }),
  })
  const Accepted = builder
    .objectRef<{
      readonly is: 'accepted'
      readonly suggestion: InTable<QualitySuggestionView>
      readonly actionId: string | null
    }>('SuggestionAccepted')
    .implement({
      description: 'The suggested value was written.',
      isTypeOf: (value) => hasTag(value, 'accepted'),
      fields: (t) => ({
        suggestion: t.field({ type: Suggestion, resolve: ({ suggestion }) => suggestion }),
        actionId: t.exposeID('actionId', { nullable: true, description: 'What `undo` takes back.' }),
      }),
    })
  return { Waiver, Suggestion, Waived, Accepted }
}

interface Parts {
  readonly port: QualityPort
  readonly results: Results
  readonly refusals: Refusals
  readonly types: QualityDecisionTypes
}

/** The root fields of a table: its own names but for the table of leads, which has the plain ones. */
function rootNames({ type }: TableNames) {
  return type === 'Lead'
    ? { waive: 'waiveCheck', accept: 'acceptSuggestion' }
    : { waive: `waive${type}Check`, accept: `accept${type}Suggestion` }
}

export function addQualityDecisions(
  builder: Builder,
  repository: LeadRepository,
  { port, results, refusals, types }: Parts,
) {
  const { name: table } = repository.table
  const names = tableNames(table)
  const { type } = names
  const roots = rootNames(names)
  const keyOf = (id: string) => idWithin(type, id) ?? ''
  const changeReason = { description: 'Why, for the audit log.', validate: { maxLength: reasonLengthMax } }
  const WaiveInput = builder.inputType(`Waive${type}CheckInput`, {
    fields: (t) => ({
      id: t.id({ required: true }),
      checks: t.stringList({
        required: true,
        description: 'Checks that it fails.',
        validate: { minLength: 1, maxLength: 50 },
      }),
      changeReason: t.string(changeReason),
    }),
  })
  const AcceptInput = builder.inputType(`Accept${type}SuggestionInput`, {
    fields: (t) => ({
      id: t.id({ required: true }),
      check: t.string({ required: true, description: 'The check that the suggestion is for.' }),
      suggestionId: t.id({ description: 'Refuses any other suggestion than the one that was seen.' }),
      changeReason: t.string(changeReason),
    }),
  })
  const refusing = refusalTypes(refusals, results)
  builder.mutationFields((t) => ({
    [roots.waive]: t.errorUnionField({
      ...requires('leads.write'),
      description:
        'Says that values of a record are right although checks fail. It lasts until one of these values changes, or an undo.',
      types: [types.Waived, ...refusing],
      union: { name: `Waive${type}CheckResult` },
      args: { input: t.arg({ type: WaiveInput, required: true }) },
      resolve: async (_root, { input: { id, checks, changeReason: why } }, context) => {
        const result = await port.waive(table, keyOf(id), checks, askedBy(context, why))
        return result.is === 'waived' ? { ...result, table } : refusalOf(result, names, id)
      },
    }),
    [roots.accept]: t.errorUnionField({
      ...requires('leads.write'),
      description: 'Writes the value that was suggested for a check of a record. `undo` takes it back.',
      types: [types.Accepted, ...refusing],
      union: { name: `Accept${type}SuggestionResult` },
      args: { input: t.arg({ type: AcceptInput, required: true }) },
      resolve: async (_root, { input: { id, check, suggestionId, changeReason: why } }, context) => {
        const key = keyOf(id)
        // The version first: what changes after it is a conflict, whatever was suggested for it.
        const lead = await repository.get(key)
        if (lead === undefined) return refusalOf({ is: 'not-found' }, names, id)
        const found = (await port.suggestionsFor(table, [key])).get(key)?.find((one) => one.check === check)
        if (found === undefined || (suggestionId != null && suggestionId !== found.id))
          throw new InputInvalidError([
            {
              path: ['input', found === undefined ? 'check' : 'suggestionId'],
              message:
                found === undefined ? 'has no suggestion for this record' : 'is not what is suggested now; look again',
            },
          ])
        const { field, after } = found
        const spec = repository.table.fields.get(field)?.spec
        const read = spec === undefined ? undefined : readCell(spec, after)
        const value = read?.is === 'value' ? read.value : null
        const version = versionOf(repository.table, lead)
        const result = await repository.update(key, { [field]: value }, askedBy(context, why), version)
        return result.is === 'written'
          ? { is: 'accepted' as const, suggestion: { ...found, table }, actionId: result.actionId ?? null }
          : refusalOf(result, names, id)
      },
    }),
  }))
}
