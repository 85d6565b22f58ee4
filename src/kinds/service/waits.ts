/** What a service waits for by itself, in one word and one sentence: what `why` shows of it. Pure. */
import { isoOf } from '../../clock.ts'
import type { Waits } from '../../engine/kind.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { crashLoopFrom } from './diff.ts'
import type { Downtime } from './downtime.ts'
import type { ServiceDeclaration } from './spec.ts'
import type { ServiceState } from './state.ts'

/** Others start these, so nothing tells when they end, in milliseconds. */
export const foreignEveryMs = 10_000
/** How soon what is between two states is looked at again, in milliseconds. */
export const turningMs = 1000

export function waitsOf(
  { spec, observeOnly }: Declared<ServiceDeclaration>,
  observation: Observation<ServiceState>,
): Waits | undefined {
  if (observation.is !== 'present') return undefined
  const { state } = observation
  const { phase, observedAtMs } = state
  switch (phase.is) {
    case 'unknown':
      return {
        reason: { code: 'service-unknown', message: `whether it runs cannot be told: ${phase.why}`, isUnknown: true },
        untilMs: observedAtMs + foreignEveryMs,
      }
    case 'turning':
      return {
        reason: { code: 'turning', message: 'it starts or ends this moment' },
        untilMs: observedAtMs + turningMs,
      }
    case 'down':
      return waitsWhileDown(spec, state, phase.downtime, observeOnly)
    case 'running':
      return waitsWhileRunning(spec, state)
  }
}

function waitsWhileDown(
  { name, driver }: ServiceDeclaration,
  state: ServiceState,
  downtime: Downtime,
  observeOnly: boolean,
): Waits | undefined {
  const words = state.output === '' ? '' : `; its last words: ${JSON.stringify(state.output)}`
  if (observeOnly || driver.is !== 'command')
    return { reason: { code: 'not-running', message: `it does not run: ${downtime.reason}` } }
  switch (downtime.is) {
    case 'held':
      return {
        reason: {
          code: 'stopped-by-person',
          message: downtime.reason,
          nextStep: `\`trueup service start ${name}\` starts it again`,
        },
      }
    case 'configuration':
      return {
        reason: {
          code: 'configuration-wrong',
          message: `it says that its configuration is wrong (${downtime.reason})${words}`,
          nextStep: `mend it, then change its declaration or run \`trueup service restart ${name}\``,
        },
      }
    case 'backoff': {
      const isLoop = downtime.failures >= crashLoopFrom
      const untilMs = downtime.dueAtMs ?? state.observedAtMs
      const times = downtime.failures === 1 ? 'failed' : `failed ${downtime.failures} times in a row`
      return {
        reason: {
          code: isLoop ? 'crash-loop' : 'backing-off',
          message: `it ${times}, last with ${downtime.reason}${words}; next try at ${isoOf(untilMs)}`,
          nextStep: `see \`trueup service logs ${name}\`; \`trueup service restart ${name}\` tries at once`,
        },
        untilMs,
      }
    }
    case 'done':
      return downtime.failures === 0
        ? undefined
        : { reason: { code: 'ended', message: `it ended (${downtime.reason}) and is not to be started again${words}` } }
    case 'due':
      if (state.waitsFor.length === 0) return undefined
      return {
        reason: { code: 'dependency', message: `it waits until ${state.waitsFor.join(', ')} is ready` },
        untilMs: state.observedAtMs + 10_000,
      }
  }
}

function waitsWhileRunning({ driver, probe }: ServiceDeclaration, state: ServiceState): Waits | undefined {
  const said = state.probe?.last?.message
  switch (state.probe?.phase) {
    case 'startup':
      return {
        reason: { code: 'starting', message: `it runs and is not ready yet${said === undefined ? '' : `: ${said}`}` },
        untilMs: state.observedAtMs + Math.max(turningMs, probe?.startupMs ?? 0),
      }
    case 'failing':
      return { reason: { code: 'probe-failing', message: `its probe fails: ${said ?? 'no answer'}` } }
    case 'unknown':
      return {
        reason: {
          code: 'probe-unknown',
          message: `whether it is well cannot be told: ${said ?? 'it was not probed'}`,
          nextStep: 'correct the probe in the declaration, or what keeps it from being carried out',
          isUnknown: true,
        },
      }
    default:
      return rollingWait(driver, state)
  }
}

/** Only a changed declaration waits for others that were restarted before it. */
function rollingWait(
  driver: ServiceDeclaration['driver'],
  { phase, rolling, secrets, observedAtMs }: ServiceState,
): Waits | undefined {
  if (rolling === undefined || phase.is !== 'running' || driver.is !== 'command') return undefined
  const isOther = phase.launchHash !== null && phase.launchHash !== driver.launchHash
  if (!isOther && secrets.changed.length === 0) return undefined
  return {
    reason: {
      code: 'rolling-restart',
      message: `it is restarted when ${rolling}, which was restarted before it, is ready`,
    },
    untilMs: observedAtMs + 5000,
  }
}
