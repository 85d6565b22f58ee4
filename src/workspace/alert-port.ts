/** Alerts of a workspace: the desk over its store, for the API and the command line. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type AlertDesk, createAlertDesk } from '../alerts/desk.ts'
import { amountText } from '../alerts/message.ts'
import { type AlertStore, openAlertStore, storeOver } from '../alerts/store.ts'
import type { AlertPort, AlertView } from '../api/alert-port.ts'
import type { Clock } from '../clock.ts'
import { alertMetrics, comparisonOf } from '../desired/alert-metrics.ts'
import { secretReader } from '../desired/references.ts'
import { OperationalError } from '../errors.ts'
import type { Random } from '../random.ts'
import { createOutgoing } from '../targets/outgoing/guard.ts'
import type { Workspace } from './workspace.ts'

export const alertsFile = 'alerts.db'

export interface AlertOptions {
  readonly clock: Clock
  readonly random: Random
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly dashboard: () => string | undefined
}

export interface Alerts {
  readonly desk: AlertDesk
  readonly store: AlertStore
  readonly secret: ReturnType<typeof secretReader>
  readonly outgoing: ReturnType<typeof createOutgoing>
}

/** Opens the store for work, and makes it where it is not there. */
export function openAlerts(workspace: Workspace, options: AlertOptions): Alerts {
  return alertsOver(workspace, openAlertStore(join(workspace.ownFolder, alertsFile)), options)
}

function alertsOver(workspace: Workspace, store: AlertStore, options: AlertOptions): Alerts {
  const secret = secretReader(options.environment, workspace.directory)
  const outgoing = createOutgoing()
  const state = () => workspace.generations.inForce().state
  const { channels: plugged } = workspace.plugins
  return { store, secret, outgoing, desk: createAlertDesk({ ...options, store, secret, outgoing, plugged, state }) }
}

/** Over the desk of a controller. */
export function createAlertPort({ desk }: Alerts, workspace: Workspace): AlertPort {
  return portOf(async (work) => work(desk), workspace)
}

/** Where no controller runs: what is kept is read without a trace, or written by who holds the lease. */
export function standingAlertPort(workspace: Workspace, options: AlertOptions): AlertPort {
  return portOf(async (work) => {
    const path = join(workspace.ownFolder, alertsFile)
    if (workspace.lease !== undefined) {
      const { desk, store } = openAlerts(workspace, options)
      try {
        return await work(desk)
      } finally {
        store.close()
      }
    }
    const nothing = () => openAlertStore(':memory:')
    if (!existsSync(path)) return work(alertsOver(workspace, nothing(), options).desk)
    const view = await workspace.databases.read(path)
    try {
      return await work(alertsOver(workspace, storeOver(view.db), options).desk)
    } finally {
      view.close()
    }
  }, workspace)
}

type WithDesk = <Result>(work: (desk: AlertDesk) => Result | Promise<Result>) => Promise<Result>

const testTimeoutMs = 40_000

function portOf(withDesk: WithDesk, { journal }: Workspace): AlertPort {
  return {
    alerts: () =>
      withDesk((desk) => {
        const silences = desk.silences()
        return desk.alerts().map((state): AlertView => {
          const { key, rule, instance, value, sinceMs, toldAtMs, phase, calmSinceMs } = state
          const read = comparisonOf(rule.when)
          const metric = read.is === 'comparison' ? alertMetrics[read.comparison.metric] : undefined
          return {
            ...{ key, instance, value, sinceMs, toldAtMs },
            rule: rule.when,
            severity: rule.severity,
            channel: rule.to,
            state: calmSinceMs !== null ? 'calming' : phase,
            valueText: amountText(value, metric?.unit ?? 'count'),
            next: metric?.next ?? 'Look at `trueup status`.',
            silenced: silences.some(({ of }) => of === '*' || of === key || of === rule.when),
          }
        })
      }),
    rules: () =>
      withDesk((desk) => desk.rules().map(({ when, forMs, severity, to }) => ({ when, forMs, severity, channel: to }))),
    channels: () => withDesk((desk) => desk.channels()),
    deliveries: (limit) =>
      withDesk((desk) => desk.log(limit).map(({ is, ...delivery }) => ({ ...delivery, outcome: is }))),
    silences: () => withDesk((desk) => desk.silences()),
    test: (channel) => withDesk((desk) => desk.test(channel, AbortSignal.timeout(testTimeoutMs))),
    silence: (request) =>
      withDesk((desk) => {
        const rules = desk.rules().map(({ when }) => when)
        const known = ['*', ...rules, ...desk.alerts().map(({ key }) => key)]
        if (!known.includes(request.of))
          throw new OperationalError('USAGE', 'no rule and no alert is called that', {
            hint: `Rules are: ${[...new Set(rules)].join('; ') || 'none'}. * means all.`,
          })
        const silence = desk.silence(request)
        journal.append([
          {
            type: 'alert.silenced',
            actor: request.by,
            body: { id: silence.id, of: request.of, untilMs: request.untilMs, reason: request.reason },
          },
        ])
        return silence
      }),
    liftSilence: (id, by) =>
      withDesk((desk) => {
        const isLifted = desk.liftSilence(id)
        if (isLifted) journal.append([{ type: 'alert.silence-lifted', actor: by, body: { id } }])
        return isLifted
      }),
  }
}
