/** Figures of a service for metrics: those whose past is kept. Pure. */
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { type Figure, figure } from '../../metrics/catalogue.ts'
import { serviceViewOf } from './health.ts'
import type { ServiceDeclaration } from './spec.ts'
import type { ServiceState } from './state.ts'

/** States in which a managed service does not do what it is there for. */
const downStates: ReadonlySet<string> = new Set(['crash-loop', 'backing-off', 'not-ready', 'stopped'])

export function serviceFigures(
  declared: Declared<ServiceDeclaration>,
  observation: Observation<ServiceState>,
): readonly Figure[] {
  if (observation.is !== 'present') return []
  const { name, managed, starts, state } = serviceViewOf(declared, observation)
  // Who stopped it knows that it is down.
  const isHeld = observation.state.record?.held != null
  return [
    ...figure('service_restarts_total', Math.max(0, starts - 1), { service: name }),
    ...figure('services_down', managed && !isHeld && downStates.has(state) ? 1 : 0),
  ]
}
