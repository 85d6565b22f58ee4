/** An engine port for the tests of the API: what it knows is set by the test, what is asked of it is kept. */
import type { AccessNote } from './access-notes.ts'
import type {
  ActionRecordView,
  ActionView,
  ApproveOutcome,
  AuditEntryView,
  ControllerView,
  EnginePort,
  EventView,
  PlanView,
  ProgressView,
  ResourceView,
} from './ports.ts'

/** A place that values are put into while others wait for them. */
function createChannel<Value>() {
  const kept: Value[] = []
  const wake = new Set<() => void>()
  let watchers = 0
  return {
    put(value: Value) {
      kept.push(value)
      for (const one of wake) one()
    },
    kept,
    watchers: () => watchers,
    async *from(start: number, signal: AbortSignal): AsyncGenerator<Value> {
      watchers += 1
      try {
        for (let at = start; !signal.aborted; ) {
          const value = kept[at]
          if (at < kept.length && value !== undefined) {
            at += 1
            yield value
          } else {
            await new Promise<void>((resolve) => {
              const done = () => {
                wake.delete(done)
                resolve()
              }
              wake.add(done)
              signal.addEventListener('abort', done, { once: true })
            })
          }
        }
      } finally {
        watchers -= 1
      }
    },
  }
}

export interface TestingEngine extends EnginePort {
  readonly calls: { readonly method: string; readonly request: unknown }[]
  /** What was noted of who came in, was refused, or saw personal data. */
  readonly notes: readonly AccessNote[]
  readonly known: {
    resources: readonly ResourceView[]
    approve: ApproveOutcome
    controller: ControllerView
    records: readonly ActionRecordView[]
    audit: readonly AuditEntryView[]
  }
  readonly happened: ReturnType<typeof createChannel<EventView>>
  readonly changed: ReturnType<typeof createChannel<ResourceView>>
  readonly progressed: ReturnType<typeof createChannel<ProgressView>>
}

export function testingAction(action: Partial<ActionView> = {}): ActionView {
  return {
    id: 'a1b2c3',
    resource: { kind: 'table', name: 'leads' },
    verb: 'drop-column',
    risk: 'critical',
    gate: {
      decision: 'approve',
      runnable: false,
      approvalsNeeded: 1,
      approvalsGiven: 0,
      reasons: [{ code: 'risk', asks: 'approve', message: 'a critical action needs an approval', untilMs: null }],
      wakeUpMs: null,
    },
    summary: 'drop the column phone of leads',
    findings: [{ code: 'drops-values', count: 3, message: '3 values would be lost' }],
    affected: { count: 3, sample: ['k1'] },
    population: 10,
    reversible: 'from-checkpoint',
    cost: { bucket: 'sqlite:main', tokens: 1 },
    preview: [{ key: 'k1', field: 'phone', before: '<b>+1</b>', after: null }],
    resolves: ['fields.phone'],
    cause: 'desired-changed',
    requestedBy: null,
    plannedAtMs: 0,
    ...action,
  }
}

export function testingResource(resource: Partial<ResourceView> = {}): ResourceView {
  return {
    resource: { kind: 'table', name: 'leads' },
    generation: 1,
    dependsOn: [],
    observation: 'present',
    error: null,
    summary: '10 rows',
    drift: [
      {
        id: 'd1',
        resource: { kind: 'table', name: 'leads' },
        path: 'fields.phone',
        severity: 'critical',
        category: 'database',
        desired: null,
        observed: 'TEXT',
        affected: { count: 3, sample: ['k1'] },
        message: 'the column phone is not declared any more',
        cause: 'desired-changed',
        byHand: null,
      },
    ],
    actions: [testingAction()],
    conditions: [],
    checks: [{ name: 'readable', status: 'ok', message: 'it can be read' }],
    lookedAtMs: 0,
    fullLookAtMs: 0,
    ...resource,
  }
}

export function testingEvent(cursor: number, message = `event ${cursor}`): EventView {
  return {
    cursor: String(cursor),
    atMs: cursor,
    type: 'action.succeeded',
    severity: 'info',
    message,
    resource: { kind: 'table', name: 'leads' },
    actionId: null,
    runId: null,
    actor: null,
    count: 1,
  }
}

export function createTestingEngine(): TestingEngine {
  const calls: { method: string; request: unknown }[] = []
  const notes: AccessNote[] = []
  const noted = <Result>(method: string, request: unknown, result: Result): Result => {
    calls.push({ method, request })
    return result
  }
  const known: TestingEngine['known'] = {
    resources: [testingResource()],
    approve: { is: 'approved', actions: [{ actionId: 'a1b2c3', given: 1, needed: 1 }], runId: 'run1' },
    controller: {
      name: 'testing',
      version: '0.0.0',
      verdict: '1 needs you.',
      generation: 1,
      mode: 'enforce',
      startedAtMs: 0,
      lease: { number: 1, holder: 'here', sinceMs: 0 },
      lastFullLookAtMs: null,
    },
    records: [],
    audit: [],
  }
  const happened = createChannel<EventView>()
  const changed = createChannel<ResourceView>()
  const progressed = createChannel<ProgressView>()
  const plan = (): PlanView => ({
    id: 'plan1',
    generation: 1,
    observedAtMs: 0,
    actions: known.resources.flatMap((one) => one.actions),
  })
  const exists = (address: { kind: string; name: string }) =>
    known.resources.some(({ resource }) => resource.kind === address.kind && resource.name === address.name)

  return {
    calls,
    notes,
    known,
    happened,
    changed,
    progressed,
    controller: () => known.controller,
    readiness: () => ({ ready: true, reason: '' }),
    desiredState: () => ({
      generation: 1,
      text: 'name: testing',
      version: 'v1',
      acceptedAtMs: 0,
      problems: [],
      waiting: null,
    }),
    resources: () => known.resources,
    plan,
    action: (id) => known.records.find((record) => record.id === id),
    actions: ({ limit }) => known.records.slice(0, limit),
    approve: (request) => noted('approve', request, known.approve),
    reject: (request) => noted('reject', request, { rejected: request.actionIds, notPending: [] }),
    undo: (request) => noted('undo', request, { is: 'not-found' as const }),
    reconcile: (request) =>
      noted(
        'reconcile',
        request,
        request.resource === undefined || exists(request.resource) ? { runId: 'run1' } : undefined,
      ),
    suspend: (request) => noted('suspend', request, exists(request.resource)),
    resume: (request) => noted('resume', request, exists(request.resource)),
    generations: () => ({
      generations: [{ number: 1, atMs: 0, state: 'accepted' as const, text: 'name: testing' }],
      more: false,
    }),
    checkDesiredState: () => ({
      problems: [],
      warnings: [],
      changes: [{ path: 'tables.leads', change: 'changed' as const, from: null }],
      waits: null,
    }),
    applyDesiredState: (request) =>
      noted('applyDesiredState', request, {
        is: 'invalid' as const,
        problems: [{ file: 'desired-state.yaml', line: 3, column: 5, path: 'tables', message: 'is wrong' }],
      }),
    events: ({ after, limit }) => {
      const later = happened.kept.filter((event) => after === undefined || Number(event.cursor) > Number(after))
      return { events: later.slice(0, limit), more: later.length > limit }
    },
    watchEvents: (after, signal) =>
      happened.from(
        after === undefined ? happened.kept.length : happened.kept.findIndex((event) => event.cursor === after) + 1,
        signal,
      ),
    watchProgress: (_runId, signal) => progressed.from(0, signal),
    watchResources: (signal) => changed.from(changed.kept.length, signal),
    auditLog: () => ({ entries: known.audit, more: false }),
    suppressions: () => [],
    contactable: (addresses) => addresses.map(() => 'yes'),
    allowContact: () => ({ is: 'not-found' }),
    liftSuppression: (request) => noted('liftSuppression', request, undefined),
    recordAccess: (note) => {
      notes.push(note)
    },
    recordTokenChange: (change) => noted('recordTokenChange', change, undefined),
  }
}
