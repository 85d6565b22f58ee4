/**
 * What the replaced modules of `edges/` talk to: the one simulation of this process. They are put in the place of real
 * modules when the simulator is bundled (scripts/simulate.mjs), so that nothing of the product knows of it.
 */
import type { Clock } from '../../clock.ts'
import { InvariantViolation, invariant } from '../../errors.ts'
import type { Random } from '../../random.ts'
import type { AirtableTransport } from '../../targets/airtable/transport.ts'
import type { ProcessHost } from '../../targets/process/supervision/ports.ts'

/** Thrown where the process would have died: like a broken invariant, it passes through every handler. */
export class SimulatedCrash extends InvariantViolation {
  constructor() {
    super('the simulated process died here')
  }
}

export type EffectKind = 'sqlite' | 'file' | 'airtable' | 'process'

/** One thing outside of the process that the product does: it may be refused, and the process may die before or after it. */
export interface Effect {
  readonly kind: EffectKind
  /** Which file, request or program; without anything that differs from run to run. */
  readonly target: string
}

/** From the opening of a workspace to its end by a crash. */
export interface Life {
  readonly number: number
  isDead: boolean
  /** Timers of a dead life never fire. */
  readonly clock: Clock
  /** What has to be closed when the process dies, as an operating system does. */
  readonly open: Set<() => void>
}

export interface Simulation {
  /** The folder that stands for `/trueup-sim`. */
  readonly folder: string
  /** For ids and keys that the product draws. */
  readonly random: Random
  life: Life | undefined
  readonly host: ProcessHost
  readonly transport: AirtableTransport
  /** Says what is about to be done. Throws SimulatedCrash, or gives an error that the caller throws in its own form. */
  before(effect: Effect): 'refused' | undefined
  /** Says what was done. Throws SimulatedCrash. */
  after(effect: Effect): void
  /** Whoever watches a file is told of a change soon. */
  watch(path: string, notify: () => void): { close(): void }
}

let simulation: Simulation | undefined

export function setSimulation(next: Simulation | undefined): void {
  simulation = next
}

export function theSimulation(): Simulation {
  invariant(simulation !== undefined, 'a simulation is under way')
  return simulation
}

export function isSimulating(): boolean {
  return simulation !== undefined
}

/** The life that asks; a dead one gets no further. */
export function livingLife(): Life {
  const { life } = theSimulation()
  if (life === undefined || life.isDead) throw new SimulatedCrash()
  return life
}

/**
 * What somebody waits for who died. Each waits for one of his own: a promise that all share would hold all who ever waited for
 * it, with the worlds around them.
 */
export function neverSettled(): Promise<never> {
  return new Promise<never>(() => undefined)
}

/** Where the workspace lies, for the product; the same in every run. */
export const shownFolder = '/trueup-sim'

/** The real place of a path of the simulated machine. */
export function realPath(path: string): string {
  return simulation !== undefined && path.startsWith(shownFolder)
    ? simulation.folder + path.slice(shownFolder.length)
    : path
}

/** The path that the product sees for a real place. */
export function shownPath(path: string): string {
  return simulation !== undefined && path.startsWith(simulation.folder)
    ? shownFolder + path.slice(simulation.folder.length)
    : path
}

/** As `function_`, with `apply` in the place of each call. */
export function replaced<Function_ extends (...args: never[]) => unknown>(
  function_: Function_,
  apply: (args: unknown[], call: (args: unknown[]) => unknown) => unknown,
): Function_ {
  return new Proxy(function_, {
    apply: (target, self: unknown, args: unknown[]) =>
      apply(args, (changed) => Reflect.apply(target, self, changed) as unknown),
  })
}
