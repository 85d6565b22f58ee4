/**
 * Programs on this machine: started in a shim, found again by mark, ended as a whole.
 *
 * Keeps true: no second copy of a program runs while a process of the first lives (the shim holds a lock that its program
 * and its children inherit); no process is signalled whose identity is not sure; what runs goes on when Trueup ends.
 */
import { createHash } from 'node:crypto'
import { existsSync, type FSWatcher, mkdirSync, readFileSync, realpathSync, rmSync, statSync, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../../../clock.ts'
import { OperationalError } from '../../../errors.ts'
import { endProcesses } from './end-processes.ts'
import { type Instance, identityOf, type ProcessIdentity, processOf, uuidOfMark } from './instance.ts'
import { missingTools, spawnShim } from './launch.ts'
import { logFactsOf, removeLog, tailOf } from './log-files.ts'
import type { Exit, Finding, ProcessHost, Usage } from './ports.ts'
import { bootId, descriptorsOf, type ProcessFacts, startedAtMs, uptimeMsNow } from './proc.ts'
import { createProcessTable, type MarkedProcess } from './process-table.ts'

export interface ProcessHostOptions {
  readonly clock: Clock
  /** `.trueup`; locks and exit records lie in its folder `run`. */
  readonly ownFolder: string
  /** The environment of Trueup, of which only PATH is looked at. */
  readonly path: string | undefined
}

/** How old what is known of all processes may be for a look; signals and starts always look anew. */
const tableAgeMs = 1000
/** The same for a glance, of which there are many: that what is listed still lives is asked each time. */
const glanceAgeMs = 1900
/** How long a shim may take until its program runs; loaded machines take a second. */
const startWaitMs = 10_000
const startPollMs = 15
/** How often it is looked whether programs of a dead shim still run, for which nobody writes an exit record. */
const lookEveryMs = 2000

export function createProcessHost(options: ProcessHostOptions): ProcessHost {
  const { clock } = options
  const folder = join(options.ownFolder, 'run')
  const table = createProcessTable(clock)
  const bootNow = bootId()
  const exitPathOf = (uuid: string) => join(folder, `${uuid}.exit`)
  const heldPathOf = (uuid: string) => `${exitPathOf(uuid)}.held`

  let uptime = { readAtMs: Number.NEGATIVE_INFINITY, ms: 0 }
  /** Read now and then, and reckoned on between: it is asked for with each process. */
  const uptimeMs = (): number => {
    const nowMs = clock.monotonicMs()
    if (nowMs - uptime.readAtMs > tableAgeMs) uptime = { readAtMs: nowMs, ms: uptimeMsNow() }
    return uptime.ms + nowMs - uptime.readAtMs
  }

  const find = (instance: Instance, maxAgeMs: number, depth: 'full' | 'brief' = 'full'): Finding => {
    const marked = table.of(maxAgeMs, instance.mark)
    const members = marked.filter(({ isHelper }) => !isHelper)
    const exit = readExit(exitPathOf(instance.uuid))
    const leftovers = members.map(({ pid }) => pid)
    if (exit !== undefined) return { is: 'ended', exit, leftovers }
    const known = instance.main === null ? undefined : knownMain(instance.main, members, instance.mark, bootNow)
    const main = known ?? (instance.main === null ? mainAmong(members, marked) : undefined)
    if (main === undefined) {
      // The shim is about to tell how it ended; without a shim nobody will.
      const isTold = marked.some(({ isHelper, pid, session }) => isHelper && pid === session)
      if (instance.main !== null && !isTold)
        return { is: 'ended', exit: { code: undefined, atMs: undefined }, leftovers }
      return marked.length > 0 ? { is: 'starting' } : { is: 'never' }
    }
    return {
      is: 'running',
      instance: instance.main === null ? { ...instance, main: identityOf(main, bootNow) } : instance,
      startedAtMs: startedAtMs(main, clock.nowMs(), uptimeMs()),
      usage: usageOf(members, depth),
    }
  }

  const launch: ProcessHost['launch'] = async (order) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const instance: Instance = { uuid: order.uuid, mark: order.mark, main: null }
    await spawnShim(order, {
      lock: join(folder, `${order.lockName}.lock`),
      exit: exitPathOf(order.uuid),
    })
    const found = await settled(instance, () => existsSync(heldPathOf(order.uuid)))
    if (found.is === 'running') return found.instance
    if (found.is === 'ended') return instance
    const isHeld = existsSync(heldPathOf(order.uuid))
    rmSync(heldPathOf(order.uuid), { force: true })
    throw isHeld
      ? new OperationalError('PROCESS_NOT_STARTED', `another copy of ${order.command.join(' ')} still runs`, {
          hint: `See who holds ${order.lockName}.lock in .trueup/run with \`fuser\`.`,
        })
      : new OperationalError('PROCESS_NOT_STARTED', `${order.command.join(' ')} did not start within 10 s`)
  }

  /** Waits until it runs or has ended; gives what is found when `isOver`, or after ten seconds. */
  async function settled(instance: Instance, isOver: () => boolean): Promise<Finding> {
    const untilMs = clock.monotonicMs() + startWaitMs
    for (;;) {
      const over = isOver() || clock.monotonicMs() > untilMs
      const found = find(instance, 0)
      if (over || found.is === 'running' || found.is === 'ended') return found
      await clock.sleep(startPollMs)
    }
  }

  return {
    workspaceId: workspaceIdOf(options.ownFolder),
    bootId: bootNow,
    unsupported: bootNow === 'unknown-boot' ? 'services need Linux with /proc' : missingTools(options.path),
    find: (instance) => find(instance, tableAgeMs),
    glance: (instance) => find(instance, glanceAgeMs, 'brief'),
    settled: (instance) => settled(instance, () => find(instance, 0).is === 'never'),
    liveWith(prefix, how) {
      const marks = table
        .marked(how === 'now' ? 0 : tableAgeMs, (mark) => mark.startsWith(prefix))
        .filter(({ isHelper }) => !isHelper)
      return [...new Set(marks.map(({ mark }) => uuidOfMark(mark)))]
    },
    launch,
    end: (instance, graceMs, signal) => endProcesses(instance.mark, graceMs, signal, { clock, table }),
    forget(uuid) {
      for (const end of ['', '.part', '.pipe', '.held']) rmSync(`${exitPathOf(uuid)}${end}`, { force: true })
      rmSync(join(folder, `${uuid}.lock`), { force: true })
    },
    onExit: (listener) => watchExits(folder, clock, listener),
    tail: tailOf,
    removeLog,
    logFacts: logFactsOf,
  }
}

/** Two workspaces never share marks, nor do a workspace and its copy. */
function workspaceIdOf(ownFolder: string): string {
  // The folder itself may not be there yet, and looking must not make it.
  const path = join(realpathSync(dirname(ownFolder)), basename(ownFolder))
  return createHash('sha256').update(path).digest('hex').slice(0, 12)
}

/** The main process of an instance that was not recorded: the child of the shim, else the oldest leader of a session. */
function mainAmong(members: readonly MarkedProcess[], marked: readonly MarkedProcess[]): MarkedProcess | undefined {
  const helpers = new Set(marked.filter(({ isHelper }) => isHelper).map(({ pid }) => pid))
  const child = members.find(({ ppid }) => helpers.has(ppid))
  if (child !== undefined || helpers.size > 0) return child
  const leaders = members.filter(({ pid, session }) => pid === session)
  return [...leaders].sort((one, other) => one.startTicks - other.startTicks || one.pid - other.pid)[0]
}

/** The main process of before, found by its mark a moment ago, or asked about anew. */
function knownMain(
  main: ProcessIdentity,
  members: readonly MarkedProcess[],
  mark: string,
  bootNow: string,
): ProcessFacts | undefined {
  const isIt = (one: ProcessFacts) => one.pid === main.pid && one.startTicks === main.startTicks
  return (main.bootId === bootNow ? members.find(isIt) : undefined) ?? processOf(main, mark, bootNow)
}

function usageOf(members: readonly MarkedProcess[], depth: 'full' | 'brief'): Usage {
  const counts = depth === 'brief' ? [] : members.flatMap(({ pid }) => descriptorsOf(pid) ?? [])
  return {
    processes: members.length,
    memoryBytes: members.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    cpuMs: members.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    descriptors: counts.length === 0 ? undefined : Math.max(...counts),
  }
}

function readExit(path: string): Exit | undefined {
  // Asked for far more often than there is one, and an error is dear.
  if (!existsSync(path)) return undefined
  try {
    const code = Number(readFileSync(path, 'utf8').trim())
    return { code: Number.isInteger(code) ? code : undefined, atMs: Math.round(statSync(path).mtimeMs) }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Hears of exit records from the kernel, and calls now and then for those that nobody could write. */
function watchExits(folder: string, clock: Clock, listener: () => void): { close(): void } {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (name === null || name.endsWith('.exit')) listener()
    })
    watcher.on('error', () => watcher?.close())
  } catch {
    // No more watches are to be had: the timer below finds the same, two seconds later.
    watcher = undefined
  }
  let timer = clock.after(lookEveryMs, tick)
  function tick(): void {
    listener()
    timer = clock.after(lookEveryMs, tick)
  }
  return {
    close() {
      timer.cancel()
      watcher?.close()
    },
  }
}
