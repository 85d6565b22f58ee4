/** Erasing the person of a record, for good. */
import type { EraseOutcome, PersonRecords } from '../../leads/ports.ts'
import type { LeadRepository } from '../../leads/repository.ts'
import { actorOf } from '../auth/permissions.ts'
import type { SuppressionView } from '../people-views.ts'
import { type Builder, requires } from './builder.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import type { TableNames } from './lead-names.ts'
import type { Refusals } from './lead-writes.ts'
import { encodeNodeId, idWithin } from './node-id.ts'
import { hasTag, type Results } from './results.ts'
import { reasonLengthMax } from './sizes.ts'
import type { ErasureTypes } from './suppressions.ts'

interface Erased {
  readonly is: 'person-erased'
  readonly id: string
  readonly actionId: string
  readonly outcome: NonNullable<SuppressionView['outcome']>
}

interface WouldErase {
  readonly is: 'would-erase'
  readonly records: readonly PersonRecords[]
}

export type ErasureResults = ReturnType<typeof addErasureResults>

/** What the erasures of all tables give. */
export function addErasureResults(builder: Builder, { Count, Outcome }: ErasureTypes) {
  const Erased = builder.objectRef<Erased>('PersonErased').implement({
    description: 'The person is gone and on the suppression list. This cannot be undone.',
    isTypeOf: (value) => hasTag(value, 'person-erased'),
    fields: (t) => ({
      id: t.exposeID('id'),
      actionId: t.exposeID('actionId', { description: 'Also the id of the suppression.' }),
      outcome: t.field({ type: Outcome, resolve: ({ outcome }) => outcome }),
    }),
  })
  const Records = builder.objectRef<PersonRecords>('PersonRecords').implement({
    description: 'Records of one person in one table.',
    fields: (t) => ({
      table: t.exposeString('table'),
      keys: t.field({ type: ['String'], resolve: ({ keys }) => [...keys] }),
      referring: t.field({
        type: [Count],
        description: 'Records of other tables that refer to these and go with them.',
        resolve: ({ referring }) => referring.map(({ table, count }) => ({ name: table, count })),
      }),
    }),
  })
  const WouldErase = builder.objectRef<WouldErase>('ErasurePreview').implement({
    description: 'What an erasure would remove; nothing was done.',
    isTypeOf: (value) => hasTag(value, 'would-erase'),
    fields: (t) => ({ records: t.field({ type: [Records], resolve: ({ records }) => [...records] }) }),
  })
  return { Erased, WouldErase }
}

export function addErasure(
  builder: Builder,
  repository: LeadRepository,
  names: TableNames,
  ports: { readonly results: Results; readonly refusals: Refusals; readonly erasures: ErasureResults },
) {
  const { type, single } = names
  const { results, refusals, erasures } = ports
  const EraseInput = builder.inputType(`Erase${type}Input`, {
    fields: (t) => ({
      id: t.id({ required: true }),
      reason: t.string({
        required: true,
        description: 'Kept for ever, so it must not name the person.',
        validate: { minLength: 1, maxLength: reasonLengthMax },
      }),
      dryRun: t.boolean({ description: 'Only tell what would be removed.' }),
    }),
  })
  builder.mutationField(`erase${type}`, (t) =>
    t.errorUnionField({
      ...requires('people.erase'),
      types: [
        erasures.Erased,
        erasures.WouldErase,
        refusals.Waiting,
        refusals.Failed,
        results.NotFound,
        ForbiddenError,
        InputInvalidError,
      ],
      union: { name: `Erase${type}Result` },
      description:
        'Erases the person of this record: every record of theirs in every managed table, with checkpoints, previews and the search index. Cannot be undone.',
      args: { input: t.arg({ type: EraseInput, required: true }) },
      resolve: async (_root, { input: { id, reason, dryRun } }, { viewer }) => {
        const key = idWithin(type, id) ?? ''
        const outcome = await repository.erase({ key, reason, actor: actorOf(viewer), dryRun: dryRun ?? false })
        return resultOf(outcome, encodeNodeId(type, key), single)
      },
    }),
  )
}

function resultOf(result: EraseOutcome, id: string, single: string) {
  switch (result.is) {
    case 'erased':
      return { is: 'person-erased' as const, id, actionId: result.actionId, outcome: result.outcome }
    case 'would-erase':
      return result
    case 'not-found':
      return { is: 'not-found' as const, message: `There is no ${single} ${id}.` }
    case 'reason-names-person':
      throw new InputInvalidError([
        { path: ['input', 'reason'], message: 'names the person, and would keep that for ever; say it without' },
      ])
    case 'waiting':
      return { ...result, message: result.reasons.join('; ') }
    case 'failed':
      return { is: 'failed' as const, actionId: result.actionId, message: result.reason }
  }
}
