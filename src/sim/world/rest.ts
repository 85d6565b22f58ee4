/**
 * The end of an episode: faults cease, people decide what waits for them, and within bounded time all is as declared or says
 * why it is not; then nothing more is done.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Checks } from '../checks/checks.ts'
import { judgeEnd, judgeQuiet, judgeStates, type StandingNow } from '../checks/end.ts'
import { judgeLeftUndone, judgeLetGo, runnableNow } from '../checks/let-go.ts'
import { judgeStanding } from '../checks/standing.ts'
import type { Mode } from '../episode.ts'
import { approveAs } from './approving.ts'
import type { Book } from './book.ts'
import { type Controller, noteViolation } from './controller.ts'
import { textOf } from './declared.ts'
import { playLastActs } from './last-acts.ts'
import type { World } from './world.ts'

export interface Rest {
  readonly world: World
  readonly book: Book
  readonly checks: Checks
  readonly mode: Mode
  /** The only last acts that are played, by their places; undefined: all. */
  readonly acts: ReadonlySet<number> | undefined
  /** Told of each before it is played. */
  acted(place: number, name: string): void
  /** The controller that runs, or another one. */
  controller(): Promise<Controller | undefined>
  advance(ms: number): Promise<void>
}

const minuteMs = 60_000
/** Within so long after the last fault all has come to rest, where people ask for a look or where nobody does. */
const roundsMax = { safety: 8, liveness: 14 } as const
const roundMs = { safety: 2 * minuteMs, liveness: 5 * minuteMs } as const
/** What needs nobody but this machine is looked at within so long. */
const soonMs = 10_000
/** So much in so little time is done only by a program that turns in a circle. */
const sliceMs = 5000
const sliceStepsMax = 4000
const quietMs = { safety: 2 * minuteMs, liveness: 10 * minuteMs } as const

export async function comeToRest(rest: Rest): Promise<void> {
  const { world, mode } = rest
  endFaults(world)
  const isHeld = await playLastActs({ ...rest, advance: (ms) => passes(rest, ms) })
  await letGo(rest)
  await passes(rest, soonMs)
  // Before anybody asks for anything, and before the next question to Airtable wakes what depends on it.
  if (isHeld) judgeLetGo(world, await rest.controller())
  await allBegun(rest)
  await passes(rest, soonMs)
  let standing: StandingNow | undefined
  for (let round = 0; round < roundsMax[mode]; round += 1) {
    const controller = await rest.controller()
    if (controller === undefined || world.violations.length > 0) return
    decide(rest, controller, mode === 'safety' && round === 0)
    await passes(rest, roundMs[mode])
    await allBegun(rest)
    standing = judgeStates(world, controller)
    if (world.violations.length > 0) return
    // What was approved may have been replaced on other evidence since: people decide again.
    if (round > 0 && standing.waiting.length === 0 && standing.asking.length === 0) break
  }
  const controller = await rest.controller()
  if (controller === undefined || world.violations.length > 0) return
  for (const one of standing?.waiting ?? []) world.violate('once faults stop, all converges or says why not', one)
  await judgeEnd(rest, controller)
  judgeStanding(rest, controller)
  if (world.violations.length > 0) return
  const before = rest.checks.dispatched()
  await passes(rest, quietMs[mode])
  judgeQuiet(world, rest.checks.dispatched().slice(before.length))
}

/** What may run, in what is told as declared, has begun within a short while. */
async function allBegun(rest: Rest): Promise<void> {
  const controller = await rest.controller()
  const runnable = runnableNow(controller)
  await passes(rest, soonMs)
  judgeLeftUndone(rest.world, runnable, await rest.controller())
}

function endFaults(world: World): void {
  world.crashIn = undefined
  world.crashAt = undefined
  world.traps.length = 0
  world.refusing.clear()
  world.sandbox.control.clearFaults()
}

/** What is declared holds nothing any more, and who runs takes that over as it does any change. */
async function letGo(rest: Rest): Promise<void> {
  const { world } = rest
  world.declaration = { ...world.declaration, mode: 'enforce', deniedFrom: undefined }
  writeFileSync(join(world.folder, 'desired-state.yaml'), textOf(world.declaration))
  const controller = await rest.controller()
  if (controller !== undefined) quietly(world, () => controller.workspace.generations.reload())
}

/** Time passes until something is broken; a program that is busy without end has not come to rest. */
async function passes(rest: Rest, ms: number): Promise<void> {
  const { world } = rest
  const untilMs = world.clock.monotonicMs() + ms
  while (world.violations.length === 0 && world.clock.monotonicMs() < untilMs) {
    const before = world.steps
    await rest.advance(Math.min(sliceMs, untilMs - world.clock.monotonicMs()))
    if (world.steps - before > sliceStepsMax)
      world.violate('once faults stop, all converges or says why not', `${world.steps - before} steps in ${sliceMs} ms`)
  }
}

function quietly(world: World, work: () => void): void {
  try {
    work()
  } catch (error) {
    noteViolation(error, world)
  }
}

/** People look through what waits, and let it go. */
function decide(rest: Rest, controller: Controller, asksForLook: boolean): void {
  const { world, checks } = rest
  const { port, workspace } = controller
  quietly(world, () => {
    workspace.generations.reload()
    // Whoever asked for it may have died in it, or met a full disk: the list of what is suspended tells.
    for (const name of [...checks.suspended()]) {
      const [kind = '', resource = ''] = name.split('/')
      port.resume({ resource: { kind, name: resource }, actor: 'token:ann' })
    }
    if (asksForLook) port.reconcile({ resource: undefined, actor: 'token:ann' })
    // The program that took each repair back has ended: they do what the reason says.
    for (const { declared, conditions } of workspace.engine.statuses.all())
      if (conditions.some(({ status, message }) => status === 'true' && message.startsWith('Ineffective')))
        port.reconcile({ resource: declared.key, actor: 'token:ann' })
    for (const { actions } of workspace.engine.statuses.all()) {
      for (const { action, gate } of actions) {
        // What waits for something else is not theirs to decide.
        // What was rejected is reconsidered, also where no approval is asked for any more.
        const isRejected = gate.reasons.some(({ code }) => code === 'rejected')
        if (!isRejected && gate.approvalsNeeded <= gate.approvalsGiven) continue
        for (const person of ['token:ann', 'token:bob']) approveAs(person, action.id, rest, controller)
      }
    }
  })
}
