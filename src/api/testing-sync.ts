/** A sync port for the tests of the API: what it knows is set by the test, what is asked of it is kept. */
import type {
  ConflictView,
  LeadSyncView,
  ResolveOutcome,
  SyncMoveView,
  SyncPort,
  SyncReportView,
  SyncRunView,
} from './sync-port.ts'

export interface TestingSync extends SyncPort {
  readonly calls: { readonly method: string; readonly request: unknown }[]
  readonly known: {
    conflicts: readonly ConflictView[]
    moves: readonly SyncMoveView[]
    leads: readonly LeadSyncView[]
    runs: readonly SyncRunView[]
    resolve: ResolveOutcome
  }
}

export function testingConflict(conflict: Partial<ConflictView> = {}): ConflictView {
  return {
    id: 'c1',
    table: 'leads',
    key: 'a',
    field: 'email',
    kind: 'values',
    local: 'ann@acme.com',
    remote: 'ann@acme.example',
    base: 'a@acme.com',
    localChangedMs: 1000,
    remoteChangedMs: 2000,
    foundMs: 3000,
    state: 'open',
    choice: null,
    resolvedBy: null,
    resolvedMs: null,
    recordId: 'rec1',
    url: null,
    ...conflict,
  }
}

export function testingMove(id: number, move: Partial<SyncMoveView> = {}): SyncMoveView {
  return {
    id,
    table: 'leads',
    key: 'a',
    recordId: 'rec1',
    actionId: 'a1b2c3',
    runId: 'run1',
    direction: 'push',
    verb: 'update',
    state: 'done',
    atMs: id,
    note: null,
    cells: [{ field: 'email', before: 'ann@acme.example', after: 'ann@acme.com', lost: true, reason: 'local_wins' }],
    ...move,
  }
}

export function testingRun(run: Partial<SyncRunView> = {}): SyncRunView {
  return {
    id: 'run1',
    table: 'leads',
    what: 'push',
    askedMs: 0,
    state: 'running',
    progress: null,
    actions: [],
    waiting: 0,
    openConflicts: 0,
    byHand: [],
    error: null,
    ...run,
  }
}

export function testingReport(report: Partial<SyncReportView> = {}): SyncReportView {
  return {
    table: 'leads',
    summary: '1 lead here, 1 in Airtable, in step',
    localCount: 1,
    remoteCount: 1,
    counts: { synced: 1 },
    openConflicts: 0,
    waiting: 0,
    lastPullMs: 1000,
    lastFullMs: null,
    webhook: true,
    calls: { month: '2026-11', made: 12, limit: 1000, forecast: 100, exhaustedSinceMs: null },
    error: null,
    ...report,
  }
}

export function createTestingSync(): TestingSync {
  const calls: { method: string; request: unknown }[] = []
  const noted = (method: string, request: unknown) => calls.push({ method, request })
  const known: TestingSync['known'] = {
    conflicts: [],
    moves: [],
    leads: [],
    runs: [testingRun()],
    resolve: { is: 'resolved', conflict: testingConflict({ state: 'resolved' }), actionId: null },
  }
  return {
    calls,
    known,
    tables: () => ['leads'],
    report: (table) => testingReport({ table }),
    leads: async (table, keys) =>
      new Map(
        known.leads
          .filter((lead) => lead.table === table && keys.includes(lead.key))
          .map((lead) => [lead.key, lead] as const),
      ),
    history: (request) => {
      noted('history', request)
      const { before = Number.MAX_SAFE_INTEGER, limit } = request
      return known.moves.filter(({ id }) => id < before).slice(0, limit)
    },
    conflicts: (request) => {
      noted('conflicts', request)
      const { state, after, limit } = request
      return known.conflicts
        .filter((one) => state === undefined || one.state === state)
        .filter((one) => after === undefined || one.foundMs < after.foundMs)
        .slice(0, limit)
    },
    conflict: (id) => known.conflicts.find((one) => one.id === id),
    async resolve(request) {
      noted('resolve', request)
      return known.resolve
    },
    async ask(request) {
      noted('ask', request)
      return request.table === 'leads' ? testingRun({ what: request.what }) : undefined
    },
    run: (id) => known.runs.find((run) => run.id === id),
  }
}
