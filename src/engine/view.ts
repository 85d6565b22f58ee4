/** What is known of a resource as plain data: kept beside the journal for other processes, and sent by the API. */
import { z } from 'zod'
import type { JsonObject, JsonValue } from '../json.ts'
import { reversibilities } from './action.ts'
import { conditionTypes, type ResourceStatus as Explainable } from './conditions.ts'
import { severities } from './drift.ts'
import { gateCodes, gateDecisions } from './gate.ts'
import type { GatedAction, ResourceStatus } from './status.ts'

const jsonSchema: z.ZodType<JsonValue> = z.json()
const objectSchema: z.ZodType<JsonObject> = z.record(z.string(), jsonSchema)
const keySchema = z.object({ kind: z.string(), name: z.string() })
const affectedSchema = z.object({ count: z.number(), sample: z.array(z.string()) })

const driftViewSchema = z.object({
  id: z.string(),
  resource: keySchema,
  path: z.string(),
  severity: z.enum(severities),
  category: z.enum(['database', 'airtable', 'service', 'data']),
  desired: jsonSchema,
  observed: jsonSchema,
  affected: affectedSchema,
  message: z.string(),
  cause: z.enum(['desired-changed', 'drift']),
  byHand: z.string().nullable(),
})

const actionViewSchema = z.object({
  id: z.string(),
  resource: keySchema,
  verb: z.string(),
  risk: z.enum(severities),
  gate: z.object({
    decision: z.enum(gateDecisions),
    runnable: z.boolean(),
    approvalsNeeded: z.number(),
    approvalsGiven: z.number(),
    reasons: z.array(
      z.object({ code: z.enum(gateCodes), asks: z.string(), message: z.string(), untilMs: z.number().nullable() }),
    ),
    wakeUpMs: z.number().nullable(),
  }),
  summary: z.string(),
  findings: z.array(z.object({ code: z.string(), count: z.number(), message: z.string() })),
  affected: affectedSchema,
  population: z.number(),
  reversible: z.enum(reversibilities),
  cost: z.object({ bucket: z.string(), tokens: z.number() }),
  preview: z.array(z.object({ key: z.string(), field: z.string(), before: jsonSchema, after: jsonSchema })),
  resolves: z.array(z.string()),
  cause: z.enum(['desired-changed', 'drift', 'undo', 'request']),
  requestedBy: z.string().nullable(),
  plannedAtMs: z.number(),
  input: objectSchema,
  precondition: z.string(),
})

const conditionViewSchema = z.object({
  type: z.enum(conditionTypes),
  status: z.enum(['true', 'false', 'unknown']),
  reason: z.string(),
  message: z.string(),
  sinceMs: z.number(),
  generation: z.number(),
  nextStep: z.string().nullable(),
  wakeUpMs: z.number().nullable(),
})

export const statusViewSchema = z.object({
  resource: keySchema,
  generation: z.number(),
  /** Default: none, for a status that an earlier version kept. */
  dependsOn: z.array(keySchema).default([]),
  observation: z.enum(['present', 'absent', 'unreadable']).nullable(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
  summary: z.string(),
  drift: z.array(driftViewSchema),
  actions: z.array(actionViewSchema),
  conditions: z.array(conditionViewSchema),
  checks: z.array(
    z.object({ name: z.string(), status: z.enum(['ok', 'warning', 'failed', 'unknown']), message: z.string() }),
  ),
  lookedAtMs: z.number().nullable(),
  fullLookAtMs: z.number().nullable(),
})

export type StatusView = z.infer<typeof statusViewSchema>
export type DriftView = z.infer<typeof driftViewSchema>
export type ActionView = z.infer<typeof actionViewSchema>

/** The plain form of a status. */
export function viewOf(status: ResourceStatus): StatusView {
  const { declared, observation } = status
  return {
    resource: { ...declared.key },
    generation: status.generation,
    dependsOn: declared.dependsOn.map((key) => ({ ...key })),
    observation: observation?.is ?? null,
    error:
      observation?.is === 'unreadable'
        ? { code: observation.error.code, message: observation.error.message, hint: observation.error.hint }
        : null,
    summary: status.summary,
    drift: status.drift.map(({ byHand, affected, resource, mark: _, ...drift }) => ({
      ...drift,
      resource: { ...resource },
      affected: { count: affected.count, sample: [...affected.sample] },
      byHand: byHand ?? null,
    })),
    actions: status.actions.map(actionViewOf),
    conditions: status.conditions.map(({ nextStep, wakeUpMs, ...condition }) => ({
      ...condition,
      nextStep: nextStep ?? null,
      wakeUpMs: wakeUpMs ?? null,
    })),
    checks: status.checks.map((check) => ({ ...check })),
    lookedAtMs: status.lookedAtMs ?? null,
    fullLookAtMs: status.fullLookAtMs ?? null,
  }
}

/** The plain form of an action with what the gate says of it. */
export function actionViewOf({ action, gate }: GatedAction): ActionView {
  return {
    id: action.id,
    resource: { ...action.resource },
    verb: action.verb,
    risk: action.risk,
    gate: {
      decision: gate.decision,
      runnable: gate.runnable,
      approvalsNeeded: gate.approvalsNeeded,
      approvalsGiven: gate.approvalsGiven,
      reasons: gate.reasons.map(({ untilMs, ...reason }) => ({ ...reason, untilMs: untilMs ?? null })),
      wakeUpMs: gate.wakeUpMs ?? null,
    },
    summary: action.summary,
    findings: action.findings.map((finding) => ({ ...finding })),
    affected: { count: action.affected.count, sample: [...action.affected.sample] },
    population: action.population,
    reversible: action.reversible,
    cost: { ...action.cost },
    preview: action.preview.map((cell) => ({ ...cell })),
    resolves: [...action.resolves],
    cause: action.cause,
    requestedBy: action.requestedBy ?? null,
    plannedAtMs: action.plannedAtMs,
    input: action.input,
    precondition: action.precondition,
  }
}

/** Whether a person is asked: what only time or another resource holds is none of theirs, and what is refused is over. */
export function needsPerson({ gate }: Pick<ActionView, 'gate'>): boolean {
  return !gate.runnable && gate.decision !== 'refuse' && gate.approvalsGiven < gate.approvalsNeeded
}

/** A view in the form that `whyOf` explains. */
export function explainable(view: StatusView): Explainable {
  return {
    key: view.resource,
    observedAtMs: view.lookedAtMs ?? undefined,
    drift: view.drift.map(({ byHand, ...drift }) => (byHand === null ? drift : { ...drift, byHand })),
    conditions: view.conditions.map(({ nextStep, wakeUpMs, ...condition }) => ({
      ...condition,
      ...(nextStep === null ? {} : { nextStep }),
      ...(wakeUpMs === null ? {} : { wakeUpMs }),
    })),
  }
}
