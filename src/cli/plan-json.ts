import { z } from 'zod'
import { isoOf } from '../clock.ts'
import { severities } from '../engine/drift.ts'
import { keyText } from '../engine/resource.ts'
import type { ResourceStatus } from '../engine/status.ts'
import type { JsonObject, JsonValue } from '../json.ts'

const jsonSchema: z.ZodType<JsonObject> = z.record(z.string(), z.json())

/** The document of `plan --json`, whose names are fixed in docs/cli.md. */
export function planDocument(statuses: readonly ResourceStatus[], generation: number, nowMs: number): JsonObject {
  const drift = statuses.flatMap((status) => status.drift)
  const actions = statuses.flatMap((status) => status.actions)
  return jsonSchema.parse({
    generation,
    observedAt: isoOf(nowMs),
    summary: {
      drift: drift.length,
      actions: actions.length,
      bySeverity: Object.fromEntries(
        severities.map((severity) => [severity, drift.filter((one) => one.severity === severity).length]),
      ),
      byKind: countBy(drift.map((one) => one.resource.kind)),
    },
    unreadable: statuses.flatMap((status) =>
      status.observation?.is === 'unreadable'
        ? [
            {
              resource: keyText(status.declared.key),
              code: status.observation.error.code,
              message: status.observation.error.message,
              hint: status.observation.error.hint,
            },
          ]
        : [],
    ),
    drift: drift.map(
      ({ id, resource, path, severity, category, desired, observed, affected, message, cause, byHand }) => ({
        id,
        resource,
        path,
        severity,
        category,
        desired,
        observed,
        affected,
        message,
        cause,
        byHand: byHand ?? null,
      }),
    ),
    actions: actions.map(({ action, gate }) => ({
      id: action.id,
      resource: action.resource,
      verb: action.verb,
      risk: action.risk,
      gate: { decision: gate.decision, runnable: gate.runnable, reasons: gate.reasons },
      summary: action.summary,
      findings: action.findings,
      affected: { count: action.affected.count, sample: action.affected.sample },
      reversible: action.reversible,
      cost: action.cost,
      preview: action.preview,
      resolves: action.resolves,
      input: action.input,
      precondition: action.precondition,
    })),
  })
}

function countBy(names: readonly string[]): JsonValue {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/**
 * 0 when nothing is left to do: no repair is planned, nothing is unreadable, and no drift of high or critical severity waits
 * for a person. Data of lower severity that no rule can mend is reported, but is no reason to fail; `strict` counts it too.
 */
export function statusOf(statuses: readonly ResourceStatus[], strict: boolean): 0 | 2 {
  const waits = statuses.some(
    (status) =>
      status.actions.length > 0 ||
      status.observation?.is === 'unreadable' ||
      status.drift.some((drift) => strict || drift.severity === 'high' || drift.severity === 'critical'),
  )
  return waits ? 2 : 0
}
