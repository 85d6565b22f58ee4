/** The suppression list: whom nothing may bring back, without a word about who they are. */
import { isoOf } from '../../clock.ts'
import { actorOf } from '../auth/permissions.ts'
import type { SuppressionView } from '../people-views.ts'
import type { EnginePort } from '../ports.ts'
import { type Builder, requires } from './builder.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import { hasTag, type Results } from './results.ts'
import { reasonLengthMax } from './sizes.ts'

export interface CountView {
  readonly name: string
  readonly count: number
}

export interface RemainView {
  readonly file: string
  readonly reason: string
}

type ReportLineView = NonNullable<SuppressionView['outcome']>['report'][number]

export type ErasureTypes = ReturnType<typeof addErasureTypes>

/** What an erasure tells, shared by the list and by the mutations of all tables. */
export function addErasureTypes(builder: Builder) {
  const Count = builder.objectRef<CountView>('ErasedCount').implement({
    description: 'How many were removed, by name of the place.',
    fields: (t) => ({ name: t.exposeString('name'), count: t.exposeInt('count') }),
  })
  const Remain = builder.objectRef<RemainView>('ErasureRemain').implement({
    description: 'A file that still holds an address of the person, and why.',
    fields: (t) => ({ file: t.exposeString('file'), reason: t.exposeString('reason') }),
  })
  const ReportLine = builder.objectRef<ReportLineView>('ErasureReportLine').implement({
    description: 'One place in the report of an erasure.',
    fields: (t) => ({
      kind: t.exposeString('kind', { description: 'table, kept, file, airtable, backup or list.' }),
      place: t.exposeString('place'),
      looked: t.exposeString('looked', { description: 'How it was looked at.' }),
      removed: t.exposeInt('removed'),
      holds: t.exposeString('holds', { description: 'Whether it holds the person still: no, yes, maybe or unknown.' }),
      until: t.field({ type: 'DateTime', nullable: true, resolve: ({ until }) => until }),
      note: t.exposeString('note'),
    }),
  })
  const Outcome = builder.objectRef<NonNullable<SuppressionView['outcome']>>('ErasureOutcome').implement({
    description: 'What an erasure removed, and what it found afterwards.',
    fields: (t) => ({
      rows: t.field({ type: [Count], resolve: ({ rows }) => rows.map(({ table, count }) => ({ name: table, count })) }),
      traces: t.field({
        type: [Count],
        description: 'What was removed besides: from checkpoints, previews, the search index, the migration log.',
        resolve: ({ traces }) => traces.map(({ from, count }) => ({ name: from, count })),
      }),
      filesSearched: t.int({ resolve: ({ searched }) => searched }),
      remains: t.field({ type: [Remain], resolve: ({ remains }) => [...remains] }),
      report: t.field({
        type: [ReportLine],
        description: 'Every place that was looked at or cannot be; empty for an erasure of an earlier version.',
        resolve: ({ report }) => [...report],
      }),
    }),
  })
  return { Count, Outcome }
}

export function addSuppressions(builder: Builder, engine: EnginePort, results: Results, { Outcome }: ErasureTypes) {
  const Suppression = builder.objectRef<SuppressionView>('Suppression').implement({
    description: 'One erased person. Only keyed hashes of their identities are kept.',
    fields: (t) => ({
      id: t.exposeID('id', { description: 'The id of the action that erased them.' }),
      table: t.exposeString('table'),
      reason: t.exposeString('reason'),
      by: t.exposeString('by'),
      at: t.field({ type: 'DateTime', resolve: ({ atMs }) => isoOf(atMs) }),
      identities: t.exposeInt('identities', { description: 'How many are suppressed; 0 once it was lifted.' }),
      liftedAt: t.field({
        type: 'DateTime',
        nullable: true,
        resolve: ({ lifted }) => (lifted === undefined ? null : isoOf(lifted.atMs)),
      }),
      liftedBy: t.string({ nullable: true, resolve: ({ lifted }) => lifted?.by ?? null }),
      liftedReason: t.string({ nullable: true, resolve: ({ lifted }) => lifted?.reason ?? null }),
      outcome: t.field({
        type: Outcome,
        nullable: true,
        description: 'Null while the erasure is under way.',
        resolve: ({ outcome }) => outcome,
      }),
    }),
  })
  builder.queryFields((t) => ({
    suppressions: t.field({
      ...requires('people.erase'),
      type: [Suppression],
      description: 'Erased people, the latest first.',
      resolve: async () => [...(await engine.suppressions())],
    }),
  }))

  const Lifted = builder
    .objectRef<{ is: 'suppression-lifted'; suppression: SuppressionView }>('SuppressionLifted')
    .implement({
      description: 'The person may be written again.',
      isTypeOf: (value) => hasTag(value, 'suppression-lifted'),
      fields: (t) => ({ suppression: t.field({ type: Suppression, resolve: (one) => one.suppression }) }),
    })
  const LiftInput = builder.inputType('LiftSuppressionInput', {
    fields: (t) => ({
      id: t.id({ required: true }),
      reason: t.string({ required: true, validate: { minLength: 1, maxLength: reasonLengthMax } }),
    }),
  })
  builder.mutationFields((t) => ({
    liftSuppression: t.errorUnionField({
      ...requires('suppressions.lift'),
      types: [Lifted, results.NotFound, ForbiddenError, InputInvalidError],
      union: { name: 'LiftSuppressionResult' },
      description: 'Lets an erased person be written, imported and synced again. Brings nothing back by itself.',
      args: { input: t.arg({ type: LiftInput, required: true }) },
      resolve: async (_root, { input: { id, reason } }, { viewer }) => {
        const suppression = await engine.liftSuppression({ id, reason, actor: actorOf(viewer) })
        return suppression === undefined
          ? { is: 'not-found' as const, message: `There is no suppression ${id} that could be lifted.` }
          : { is: 'suppression-lifted' as const, suppression }
      },
    }),
  }))
}
