/** What differs between a declared service and what runs. Pure. */
import type { DriftDraft } from '../../engine/drift.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import type { Downtime } from './downtime.ts'
import type { ServiceDeclaration } from './spec.ts'
import type { ServiceState } from './state.ts'

/** From so many failures in a row on it is a crash loop. */
export const crashLoopFrom = 3

const none = { count: 0, sample: [] } as const

/** The differences, each path stable from look to look. */
export function differencesOf(
  { spec, observeOnly }: Declared<ServiceDeclaration>,
  observation: Observation<ServiceState>,
): readonly DriftDraft[] {
  if (observation.is !== 'present') return []
  const { state } = observation
  return [
    ...processDrift(spec, state, observeOnly),
    ...declarationDrift(spec, state),
    ...secretsDrift(spec, state),
    ...recordDrift(spec, state),
    ...livenessDrift(spec, state),
    ...limitDrift(spec, state),
    ...leftoverDrift(spec, state),
  ]
}

function drift(
  path: string,
  severity: DriftDraft['severity'],
  message: string,
  rest: Pick<DriftDraft, 'desired' | 'observed'> & Pick<Partial<DriftDraft>, 'byHand'>,
): DriftDraft {
  return { path, severity, category: 'service', affected: none, message, ...rest }
}

function processDrift(spec: ServiceDeclaration, { phase }: ServiceState, observeOnly: boolean): DriftDraft[] {
  if (phase.is !== 'down') return []
  const { downtime } = phase
  const observed = downtime.failures > 0 ? `down, failure ${downtime.failures} in a row` : 'down'
  const facts = { desired: 'running', observed }
  const byHand = byHandOf(spec, downtime, observeOnly)
  // What ended by itself without a failure, and is not to be started again, is as declared.
  if (downtime.is === 'done' && downtime.failures === 0) return []
  return [
    drift('process', severityOf(downtime), `${spec.name} does not run: ${downtime.reason}`, {
      ...facts,
      ...(byHand === undefined ? {} : { byHand }),
    }),
  ]
}

function severityOf({ is, failures }: Downtime): DriftDraft['severity'] {
  if (is === 'held') return 'low'
  return is === 'configuration' || failures >= crashLoopFrom ? 'high' : 'medium'
}

function byHandOf({ name, driver }: ServiceDeclaration, downtime: Downtime, observeOnly: boolean): string | undefined {
  if (observeOnly) return 'Start it by the means of whoever runs it.'
  switch (driver.is) {
    case 'pid-file':
    case 'pattern':
      return 'Others start it; start it by their means, or declare its command.'
    case 'systemd':
      return undefined
    case 'command':
      break
  }
  switch (downtime.is) {
    case 'configuration':
      return `Mend its configuration, then change its declaration or run \`trueup service restart ${name}\`.`
    case 'done':
      return `Look at \`trueup service logs ${name}\`; \`trueup service start ${name}\` runs it again.`
    case 'held':
      return `Run \`trueup service start ${name}\` when it shall run again.`
    default:
      return undefined
  }
}

function declarationDrift({ name, driver }: ServiceDeclaration, { phase }: ServiceState): DriftDraft[] {
  if (phase.is !== 'running' || driver.is !== 'command') return []
  if (phase.launchHash === null || phase.launchHash === driver.launchHash) return []
  return [
    drift('declaration', 'medium', `${name} runs with an earlier command, folder or environment.`, {
      desired: driver.launchHash.slice(0, 12),
      observed: phase.launchHash.slice(0, 12),
    }),
  ]
}

function secretsDrift({ name }: ServiceDeclaration, { phase, secrets }: ServiceState): DriftDraft[] {
  if (phase.is !== 'running') return []
  const { changed, unreadable } = secrets
  return [
    ...(changed.length === 0
      ? []
      : [
          drift('secrets', 'medium', `${name} runs with an earlier secret in ${changed.join(', ')}.`, {
            desired: 'the secrets of now',
            observed: `another ${changed.join(', ')}`,
          }),
        ]),
    ...(unreadable.length === 0
      ? []
      : [
          drift('secrets-unreadable', 'medium', `${name} could not be started again: ${unreadable.join('; ')}.`, {
            desired: 'secrets that can be read',
            observed: [...unreadable],
            byHand: 'Put the secret back where the declaration says; it goes on with what it was started with.',
          }),
        ]),
  ]
}

function recordDrift({ name }: ServiceDeclaration, { phase }: ServiceState): DriftDraft[] {
  if (phase.is !== 'running' || !phase.unrecorded) return []
  return [
    drift('record', 'low', `${name} runs as process ${phase.pid}, which is not recorded.`, {
      desired: 'recorded',
      observed: 'not recorded',
    }),
  ]
}

function livenessDrift({ name, driver, probe }: ServiceDeclaration, { probe: state }: ServiceState): DriftDraft[] {
  if (state === undefined || probe === null) return []
  const said = state.last?.message ?? 'not probed yet'
  switch (state.phase) {
    case 'dead':
      return [
        drift('liveness', 'high', `${name} runs and does not live: ${said}, ${state.failures} times in a row.`, {
          desired: 'alive',
          observed: said,
          ...(driver.is === 'command' || driver.is === 'systemd'
            ? {}
            : { byHand: 'Restart it by the means of whoever runs it.' }),
        }),
      ]
    case 'unknown':
      return [
        drift('probe', 'medium', `Whether ${name} is well cannot be told: ${said}.`, {
          desired: 'a probe that can be carried out',
          observed: said,
          byHand: 'Correct the probe in the declaration, or what keeps it from being carried out.',
        }),
      ]
    default:
      return []
  }
}

function limitDrift({ name, driver }: ServiceDeclaration, { over }: ServiceState): DriftDraft[] {
  if (over === undefined) return []
  return [
    drift('limits', 'high', `${name}: ${over}.`, {
      desired: 'within its limits',
      observed: 'over its limits',
      ...(driver.is === 'command' ? {} : { byHand: 'Restart it by the means of whoever runs it.' }),
    }),
  ]
}

function leftoverDrift({ name }: ServiceDeclaration, { leftovers }: ServiceState): DriftDraft[] {
  const pids = leftovers.flatMap((one) => one.pids)
  if (pids.length === 0) return []
  return [
    drift(
      'leftovers',
      'medium',
      `${name} has ended, and ${pids.length === 1 ? 'a process' : `${pids.length} processes`} that it started still run (${pids.slice(0, 10).join(', ')}). A service stays in the foreground.`,
      { desired: 0, observed: pids.length },
    ),
  ]
}
