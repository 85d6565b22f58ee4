/** Alerts while a controller runs: rules are looked at, the outbox is emptied, heartbeats and reports are sent. */
import type { Clock } from '../clock.ts'
import { lastMoment } from '../engine/schedule.ts'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Figure } from '../metrics/catalogue.ts'
import type { Alerts } from './alert-port.ts'
import type { Workspace } from './workspace.ts'

export interface RunAlertsOptions {
  readonly alerts: Alerts
  readonly workspace: Workspace
  readonly figures: () => Promise<readonly Figure[]>
  /** The report of the time since a moment, as a message. */
  readonly report: (sinceMs: number) => Promise<{ readonly subject: string; readonly text: string }>
  /** Whether the loop still ticks. */
  readonly isAlive: () => boolean
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/** What is not seen yet is no reason to say that all is well, but not for ever. */
const firstLooksMs = 600_000
const heartbeatTimeoutMs = 10_000
const dayMs = 86_400_000

/** One round; call it every few seconds. Trouble of one part is logged when it changes and holds up no other part. */
export function runningAlerts(options: RunAlertsOptions): () => Promise<void> {
  const { alerts, workspace, clock, log, signal } = options
  const startedMs = clock.monotonicMs()
  const troubles = new Map<string, string>()
  const part = async (name: string, work: () => void | Promise<void>) => {
    try {
      await work()
      troubles.delete(name)
    } catch (error) {
      const message = messageOf(error)
      if (troubles.get(name) !== message && !signal.aborted)
        log.warn({ err: message, doing: name }, 'alerts have trouble')
      troubles.set(name, message)
    }
  }
  const isSeen = () =>
    clock.monotonicMs() - startedMs > firstLooksMs ||
    workspace.engine.statuses.all().every(({ lookedAtMs }) => lookedAtMs !== undefined)
  let isBusy = false

  return async () => {
    if (isBusy || signal.aborted) return
    isBusy = true
    try {
      await part('rules', async () => {
        alerts.desk.round(await options.figures(), isSeen())
      })
      await part('reports', () => sendReports(options))
      // A slow target holds up its own channel alone, and not the next look at the rules.
      void part('deliveries', () => alerts.desk.deliver(signal))
      void part('heartbeat', () => sendHeartbeat(options))
    } finally {
      isBusy = false
    }
  }
}

/** Each report whose moment has come since it was last sent. A moment that was missed by more than a day is left out. */
async function sendReports({ alerts: { store, desk }, workspace, report, clock }: RunAlertsOptions): Promise<void> {
  const nowMs = clock.nowMs()
  for (const { schedule, timezone, to } of workspace.generations.inForce().state.alerts?.reports ?? []) {
    const name = `report ${schedule} ${timezone} ${to}`
    const dueMs = lastMoment({ cron: schedule, timezone }, nowMs)
    const sentMs = store.noted(name)
    if (dueMs === undefined) continue
    // A schedule that is new begins with its next moment.
    if (sentMs === undefined) store.note(name, nowMs)
    else if (dueMs > sentMs && nowMs - dueMs < dayMs) {
      const message = await report(sentMs)
      store.note(name, nowMs)
      desk.post(to, message)
    }
  }
}

async function sendHeartbeat(options: RunAlertsOptions): Promise<void> {
  const { alerts, workspace, clock, signal } = options
  const heartbeat = workspace.generations.inForce().state.alerts?.heartbeat
  const lastMs = alerts.store.noted('heartbeat') ?? 0
  const nowMs = clock.nowMs()
  if (heartbeat === undefined || (nowMs >= lastMs && nowMs - lastMs < heartbeat.every)) return
  // Silence is the message of a loop that stands still.
  if (!options.isAlive()) return
  alerts.store.note('heartbeat', nowMs)
  const url = await alerts.secret(heartbeat.url)
  await alerts.outgoing.request({ url, purpose: 'message', timeoutMs: heartbeatTimeoutMs, answerMax: 0, signal })
}
