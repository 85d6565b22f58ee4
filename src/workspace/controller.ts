/** The running controller: the loop, the watch on the desired state, and the API, joined over one workspace. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { createAuth } from '../api/auth/auth.ts'
import { openTokens } from '../api/auth/tokens.ts'
import { createApi } from '../api/http/server.ts'
import { reportMessage } from '../api/report.ts'
import type { Clock, Timer } from '../clock.ts'
import { watchFile } from '../desired/watch.ts'
import { createLoop } from '../engine/loop.ts'
import type { ResourceKey } from '../engine/resource.ts'
import { endingUndeclared } from '../engine/undeclared.ts'
import { type InvariantViolation, messageOf } from '../errors.ts'
import { retainEntries } from '../journal/retention.ts'
import { machineKindName } from '../kinds/machine/index.ts'
import type { Log } from '../log.ts'
import { historyOver, type MetricHistory, metricHistorySchema } from '../metrics/history.ts'
import type { Random } from '../random.ts'
import { openOwnFile } from '../targets/sqlite/own-table.ts'
import { createAlertPort, openAlerts } from './alert-port.ts'
import { noteHead } from './audit-heads.ts'
import { createBackupPort } from './backup-port.ts'
import { createEnginePort } from './engine-port.ts'
import { keysThrough } from './fetch-keys.ts'
import { leadsOf } from './lead-access.ts'
import { type Leads, repositoryMap } from './leads.ts'
import { createMetricPort, metricsFile } from './metric-port.ts'
import { openWorkspace } from './open.ts'
import { createProgramPort } from './program-port.ts'
import { pruneCheckpoints } from './prune-checkpoints.ts'
import { createQualityPort } from './quality-port.ts'
import { createReportPort } from './report-port.ts'
import { runningAlerts } from './run-alerts.ts'
import { currentFigures, sampling } from './sample-metrics.ts'
import { createSyncPort } from './sync-port.ts'
import { createWorkPort } from './work-port.ts'
import type { Workspace } from './workspace.ts'

export interface ControllerOptions {
  readonly stateFile: string
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Further names that the API answers to, as `leads.example.com`. */
  readonly hosts?: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface Controller {
  readonly workspace: Workspace
  readonly url: string
  /** A link that signs a browser in once. */
  readonly signInUrl: string
  readonly adminTokenPath: string
  /** Resolves when every resource has been looked at for the first time. */
  firstLook(): Promise<void>
  /** Rejects when the controller cannot go on: an invariant does not hold, the lease is lost. */
  readonly failure: Promise<never>
  close(): Promise<void>
}

const expireEveryMs = 3_600_000
/** How often it is asked whether the machine can bear writes (disk, journal), and whether it can again. */
const obstaclesEveryMs = 2000
/** As often are the figures of large tables brought up to what was written, so that who asks for them waits for little. */
const upkeepEveryMs = 5000
/** As often figures are noted for their history. */
const sampleEveryMs = 15_000
/** As often rules of alerts are looked at and the outbox is emptied. */
const alertEveryMs = 5000
/** How long requests on an earlier schema may still run. */
const drainMs = 35_000
const packageSchema = z.object({ version: z.string() })

/** Starts it. Throws as `openWorkspace` does, and when the port is taken. */
export async function startController(options: ControllerOptions): Promise<Controller> {
  const { clock, log, random } = options
  const workspace = await openWorkspace({ ...options, purpose: 'act', serves: true })
  const { engine, generations, lease } = workspace
  const stopping = new AbortController()
  let fail: (error: unknown) => void = () => undefined
  const failure = new Promise<never>((_resolve, reject) => {
    fail = reject
  })
  // Whoever waits for it hears of it; nobody waiting is no reason to crash by an unhandled rejection.
  failure.catch((error: unknown) => log.error({ err: messageOf(error) }, 'the controller stops'))
  lease?.lost.addEventListener('abort', () => fail(lease.lost.reason))

  const loop = createLoop({
    engine,
    kinds: workspace.kinds,
    clock,
    random,
    log,
    onInvariantViolation: (error: InvariantViolation) => fail(error),
  })
  engine.onForgotten((keys) => {
    for (const key of keys) loop.wake(key, { full: true })
  })
  let leads = leadsOf(workspace, options)
  const { access } = generations.inForce().state
  const tokens = openTokens(resolve(workspace.directory, access.tokens.file), clock)
  const admin = tokens.ensureAdminToken()
  const auth = createAuth(tokens, access, clock)
  const port = createEnginePort({
    workspace,
    loop,
    clock,
    random,
    version: versionOf(),
    startedAtMs: clock.nowMs(),
    signal: stopping.signal,
  })
  const sync = createSyncPort({
    workspace,
    clock,
    wake: (key) => loop.wake(key, { full: true }),
    leads: () => leads,
  })
  const programs = createProgramPort({ workspace, wake: (key) => loop.wake(key, { full: true }) })
  const backups = createBackupPort({
    workspace,
    signal: stopping.signal,
    wake: (key) => loop.wake(key, { full: true }),
  })
  const startedAtMs = clock.nowMs()
  const serving: { url?: string } = {}
  const history = openHistory(join(workspace.ownFolder, metricsFile), log)
  const metrics = createMetricPort({ workspace, loop, clock, startedAtMs, history })
  const alerts = openAlerts(workspace, { ...options, dashboard: () => serving.url })
  const alertPort = createAlertPort(alerts, workspace)
  const reports = createReportPort({ workspace, engine: port, metrics, alerts: alertPort, clock })
  const api = createApi({
    engine: port,
    sync,
    quality: createQualityPort(workspace, options),
    programs,
    backups,
    metrics,
    alerts: alertPort,
    reports,
    work: createWorkPort(workspace.engine, clock),
    auth,
    clock,
    log,
    directory: workspace.directory,
    fetchKeys: keysThrough(alerts.outgoing, stopping.signal),
    repositories: repositoryMap(leads),
    hosts: options.hosts ?? [],
    version: versionOf(),
  })
  const listening = await api.listen(options.port, options.host)
  serving.url = listening.url
  lease?.setAddress(listening.url)

  generations.onInForce((generation) => {
    try {
      loop.redeclare(engine.declare(generation.number, generation.state).changed)
      const before = leads
      const next = leadsOf(workspace, options)
      auth.declare(generation.state.access)
      api.swapSchema({ repositories: repositoryMap(next), access: generation.state.access })
      leads = next
      // Requests that began on the earlier schema still read through its repositories.
      clock.after(drainMs, () => closeQuietly(before, log))
      log.info({ generation: generation.number }, 'a generation came into force')
    } catch (error) {
      log.error({ err: messageOf(error), generation: generation.number }, 'a generation could not be taken over')
    }
  })
  const watch = await watchFile(workspace.stateFile, { clock, warn: (message) => log.warn(message) }, () =>
    reload(workspace, log),
  )
  const expiry = every(clock, expireEveryMs, () => {
    expireCheckpoints(workspace, clock)
    retireEntries(workspace, clock, log)
  })
  const signing = every(
    clock,
    () => generations.inForce().state.policy.audit.heads.every,
    () => signAndSend(workspace, log),
  )
  signAndSend(workspace, log)
  retireEntries(workspace, clock, log)
  const obstacles = every(
    clock,
    obstaclesEveryMs,
    watchingObstacles(workspace, (key) => loop.wake(key, { full: true })),
  )
  const ending = lease === undefined ? undefined : endingUndeclared(engine, lease, { clock, onFailure: fail })
  const upkeep = every(
    clock,
    upkeepEveryMs,
    keepingFigures(workspace, () => leads, log),
  )
  const sample = sampling({ engine: port, metrics, history, clock, log })
  const samples = every(clock, sampleEveryMs, () => void sample())
  const tellPeople = runningAlerts({
    ...{ alerts, workspace, clock, log },
    figures: () => currentFigures({ engine: port, metrics, clock }),
    report: async (sinceMs) => reportMessage(await reports.report(sinceMs)),
    isAlive: () => loop.isAlive(),
    signal: stopping.signal,
  })
  const alerting = every(clock, alertEveryMs, () => void tellPeople())
  loop.start()

  return {
    workspace,
    url: listening.url,
    signInUrl: `${listening.url.replace(/\/$/, '')}${auth.signInPath(admin.record.id)}`,
    adminTokenPath: admin.path,
    firstLook: () => firstLook(workspace, clock, stopping.signal),
    failure,
    async close() {
      stopping.abort(new Error('the controller stops'))
      expiry.cancel()
      signing.cancel()
      obstacles.cancel()
      ending?.cancel()
      upkeep.cancel()
      samples.cancel()
      alerting.cancel()
      await watch.close()
      await loop.stop()
      await api.close()
      await leads.close()
      history?.close()
      alerts.store.close()
      await workspace.close()
    },
  }
}

/** A history that cannot be opened is done without: charts stay empty, everything else goes on. */
function openHistory(path: string, log: Log): MetricHistory | undefined {
  try {
    // A power cut may take the last seconds; nothing that was kept before is damaged by it.
    return historyOver(openOwnFile(path, { schema: metricHistorySchema, synchronous: 'NORMAL', busyMs: 2000 }))
  } catch (error) {
    log.warn({ err: messageOf(error) }, 'the history of figures cannot be opened; none is kept')
    return undefined
  }
}

function closeQuietly(leads: Leads, log: Log): void {
  leads.close().catch((error: unknown) => log.warn({ err: messageOf(error) }, 'earlier repositories did not close'))
}

function reload(workspace: Workspace, log: Log): void {
  try {
    workspace.generations.reload()
  } catch (error) {
    log.warn({ err: messageOf(error) }, 'the desired state could not be read again')
  }
}

/** Checkpoints older than the policy keeps them: what they belong to can no longer be undone. */
function expireCheckpoints({ changeSets, generations, journal }: Workspace, clock: Clock): void {
  pruneCheckpoints({ changeSets, journal, policy: generations.inForce().state.policy, clock })
}

/** Signs what the journal holds and has copies of the heads follow. */
function signAndSend({ heads, headCopies }: Workspace, log: Log): void {
  noteHead(heads, log)
  void headCopies.send()
}

/** Entries older than the policy keeps them. What cannot be removed now has its turn again. */
function retireEntries({ generations, heads, journal }: Workspace, clock: Clock, log: Log): void {
  const { keep } = generations.inForce().state.policy.audit
  if (keep === undefined || heads === undefined) return
  try {
    const retained = retainEntries(journal, { keepMs: keep, nowMs: clock.nowMs(), key: heads.key() })
    if (retained !== undefined) log.info({ rows: retained.removed }, 'old entries of the journal were retired')
  } catch (error) {
    log.warn({ err: messageOf(error) }, 'old entries of the journal could not be retired')
  }
}

/** Tells the machine's status when something begins to hold everything back, and looks at all once nothing does any more. */
function watchingObstacles({ obstacles, engine, journal }: Workspace, wake: (key: ResourceKey) => void): () => void {
  let before: readonly string[] = []
  return () => {
    // Asks the disk itself; a journal that could not be written is tried.
    if (journal.trouble() !== undefined) journal.beside((db) => db.prepare('DELETE FROM events WHERE seq < 0').run())
    const now = obstacles().map(({ code, of = 'all' }) => `${code} ${of}`)
    if (now.join() === before.join()) return
    const isOver = before.some((one) => !now.includes(one))
    before = now
    for (const { declared } of engine.statuses.all())
      if (isOver || declared.key.kind === machineKindName) wake(declared.key)
  }
}

/** Brings the figures of managed tables up to date, one after the other and one round at a time. */
function keepingFigures({ generations }: Workspace, leads: () => Leads, log: Log): () => void {
  let isBusy = false
  const round = async () => {
    const { tables, databases } = generations.inForce().state
    for (const [name, { database }] of Object.entries(tables)) {
      // Nothing notes what is written to a table that is only observed.
      if (databases[database]?.manage === 'observe') continue
      try {
        await leads().of(name)?.keepStatistics()
      } catch (error) {
        // A table that is not there yet, or locked, has its turn again.
        log.debug({ table: name, err: messageOf(error) }, 'figures could not be brought up to date')
      }
    }
  }
  return () => {
    if (isBusy) return
    isBusy = true
    void round().finally(() => {
      isBusy = false
    })
  }
}

function every(clock: Clock, delay: number | (() => number), run: () => void): Timer {
  const delayMs = () => (typeof delay === 'number' ? delay : delay())
  let timer = clock.after(delayMs(), tick)
  function tick(): void {
    run()
    timer = clock.after(delayMs(), tick)
  }
  return { cancel: () => timer.cancel() }
}

async function firstLook({ engine }: Workspace, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && engine.statuses.all().some((status) => status.lookedAtMs === undefined))
    await clock.sleep(50, signal)
}

function versionOf(): string {
  return packageSchema.parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))).version
}
