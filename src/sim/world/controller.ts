/** One life of the controller on the simulated machine: the workspace, its loop and its ports, joined as `trueup run` joins them. */
import Database from 'better-sqlite3'
import type { Clock, Timer } from '../../clock.ts'
import { createLoop, type Loop } from '../../engine/loop.ts'
import { endingUndeclared } from '../../engine/undeclared.ts'
import { InvariantViolation, OperationalError } from '../../errors.ts'
import { openLog } from '../../log.ts'
import { seededRandom } from '../../random.ts'
import { createEnginePort } from '../../workspace/engine-port.ts'
import { leadsOf } from '../../workspace/lead-access.ts'
import type { Leads } from '../../workspace/leads.ts'
import { openWorkspace } from '../../workspace/open.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { type Life, neverSettled, SimulatedCrash, shownFolder } from '../edges/current.ts'
import type { VirtualClock } from '../virtual-clock.ts'
import { bury, type World } from './world.ts'

export interface Controller {
  readonly life: Life
  readonly workspace: Workspace
  readonly loop: Loop
  readonly port: ReturnType<typeof createEnginePort>
  leads: Leads
}

/** Starts one; undefined when it died on the way. */
export async function startController(world: World): Promise<Controller | undefined> {
  const number = (world.simulation.life?.number ?? 0) + 1
  const life: Life = { number, isDead: false, clock: world.clock, open: new Set() }
  Object.assign(life, { clock: clockOf(life, world) })
  forgetAtExit(life)
  world.simulation.life = life
  world.step(`life ${number} begins`)
  try {
    return await opened(life, world)
  } catch (error) {
    if (!(error instanceof SimulatedCrash) && !life.isDead) {
      if (!(error instanceof OperationalError) && !(error instanceof Database.SqliteError)) throw error
      // A start that the disk refuses: whoever started it tries again.
      world.step(`start refused ${error.code}`)
      world.kill()
    }
    return undefined
  }
}

/** What a process that dies would have done at its own exit is not done by this one, nor kept for it. */
function forgetAtExit(life: Life): void {
  const before = new Set(process.listeners('exit'))
  life.open.add(() => {
    for (const listener of process.listeners('exit')) if (!before.has(listener)) process.off('exit', listener)
  })
}

async function opened(life: Life, world: World): Promise<Controller> {
  const { clock } = life
  const random = seededRandom(world.seed + life.number * 7919)
  const log = openLog('warn', { write: (line) => noteLine(line, world) })
  const workspace = await openWorkspace({
    stateFile: `${shownFolder}/desired-state.yaml`,
    purpose: 'act',
    serves: true,
    environment: { AIRTABLE_API_KEY: 'pat' },
    clock,
    random,
    log,
  })
  const { engine, generations, lease } = workspace
  // `trueup run` ends then, and whoever supervises it starts it again.
  lease?.signal.addEventListener('abort', () => {
    world.step('the lease is lost')
    if (!life.isDead) world.kill()
  })
  const loop = createLoop({
    engine,
    kinds: workspace.kinds,
    clock,
    random,
    log,
    onInvariantViolation: (error) => noteViolation(error, world),
  })
  engine.onForgotten((keys) => {
    for (const key of keys) loop.wake(key, { full: true })
  })
  const port = createEnginePort({
    workspace,
    loop,
    clock,
    random,
    version: '0',
    startedAtMs: clock.nowMs(),
    signal: new AbortController().signal,
  })
  const controller: Controller = { life, workspace, loop, port, leads: leadsOf(workspace, { clock, random }) }
  generations.onInForce((generation) => {
    try {
      loop.redeclare(engine.declare(generation.number, generation.state).changed)
      controller.leads = leadsOf(workspace, { clock, random })
    } catch (error) {
      if (error instanceof InvariantViolation) throw error
      world.step('a generation could not be taken over')
    }
  })
  if (lease !== undefined) endingUndeclared(engine, lease, { clock, onFailure: (error) => noteViolation(error, world) })
  loop.start()
  return controller
}

/** What the product logs is in the trace; that a reconcile broke is a defect, since every failure is to be an outcome. */
function noteLine(line: string, world: World): void {
  world.trace.note(`  log ${line.trim().replace(/"time":"[^"]*",/, '')}`)
  world.broke(line)
}

/** What came out of the product where nothing may. */
export function noteViolation(error: unknown, world: World): void {
  if (error instanceof SimulatedCrash) return
  if (error instanceof InvariantViolation) {
    world.violate('the product holds its own invariants', error.message)
    return
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  world.violate('no error ends the process', stack.split('\n').slice(0, 8).join('\n'))
}

/** The machine's clock as one process has it: its timers die with it, and each that fires is a step. */
function clockOf(life: Life, world: World): Clock {
  const inner: VirtualClock = world.clock
  const after = (delayMs: number, run: () => void): Timer =>
    inner.after(delayMs, () => {
      if (life.isDead) return
      world.step('timer')
      try {
        run()
      } catch (error) {
        if (!(error instanceof SimulatedCrash)) throw error
      }
    })
  return {
    nowMs: inner.nowMs,
    monotonicMs: inner.monotonicMs,
    after,
    async sleep(delayMs, signal) {
      await inner.sleep(delayMs, signal)
      if (life.isDead) await neverSettled()
      world.step('sleeper')
    },
  }
}

/** Lets a dead life come to rest and closes what it had open. */
export async function buryController(world: World): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  const { life } = world.simulation
  if (life !== undefined) bury(life)
}
