import { isoOf } from '../clock.ts'
import { severities } from '../engine/drift.ts'
import type { StatusView } from '../engine/view.ts'
import type { Generations } from '../workspace/generations.ts'

/** The document of `plan --json`, whose names are fixed in docs/cli.md. */
export function planDocument(views: readonly StatusView[], generations: Generations, nowMs: number) {
  const drift = views.flatMap((view) => view.drift)
  const actions = views.flatMap((view) => view.actions)
  return {
    generation: generations.inForce().number,
    /** What is wrong with the file as it is; the generation is then the last valid one. */
    problems: [...generations.problems()],
    observedAt: isoOf(nowMs),
    summary: {
      drift: drift.length,
      actions: actions.length,
      bySeverity: Object.fromEntries(
        severities.map((severity) => [severity, drift.filter((one) => one.severity === severity).length]),
      ),
      byKind: countBy(drift.map((one) => one.resource.kind)),
    },
    unreadable: views.flatMap((view) => (view.error === null ? [] : [{ resource: view.resource, ...view.error }])),
    drift,
    actions,
  }
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/**
 * 0 when nothing is left to do: no repair is planned, nothing is unreadable, and no drift of high or critical severity waits
 * for a person. Data of lower severity that no rule can mend is reported, but is no reason to fail; `strict` counts it too.
 */
export function statusOf(views: readonly StatusView[], strict: boolean): 0 | 2 {
  const waits = views.some(
    (view) =>
      view.actions.length > 0 ||
      view.error !== null ||
      view.drift.some((drift) => strict || drift.severity === 'high' || drift.severity === 'critical'),
  )
  return waits ? 2 : 0
}
