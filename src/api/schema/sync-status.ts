/** How the mirrors of the tables stand, and requests to push and pull with what they come to. */
import { isoOf } from '../../clock.ts'
import { actorOf } from '../auth/permissions.ts'
import {
  type LeadSyncState,
  leadSyncStates,
  type SyncPort,
  type SyncReportView,
  type SyncRunView,
} from '../sync-port.ts'
import { type Builder, requires } from './builder.ts'
import type { Repositories } from './context.ts'
import { ForbiddenError } from './errors.ts'
import { tableNames } from './lead-names.ts'
import { idWithin } from './node-id.ts'
import { hasTag, type Results } from './results.ts'
import { isoOrNull } from './scalars.ts'
import type { SyncTypes } from './sync-types.ts'

export function addSyncStatus(
  builder: Builder,
  sync: SyncPort,
  repositories: Repositories,
  { results, types }: { readonly results: Results; readonly types: SyncTypes },
) {
  const SyncRun = addSyncRun(builder)

  const Count = builder.objectRef<{ state: LeadSyncState; count: number }>('LeadSyncCount').implement({
    description: 'How many records stand in a state with Airtable.',
    fields: (t) => ({
      status: t.field({ type: types.LeadSyncState, resolve: ({ state }) => state }),
      count: t.exposeInt('count'),
    }),
  })
  const Calls = builder.objectRef<NonNullable<SyncReportView['calls']>>('AirtableCalls').implement({
    description: 'The calls of a month, in UTC, and where that leads.',
    fields: (t) => ({
      month: t.exposeString('month'),
      made: t.exposeInt('made'),
      limit: t.exposeInt('limit', { description: '`airtable.monthlyCalls`.', nullable: true }),
      forecast: t.exposeInt('forecast', { description: "Expected by the month's end.", nullable: true }),
      exhaustedSince: t.field({
        type: 'DateTime',
        description: "Since when Airtable refuses calls for the month's quota.",
        nullable: true,
        resolve: ({ exhaustedSinceMs }) => isoOrNull(exhaustedSinceMs),
      }),
    }),
  })
  const Failure = builder.objectRef<NonNullable<SyncReportView['error']>>('SyncFailure').implement({
    description: 'Why a mirror could not be looked at.',
    fields: (t) => ({
      code: t.exposeString('code'),
      message: t.exposeString('message'),
      hint: t.exposeString('hint'),
    }),
  })
  const SyncStatus = builder.objectRef<SyncReportView>('SyncStatus').implement({
    description: 'The mirror of one table in Airtable.',
    fields: (t) => ({
      table: t.exposeString('table'),
      summary: t.exposeString('summary'),
      localCount: t.exposeInt('localCount'),
      airtableCount: t.exposeInt('remoteCount'),
      counts: t.field({
        type: [Count],
        description: 'Records by how they stand.',
        resolve: ({ counts }) => leadSyncStates.map((state) => ({ state, count: counts[state] ?? 0 })),
      }),
      openConflicts: t.exposeInt('openConflicts'),
      waitingActions: t.exposeInt('waiting', { description: 'Repairs of the mirror that wait for a person.' }),
      lastPullAt: t.field({ type: 'DateTime', nullable: true, resolve: ({ lastPullMs }) => isoOrNull(lastPullMs) }),
      lastFullAt: t.field({ type: 'DateTime', nullable: true, resolve: ({ lastFullMs }) => isoOrNull(lastFullMs) }),
      webhook: t.exposeBoolean('webhook', {
        description: 'Whether a webhook tells of changes in Airtable; without one they are asked for by time.',
      }),
      calls: t.field({ type: Calls, nullable: true, resolve: ({ calls }) => calls }),
      error: t.field({
        type: Failure,
        description: 'Why Airtable could not be looked at.',
        nullable: true,
        resolve: ({ error }) => error,
      }),
      lead: t.field({
        type: types.LeadSync,
        description: 'One record; null where the sync has not met it.',
        nullable: true,
        args: { id: t.arg.id({ required: true }) },
        resolve: async ({ table }, { id }) => {
          const key = idWithin(tableNames(table).type, id)
          return key === undefined ? null : ((await sync.leads(table, [key])).get(key) ?? null)
        },
      }),
      run: t.field({
        type: SyncRun,
        description: 'What a push or pull of this table came to, by the id of its receipt.',
        nullable: true,
        args: { id: t.arg.id({ required: true }) },
        resolve: async ({ table }, { id }) => {
          const run = await sync.run(id)
          return run?.table === table ? run : null
        },
      }),
    }),
  })

  builder.queryField('syncStatus', (t) =>
    t.field({
      ...requires('sync.read'),
      type: [SyncStatus],
      description: 'The mirrors of the tables, or of one.',
      args: { table: t.arg.string() },
      resolve: (_root, { table }) =>
        Promise.all(
          sync
            .tables()
            .filter((one) => (table == null || one === table) && repositories.has(one))
            .map((one) => sync.report(one)),
        ),
    }),
  )

  const Receipt = builder.objectRef<{ is: 'sync-receipt'; run: SyncRunView }>('SyncReceipt').implement({
    description: 'It was asked for; `syncStatus(table) { run(id) }` tells what it comes to.',
    isTypeOf: (value) => hasTag(value, 'sync-receipt'),
    fields: (t) => ({
      id: t.id({ resolve: ({ run }) => run.id }),
      run: t.field({ type: SyncRun, resolve: async ({ run }) => (await sync.run(run.id)) ?? run }),
    }),
  })
  const PushInput = builder.inputType('PushInput', {
    fields: (t) => ({ table: t.string({ required: true }) }),
  })
  const PullInput = builder.inputType('PullInput', {
    fields: (t) => ({
      table: t.string({ required: true }),
      full: t.boolean({ defaultValue: false, description: 'Compares all records instead of asking what changed.' }),
    }),
  })
  const ask = async (table: string, what: SyncRunView['what'], actor: string) => {
    const run = await sync.ask({ table, what, actor })
    return run === undefined
      ? { is: 'not-found' as const, message: `No table ${table} is mirrored in Airtable.` }
      : { is: 'sync-receipt' as const, run }
  }
  builder.mutationFields((t) => ({
    push: t.errorUnionField({
      ...requires('sync.run'),
      description: 'Has what changed here taken to Airtable soon, whatever the interval of pushes.',
      types: [Receipt, results.NotFound, ForbiddenError],
      union: { name: 'PushResult' },
      args: { input: t.arg({ type: PushInput, required: true }) },
      resolve: (_root, { input }, { viewer }) => ask(input.table, 'push', actorOf(viewer)),
    }),
    pull: t.errorUnionField({
      ...requires('sync.run'),
      description: 'Has Airtable asked for changes soon.',
      types: [Receipt, results.NotFound, ForbiddenError],
      union: { name: 'PullResult' },
      args: { input: t.arg({ type: PullInput, required: true }) },
      resolve: (_root, { input }, { viewer }) =>
        ask(input.table, input.full === true ? 'full' : 'pull', actorOf(viewer)),
    }),
  }))
}

function addSyncRun(builder: Builder) {
  const State = builder.enumType('SyncRunState', {
    description: 'How far an asked push or pull is.',
    values: { RUNNING: { value: 'running' }, DONE: { value: 'done' }, FAILED: { value: 'failed' } } as const,
  })
  const Progress = builder.objectRef<NonNullable<SyncRunView['progress']>>('SyncProgress').implement({
    description: 'How far an action of a run is.',
    fields: (t) => ({
      verb: t.exposeString('verb'),
      done: t.exposeInt('done'),
      total: t.exposeInt('total', { description: '0 while nobody knows.' }),
    }),
  })
  const Executed = builder.objectRef<SyncRunView['actions'][number]>('SyncAction').implement({
    description: 'An action that was carried out since it was asked for.',
    fields: (t) => ({
      id: t.exposeID('id'),
      verb: t.exposeString('verb'),
      summary: t.exposeString('summary'),
      state: t.exposeString('state'),
      changed: t.exposeInt('changed'),
      skipped: t.exposeInt('skipped', { description: 'Left alone, since they changed meanwhile.' }),
    }),
  })
  const Failure = builder.objectRef<NonNullable<SyncRunView['error']>>('SyncRunFailure').implement({
    description: 'Why a run failed.',
    fields: (t) => ({
      code: t.exposeString('code'),
      message: t.exposeString('message'),
      hint: t.exposeString('hint'),
    }),
  })
  return builder.objectRef<SyncRunView>('SyncRun').implement({
    description: 'A push or pull that was asked for since the controller started.',
    fields: (t) => ({
      id: t.exposeID('id'),
      table: t.exposeString('table'),
      what: t.exposeString('what', { description: '`push`, `pull` or `full`.' }),
      askedAt: t.field({ type: 'DateTime', resolve: ({ askedMs }) => isoOf(askedMs) }),
      state: t.field({ type: State, resolve: ({ state }) => state }),
      progress: t.field({ type: Progress, nullable: true, resolve: ({ progress }) => progress }),
      actions: t.field({ type: [Executed], resolve: ({ actions }) => [...actions] }),
      waitingActions: t.exposeInt('waiting'),
      openConflicts: t.exposeInt('openConflicts'),
      byHand: t.field({
        type: ['String'],
        description: 'What no repair mends.',
        resolve: ({ byHand }) => [...byHand],
      }),
      error: t.field({ type: Failure, nullable: true, resolve: ({ error }) => error }),
    }),
  })
}
