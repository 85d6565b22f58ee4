/** The history of one record: what was changed by whom, and where that is not known, that it is not. */
import { isoOf } from '../../clock.ts'
import type { JsonValue } from '../../json.ts'
import { readCell } from '../../leads/cells.ts'
import { eventsOf, type LeadHistory, type RecordEvent } from '../../leads/history.ts'
import type { LeadRepository } from '../../leads/repository.ts'
import type { Cell } from '../../values/field-type.ts'
import { may } from '../auth/permissions.ts'
import type { ActionRecordView, EnginePort } from '../ports.ts'
import { type Builder, requires } from './builder.ts'
import type { ApiContext } from './context.ts'
import type { LeadTypes } from './lead-types.ts'
import { shownTo } from './masking.ts'
import { isoOrNull } from './scalars.ts'

export type HistoryTypes = ReturnType<typeof addHistoryTypes>

/** An event with what is needed to show it. */
interface Told {
  readonly event: RecordEvent
  readonly repository: LeadRepository
  readonly action: ActionRecordView | undefined
}
interface History {
  readonly events: readonly Told[]
  readonly isComplete: boolean
  readonly keptSinceMs: number
}

const eventsMax = 200

export function addHistoryTypes(builder: Builder) {
  const Writer = builder.enumType('CellWriter', {
    description:
      'PERSON: through the API or the command line. TRUEUP: a repair. AIRTABLE: taken over by the sync. IMPORT: from a source. OTHER_PROGRAM: something else wrote to the database; which, and when exactly, is not known.',
    values: {
      PERSON: { value: 'person' },
      TRUEUP: { value: 'trueup' },
      AIRTABLE: { value: 'airtable' },
      IMPORT: { value: 'import' },
      OTHER_PROGRAM: { value: 'other' },
    } as const,
  })
  const Kind = builder.enumType('RecordEventKind', {
    description: 'What happened to a record.',
    values: { MADE: { value: 'made' }, CHANGED: { value: 'changed' }, REMOVED: { value: 'removed' } } as const,
  })
  const Event = builder.objectRef<Told>('RecordEvent').implement({
    description: 'One thing that happened to a record.',
    fields: (t) => ({
      kind: t.field({ type: Kind, resolve: ({ event }) => (event.is === 'foreign' ? 'changed' : event.is) }),
      field: t.string({
        nullable: true,
        description: 'Null where the record as a whole was made or removed.',
        resolve: ({ event }) => ('field' in event ? event.field : null),
      }),
      before: t.field({
        type: 'JSON',
        nullable: true,
        resolve: (one, _args, context) => shown(one, 'before', context),
      }),
      after: t.field({ type: 'JSON', nullable: true, resolve: (one, _args, context) => shown(one, 'after', context) }),
      at: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'Null where only a span is known.',
        resolve: ({ event }) => (event.is === 'foreign' ? null : isoOf(event.step.atMs)),
      }),
      notBefore: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'For another program: after this moment, when Trueup last wrote the value.',
        resolve: ({ event }) => (event.is === 'foreign' ? isoOf(event.afterMs) : null),
      }),
      notAfter: t.field({
        type: 'DateTime',
        nullable: true,
        description: 'For another program: before this moment, when Trueup met the other value; null for until now.',
        resolve: ({ event }) => (event.is === 'foreign' ? isoOrNull(event.beforeMs ?? null) : null),
      }),
      by: t.field({ type: Writer, resolve: writerOf }),
      who: t.string({
        nullable: true,
        description: 'The person or token, where one asked for it; for who may see the state.',
        resolve: ({ action }, _args, { viewer }) => (may(viewer, 'state.read') ? (action?.requestedBy ?? null) : null),
      }),
      actionId: t.id({
        nullable: true,
        resolve: ({ event }) => (event.is === 'foreign' ? null : event.step.actionId),
      }),
      summary: t.string({
        nullable: true,
        description: 'What the action did in all; for who may see the state.',
        resolve: ({ action }, _args, { viewer }) => (may(viewer, 'state.read') ? (action?.summary ?? null) : null),
      }),
      isCertain: t.boolean({
        description: 'False where the action left some records alone, and this one may be among them.',
        resolve: ({ event }) => event.is === 'foreign' || event.step.isCertain,
      }),
      isUndone: t.boolean({
        description: 'Whether its action was taken back since.',
        resolve: ({ action }) => action?.state === 'undone',
      }),
    }),
  })
  const HistoryRef = builder.objectRef<History>('RecordHistory').implement({
    description: 'What is known of how a record came to be as it is. Other programs leave no note of what they wrote.',
    fields: (t) => ({
      events: t.field({
        type: [Event],
        description: 'Newest first, 200 at most.',
        resolve: ({ events }) => [...events],
      }),
      isComplete: t.exposeBoolean('isComplete', {
        description: 'False where older changes were not searched, or there are more than are shown.',
      }),
      keptSince: t.field({
        type: 'DateTime',
        description: 'What was changed before is no longer kept: `policy.checkpoints.keep`.',
        resolve: ({ keptSinceMs }) => isoOf(keptSinceMs),
      }),
    }),
  })
  return { HistoryRef }
}

/** Adds `history` to the record of a table. */
export function addHistory(
  builder: Builder,
  types: LeadTypes,
  repository: LeadRepository,
  history: LeadHistory,
  { HistoryRef, engine }: HistoryTypes & { readonly engine: EnginePort },
) {
  /** Declared ones, but for those that only say when the record was last written. */
  const isTold = (field: string) => {
    const known = repository.table.fields.get(field)
    return known !== undefined && known.spec.onUpdate === undefined
  }
  builder.objectField(types.Record, 'history', (t) =>
    t.field({
      ...requires('leads.read'),
      type: HistoryRef,
      description: 'What is known of its changes, and by whom.',
      complexity: { field: 40, multiplier: 1 },
      resolve: async ({ key }): Promise<History> => {
        const [{ steps, isComplete }, lead] = await Promise.all([history.steps(key), repository.get(key)])
        const events = eventsOf(steps, lead?.cells).filter((event) => !('field' in event) || isTold(event.field))
        const told = await Promise.all(
          events.slice(0, eventsMax).map(async (event) => ({
            event,
            repository,
            action: event.is === 'foreign' ? undefined : await engine.action(event.step.actionId),
          })),
        )
        return {
          events: told,
          isComplete: isComplete && events.length <= eventsMax,
          keptSinceMs: history.keptSinceMs(),
        }
      },
    }),
  )
}

function shown({ event, repository }: Told, side: 'before' | 'after', context: ApiContext): JsonValue {
  if (!('field' in event)) return null
  const spec = repository.table.fields.get(event.field)?.spec
  if (spec === undefined) return null
  const cell: Cell = event[side]
  const read = readCell(spec, cell)
  return shownTo(context, repository.table, event.field, read.is === 'value' ? read.value : read.text)
}

function writerOf({ event, action }: Told): 'person' | 'trueup' | 'airtable' | 'import' | 'other' {
  if (event.is === 'foreign') return 'other'
  const kind = action?.resource.kind
  if (kind === 'sync') return 'airtable'
  if (kind === 'import') return 'import'
  return kind === 'rows' || action?.cause === 'request' || action?.cause === 'undo' ? 'person' : 'trueup'
}
