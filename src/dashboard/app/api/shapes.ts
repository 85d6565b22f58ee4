/** The shapes of what the API answers, parsed at the border of the page. */
import * as z from 'zod/mini'

const text = z.string()
const maybe = z.nullable(z.string())
const number = z.number()
const json = z.unknown()

export const resourceKey = z.object({ kind: text, name: text })
const affected = z.object({ count: number, sample: z.array(text) })

const actionFields = {
  id: text,
  summary: text,
  verb: text,
  risk: text,
  reversible: text,
  population: number,
  requestedBy: maybe,
  plannedAt: text,
  cause: text,
  resolves: z.array(text),
  resource: resourceKey,
  affected,
  cost: z.object({ bucket: text, tokens: number }),
  findings: z.array(z.object({ code: text, count: number, message: text })),
  gate: z.object({
    decision: text,
    runnable: z.boolean(),
    approvalsGiven: number,
    approvalsNeeded: number,
    wakeUpAt: maybe,
    reasons: z.array(z.object({ code: text, asks: text, message: text, until: maybe })),
  }),
  preview: z.array(z.object({ key: text, field: text, before: json, after: json })),
}
export const action = z.object(actionFields)
export type Action = z.output<typeof action>

const approval = z.object({ approver: text, at: text, comment: maybe, expiresAt: text })
export const journaledAction = z.object({
  ...actionFields,
  state: text,
  changedAt: text,
  expiresAt: maybe,
  runId: maybe,
  result: json,
  approvals: z.array(approval),
})
export type JournaledAction = z.output<typeof journaledAction>

export const drift = z.object({
  id: text,
  severity: text,
  category: text,
  cause: text,
  path: text,
  message: text,
  desired: json,
  observed: json,
  byHand: maybe,
  resource: resourceKey,
  affected,
})
export type Drift = z.output<typeof drift>

export const viewer = z.object({ viewer: z.object({ subject: text, role: text, permissions: z.array(text) }) })
export const controller = z.object({
  controller: z.object({
    name: text,
    verdict: text,
    generation: number,
    mode: text,
    version: text,
    startedAt: text,
    lastFullLookAt: maybe,
    uptimeSeconds: number,
    lease: z.nullable(z.object({ holder: text, since: text })),
  }),
})
export type Controller = z.output<typeof controller>['controller']

export const overview = z.object({
  plan: z.object({ id: text, actions: z.array(action) }),
  resources: z.array(z.object({ kind: text, name: text, status: text })),
  desiredState: z.object({
    generation: number,
    acceptedAt: text,
    waiting: maybe,
    problems: z.array(z.object({ file: text, line: number, column: number, path: text, message: text })),
  }),
  driftReport: z.object({ total: number, affectedRecords: number, drift: z.array(drift) }),
  events: z.object({
    events: z.array(
      z.object({
        cursor: text,
        at: text,
        type: text,
        severity: text,
        message: text,
        count: number,
        actor: maybe,
        actionId: maybe,
        resource: z.nullable(resourceKey),
      }),
    ),
  }),
})

export const queue = z.object({
  plan: z.object({ id: text, observedAt: text, actions: z.array(action) }),
  interventionQueue: z.array(
    z.object({
      message: text,
      nextStep: text,
      reason: text,
      severity: text,
      resource: resourceKey,
      action: z.nullable(z.object({ id: text })),
      drift: z.nullable(drift),
      conflict: z.nullable(z.object({ id: text, table: text, field: maybe })),
    }),
  ),
  driftReport: z.object({ drift: z.array(drift) }),
})
export type Intervention = z.output<typeof queue>['interventionQueue'][number]

export const waitingActions = z.object({
  actions: z.array(z.object({ id: text, expiresAt: maybe, approvals: z.array(approval) })),
})
export type Waiting = z.output<typeof waitingActions>['actions'][number]

/** A refusal, or any answer of a union by its name. What is not given by one of its members is absent. */
export const outcome = z.object({
  __typename: text,
  code: z.optional(text),
  message: z.optional(text),
  hint: z.optional(text),
  fieldErrors: z.optional(z.array(z.object({ field: maybe, message: text }))),
  whatChanged: z.optional(z.array(text)),
  actionId: z.optional(maybe),
})
export type Outcome = z.output<typeof outcome>

export const approved = z.object({
  approveActions: z.extend(outcome, {
    runId: z.optional(maybe),
    actionIds: z.optional(z.array(text)),
    actions: z.optional(z.array(z.object({ actionId: text, approvalsGiven: number, approvalsNeeded: number }))),
  }),
})
export const rejected = z.object({
  rejectActions: z.extend(outcome, { notPending: z.optional(z.array(text)) }),
})
export const conflict = z.object({
  id: text,
  table: text,
  field: maybe,
  kind: text,
  state: text,
  leadId: text,
  recordId: maybe,
  localValue: json,
  airtableValue: json,
  baseValue: json,
  localChangedAt: maybe,
  airtableChangedAt: maybe,
  airtableUrl: maybe,
  foundAt: text,
  choice: maybe,
  resolvedAt: maybe,
  resolvedBy: maybe,
})
export type Conflict = z.output<typeof conflict>
const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: maybe })
export const conflicts = z.object({ conflicts: z.object({ nodes: z.array(conflict), pageInfo }) })
export const resolved = z.object({ resolveConflict: outcome })

export const openConflicts = z.object({ syncStatus: z.array(z.object({ openConflicts: number })) })
export const sync = z.object({
  syncStatus: z.array(
    z.object({
      table: text,
      summary: text,
      localCount: number,
      airtableCount: number,
      openConflicts: number,
      waitingActions: number,
      lastPullAt: maybe,
      lastFullAt: maybe,
      webhook: z.boolean(),
      counts: z.array(z.object({ status: text, count: number })),
      calls: z.nullable(
        z.object({
          made: number,
          limit: z.nullable(number),
          forecast: z.nullable(number),
          month: text,
          exhaustedSince: maybe,
        }),
      ),
      error: z.nullable(z.object({ message: text, hint: text })),
    }),
  ),
})

const condition = z.object({
  type: text,
  status: text,
  reason: text,
  message: text,
  since: text,
  nextStep: maybe,
  wakeUpAt: maybe,
})
export type Condition = z.output<typeof condition>
const resourceFields = {
  id: text,
  kind: text,
  name: text,
  status: text,
  summary: text,
  observation: maybe,
  generation: number,
  lookedAt: maybe,
  fullLookAt: maybe,
  dependsOn: z.array(resourceKey),
  error: z.nullable(z.object({ code: text, hint: text, message: text })),
  conditions: z.array(condition),
}
export const declared = z.object({ resources: z.array(z.object({ kind: text, name: text })) })
export const resources = z.object({
  resources: z.array(
    z.object({
      ...resourceFields,
      drift: z.array(z.object({ path: text, message: text, severity: text })),
      actions: z.array(z.object({ id: text })),
    }),
  ),
})
export type ResourceRow = z.output<typeof resources>['resources'][number]
export const resource = z.object({
  resource: z.nullable(
    z.object({
      ...resourceFields,
      checks: z.array(z.object({ name: text, status: text, message: text })),
      drift: z.array(drift),
      actions: z.array(action),
    }),
  ),
  actions: z.array(journaledAction),
})

export const actions = z.object({ actions: z.array(journaledAction) })
export const oneAction = z.object({ action: z.nullable(journaledAction) })

export const programs = z.object({
  services: z.array(
    z.object({
      name: text,
      state: text,
      summary: text,
      driver: text,
      managed: z.boolean(),
      pid: z.nullable(number),
      startedAt: maybe,
      starts: number,
      crashes: number,
      failures: number,
      cpuSeconds: number,
      memoryBytes: number,
      processes: number,
      nextTryAt: maybe,
      lastExits: z.array(z.object({ at: text, code: z.nullable(number), ranSeconds: number, reason: text })),
    }),
  ),
  jobs: z.array(
    z.object({
      name: text,
      state: text,
      summary: text,
      schedule: maybe,
      timezone: maybe,
      managed: z.boolean(),
      lastSuccessAt: maybe,
      nextRunAt: maybe,
      lateFrom: maybe,
      runs: z.array(
        z.object({
          number,
          startedAt: text,
          endedAt: maybe,
          state: text,
          code: z.nullable(number),
          reason: text,
          trigger: text,
        }),
      ),
    }),
  ),
})
export const programOutcome = z.object({ outcome: z.extend(outcome, { state: z.optional(text) }) })
export const output = z.object({ programOutput: maybe })

export const backups = z.object({
  backups: z.array(
    z.object({
      name: text,
      summary: text,
      due: z.boolean(),
      nextAt: maybe,
      schedule: text,
      timezone: text,
      of: z.array(text),
      places: z.array(z.object({ place: text, problem: maybe })),
      sets: z.array(
        z.object({
          id: text,
          createdAt: text,
          bytes: number,
          encrypted: z.boolean(),
          verified: z.boolean(),
          verifiedAt: maybe,
          verifiedHow: maybe,
          problems: z.array(text),
          paths: z.array(text),
        }),
      ),
    }),
  ),
})
export type Backup = z.output<typeof backups>['backups'][number]
export const backupCreated = z.object({ createBackup: z.extend(outcome, { id: z.optional(text) }) })
export const backupVerified = z.object({
  verifyBackup: z.extend(outcome, {
    verified: z.optional(z.boolean()),
    how: z.optional(text),
    problems: z.optional(z.array(text)),
  }),
})
export const backupPruned = z.object({ pruneBackup: z.extend(outcome, { ids: z.optional(z.array(text)) }) })
export const restoreAsked = z.object({
  restoreBackup: z.extend(outcome, {
    withheld: z.optional(number),
    tables: z.optional(z.array(z.object({ table: text, added: number, changed: number, removed: number }))),
    passedOver: z.optional(z.array(z.object({ table: text, reason: text }))),
    folder: z.optional(text),
    files: z.optional(z.array(z.object({ name: text, file: text, rows: number }))),
  }),
})

export const audit = z.object({
  auditLog: z.object({
    hasMore: z.boolean(),
    entries: z.array(
      z.object({
        seq: number,
        at: text,
        type: text,
        actor: text,
        resource: maybe,
        actionId: maybe,
        runId: maybe,
        body: json,
        hash: text,
      }),
    ),
  }),
})

export const syncHistory = z.object({
  syncHistory: z.object({
    nodes: z.array(
      z.object({
        id: text,
        at: text,
        direction: text,
        verb: text,
        state: text,
        note: maybe,
        actionId: maybe,
        cells: z.array(z.object({ field: text, before: json, after: json, lost: z.boolean(), reason: text })),
      }),
    ),
  }),
})

export const tokens = z.object({
  tokens: z.array(
    z.object({
      id: text,
      subject: text,
      role: text,
      scope: z.nullable(z.array(text)),
      createdAt: text,
      expiresAt: maybe,
      revokedAt: maybe,
    }),
  ),
})
export type Token = z.output<typeof tokens>['tokens'][number]
export const tokenOutcome = z.object({
  outcome: z.extend(outcome, { token: z.optional(text), record: z.optional(z.object({ id: text })) }),
})
