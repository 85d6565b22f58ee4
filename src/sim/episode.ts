/**
 * One episode: a machine, the controllers that live and die on it, and turns. In each turn either somebody does something or
 * time goes on to the next thing that is due. Which it is, and what, comes from chance of that turn's own, so that leaving
 * out the deed of one turn leaves all others as they are.
 */
import { seededRandom } from '../random.ts'
import { createChecks } from './checks/checks.ts'
import { mixed } from './mixed.ts'
import { newBook } from './world/book.ts'
import { buryController, type Controller, noteViolation, startController } from './world/controller.ts'
import { pickDeed } from './world/deeds.ts'
import { comeToRest } from './world/rest.ts'
import { temperOf } from './world/temper.ts'
import { createWorld, type Violation, type World } from './world/world.ts'

export type Mode = 'safety' | 'liveness'

export interface EpisodeOptions {
  readonly seed: number
  readonly steps: number
  readonly mode: Mode
  /** The only turns in which somebody does something; without it all are. */
  readonly keep?: ReadonlySet<number>
  /** It comes to rest after so many turns, if not before. */
  readonly turns?: number
  /** The only last acts that are played, by their places; without it all are. */
  readonly acts?: ReadonlySet<number>
  /** It ends after its turns, before it comes to rest. */
  readonly endsBeforeRest?: boolean
  /** Told of every line of the trace. */
  readonly show?: (line: string) => void
}

export interface Done {
  readonly turn: number
  readonly atMs: number
  readonly name: string
  readonly what: string
}

/** What was done when faults had ceased. */
export interface Acted {
  readonly place: number
  readonly atMs: number
  readonly name: string
}

export interface Episode {
  readonly seed: number
  readonly steps: number
  readonly turns: number
  readonly lives: number
  readonly virtualMs: number
  readonly hash: string
  /** Whether it had come to its rest, in which nobody does anything. */
  readonly isAtRest: boolean
  readonly violation: (Violation & { readonly step: number; readonly turn: number }) | undefined
  readonly history: readonly Done[]
  readonly acts: readonly Acted[]
  readonly last: readonly string[]
  /** How often what happened, for the figures. */
  readonly counts: Readonly<Record<string, number>>
}

/** Time goes on for so long at most at once. */
const leapMaxMs = 120_000
/** Turns without a controller, before the next is started. */
const downTurnsMax = 6

export async function runEpisode(options: EpisodeOptions): Promise<Episode> {
  const world = createWorld(options.seed, options.show)
  const book = newBook()
  const checks = createChecks(world, book)
  const temper = temperOf(seededRandom(options.seed ^ 0x7e))
  const history: Done[] = []
  const acts: Acted[] = []
  let controller: Controller | undefined
  let turn = 0
  let downTurns = 0
  let isBuried = true
  let isAtRest = false
  const { turns: turnsMax = Number.POSITIVE_INFINITY } = options
  const found = () => world.violations.length > 0
  try {
    while (world.steps < options.steps && turn < turnsMax && !found()) {
      turn += 1
      const random = seededRandom(mixed(options.seed, turn))
      if (world.simulation.life?.isDead === true && !isBuried) {
        await buryController(world)
        isBuried = true
        controller = undefined
        downTurns = Math.floor(random.next() * downTurnsMax)
      }
      if (controller === undefined) downTurns -= 1
      if (controller === undefined && downTurns < 0) {
        isBuried = false
        controller = await started(world)
      }
      const chance = random.next()
      if (chance < temper.deedShare) {
        const deed = pickDeed(random, temper)
        if (deed !== undefined && options.keep?.has(turn) !== false) {
          const what = deed.do({ world, book, controller, random })
          if (what !== undefined) {
            history.push({ turn, atMs: world.clock.monotonicMs(), name: deed.name, what })
            world.step(`deed ${deed.name}: ${what}`)
          }
        }
        await advance(world, 0)
      } else if (chance < temper.deedShare + temper.leapShare) {
        await leap(world, random.next() * leapMaxMs, options.steps)
      } else {
        await advance(world, world.clock.nextTimerInMs() ?? 1000)
      }
      checks.afterTurn(controller)
    }
    isAtRest = !found() && options.endsBeforeRest !== true
    if (isAtRest)
      await comeToRest({
        world,
        book,
        checks,
        mode: options.mode,
        acts: options.acts,
        acted: (place, name) => acts.push({ place, atMs: world.clock.monotonicMs(), name }),
        advance: (ms) => advance(world, ms),
        async controller() {
          if (controller === undefined || controller.life.isDead) {
            await buryController(world)
            controller = await started(world)
          }
          return controller
        },
      })
  } catch (error) {
    noteViolation(error, world)
  } finally {
    await buryController(world)
    checks.close()
    await world.close()
  }
  const [violation] = world.violations
  return {
    seed: options.seed,
    steps: world.steps,
    turns: turn,
    lives: world.simulation.life?.number ?? 0,
    virtualMs: world.clock.monotonicMs(),
    hash: world.trace.hash(),
    isAtRest,
    violation: violation === undefined ? undefined : { ...violation, step: world.steps, turn },
    history,
    acts,
    last: world.trace.last,
    counts: checks.counts(),
  }
}

async function advance(world: World, ms: number): Promise<void> {
  try {
    await world.clock.advance(ms)
  } catch (error) {
    noteViolation(error, world)
  }
}

/** Time goes on, and nobody does anything. */
async function leap(world: World, ms: number, steps: number): Promise<void> {
  const untilMs = world.clock.monotonicMs() + ms
  while (world.clock.monotonicMs() < untilMs && world.steps < steps && world.simulation.life?.isDead !== true)
    await advance(world, Math.min(world.clock.nextTimerInMs() ?? 1000, untilMs - world.clock.monotonicMs()))
}

/** Starts a controller while time passes as it must. */
async function started(world: World): Promise<Controller | undefined> {
  let isOver = false
  const starting = startController(world).finally(() => {
    isOver = true
  })
  // Its rejection is thrown by the await below.
  starting.catch(() => undefined)
  for (;;) {
    await advance(world, 0)
    const dead = world.simulation.life?.isDead === true
    if (isOver || dead) break
    await advance(world, world.clock.nextTimerInMs() ?? 1000)
  }
  if (!isOver) return undefined
  return starting
}
