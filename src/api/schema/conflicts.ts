/** Values that a person has to choose between, the choice, and the history that keeps what lost. */
import { z } from 'zod'
import type { JsonValue } from '../../json.ts'
import { actorOf, may } from '../auth/permissions.ts'
import type { ConflictChoice, ConflictPlaceView, ResolveOutcome, SyncPort } from '../sync-port.ts'
import { type Builder, pageSizeDefault, refusal, requires } from './builder.ts'
import { ForbiddenError, InputInvalidError } from './errors.ts'
import { tableNames } from './lead-names.ts'
import type { Refusals } from './lead-writes.ts'
import { decodeNodeId, idWithin } from './node-id.ts'
import { forwards, pageOf } from './paging.ts'
import { hasTag, type Results } from './results.ts'
import { jsonOf } from './scalars.ts'
import { reasonLengthMax } from './sizes.ts'
import type { SyncTypes } from './sync-types.ts'

type Resolved = Extract<ResolveOutcome, { is: 'resolved' }>
type Stale = Extract<ResolveOutcome, { is: 'stale' }>

export function addConflicts(
  builder: Builder,
  sync: SyncPort,
  shared: { readonly results: Results; readonly refusals: Refusals; readonly types: SyncTypes },
) {
  addLists(builder, sync, shared.types)
  const { results, refusals, types } = shared

  const ResolvedRef = builder.objectRef<Resolved>('Resolved').implement({
    description: 'The choice is kept, and carried out by the next look.',
    isTypeOf: (value) => hasTag(value, 'resolved'),
    fields: (t) => ({
      conflict: t.field({ type: types.Conflict, resolve: ({ conflict }) => conflict }),
      actionId: t.exposeID('actionId', {
        description: 'The write of a given value, which `undo` takes back.',
        nullable: true,
      }),
    }),
  })
  const StaleRef = builder.objectRef<Stale>('ConflictStale').implement({
    description: 'A value changed since, or somebody has chosen already.',
    interfaces: [results.UserError],
    isTypeOf: (value) => hasTag(value, 'stale'),
    fields: (t) => ({
      code: t.string({ resolve: () => 'CONFLICT_STALE' }),
      conflict: t.field({
        type: types.Conflict,
        description: 'How it stands now.',
        resolve: ({ conflict }) => conflict,
      }),
    }),
  })
  const ResolveInput = builder.inputType('ResolveConflictInput', {
    description: 'Either `take` or `value`.',
    fields: (t) => ({
      id: t.id({ required: true }),
      take: t.field({ type: types.ConflictTake }),
      value: t.field({ type: 'JSON', description: 'Another value for both sides; null empties the field.' }),
      comment: t.string({ description: 'Why; kept in the journal.', validate: { maxLength: reasonLengthMax } }),
    }),
  })

  builder.mutationField('resolveConflict', (t) =>
    t.errorUnionField({
      ...requires('conflict.resolve'),
      description: 'Chooses between the two values that were shown, or gives another one.',
      types: [
        ResolvedRef,
        StaleRef,
        refusals.Waiting,
        refusals.Failed,
        results.NotFound,
        ForbiddenError,
        InputInvalidError,
      ],
      union: { name: 'ResolveConflictResult' },
      args: { input: t.arg({ type: ResolveInput, required: true }) },
      resolve: async (_root, { input }, context) => {
        const { viewer } = context
        const choice = choiceOf(input.take, input.value)
        if (choice.is === 'value' && !may(viewer, 'leads.write')) throw refusal(context, 'leads.write')
        const outcome = await sync.resolve({
          id: input.id,
          choice,
          actor: actorOf(viewer),
          comment: input.comment ?? undefined,
        })
        switch (outcome.is) {
          case 'invalid':
            throw new InputInvalidError(
              outcome.problems.map(({ path, message }) => ({ path: ['input', ...path], message })),
            )
          case 'waiting':
            return { ...outcome, message: outcome.reasons.join('; ') }
          default:
            return outcome
        }
      },
    }),
  )
}

type Taken = Extract<ConflictChoice, { is: 'take' }>['take']

function choiceOf(take: Taken | null | undefined, value: JsonValue | undefined): ConflictChoice {
  if ((take == null) === (value === undefined)) {
    throw new InputInvalidError([{ path: ['input', 'take'], message: 'give either take or value' }])
  }
  return take == null ? { is: 'value', value: jsonOf(value) } : { is: 'take', take }
}

function addLists(builder: Builder, sync: SyncPort, types: SyncTypes) {
  builder.queryFields((t) => ({
    conflicts: t.connection(
      {
        ...requires('sync.read'),
        type: types.Conflict,
        description: 'Newest first; without a state all of them, those that were resolved too.',
        args: { table: t.arg.string(), state: t.arg({ type: types.ConflictState }) },
        complexity: ({ first }) => ({ field: 1, multiplier: first ?? pageSizeDefault }),
        resolve: async (_root, { table, state, ...span }) => {
          const { limit, after } = forwards(span)
          const found = await sync.conflicts({
            table: table ?? undefined,
            state: state ?? undefined,
            after: after === undefined ? undefined : placeOf(after),
            limit: limit + 1,
          })
          return pageOf(found, limit, after, ({ foundMs, id }) => cursorOf({ foundMs, id }))
        },
      },
      { name: 'ConflictConnection' },
      { name: 'ConflictEdge' },
    ),
    syncHistory: t.connection(
      {
        ...requires('sync.read'),
        type: types.SyncMove,
        description: 'What was moved, newest first: of all tables, of one, or of one record.',
        args: { table: t.arg.string(), leadId: t.arg.id() },
        complexity: ({ first }) => ({ field: 1, multiplier: first ?? pageSizeDefault }),
        resolve: async (_root, { table, leadId, ...span }) => {
          const { limit, after } = forwards(span)
          const found = await sync.history({
            ...recordOf(sync, table ?? undefined, leadId ?? undefined),
            before: after === undefined ? undefined : moveIdOf(after),
            limit: limit + 1,
          })
          return pageOf(found, limit, after, ({ id }) => cursorOf(id))
        },
      },
      { name: 'SyncHistoryConnection' },
      { name: 'SyncHistoryEdge' },
    ),
  }))
}

/** The table and key that a record's id names. Throws InputInvalid for an id of another table. */
function recordOf(sync: SyncPort, table: string | undefined, leadId: string | undefined) {
  if (leadId === undefined) return { table, key: undefined }
  const { typename } = decodeNodeId(leadId)
  const named = table ?? sync.tables().find((one) => tableNames(one).type === typename)
  const key = named === undefined ? undefined : idWithin(tableNames(named).type, leadId)
  if (key === undefined) {
    throw new InputInvalidError([{ path: ['leadId'], message: `is no id of ${table ?? 'a mirrored table'}` }])
  }
  return { table: named, key }
}

const placeSchema = z.object({ foundMs: z.number(), id: z.string() })

function cursorOf(place: JsonValue): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

function placeOf(cursor: string): ConflictPlaceView {
  const place = placeSchema.safeParse(opened(cursor))
  return place.success ? place.data : notOurs()
}

function moveIdOf(cursor: string): number {
  const id = z.int().safeParse(opened(cursor))
  return id.success ? id.data : notOurs()
}

function opened(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function notOurs(): never {
  throw new InputInvalidError([{ path: ['after'], message: 'is no cursor of this list; start again without it' }])
}
