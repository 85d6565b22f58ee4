/** What people, programs and the machine do to the controller, one deed at a time, each from chance of its own. */
import type { Random } from '../../random.ts'
import type { Book } from './book.ts'
import type { Controller } from './controller.ts'
import { agentDeeds } from './deeds-agents.ts'
import { machineDeeds } from './deeds-machine.ts'
import { peopleDeeds } from './deeds-people.ts'
import type { World } from './world.ts'

export interface Scene {
  readonly world: World
  readonly book: Book
  /** Undefined while none runs. */
  readonly controller: Controller | undefined
  readonly random: Random
}

export interface Deed {
  readonly name: string
  /** How often it is done, beside the others. */
  readonly weight: number
  /** Part of the faults that cease in the end. */
  readonly isFault?: boolean
  /** Does it and gives what the history says of it; undefined where there was nothing to do. */
  do(scene: Scene): string | undefined
}

const deeds: readonly Deed[] = [...agentDeeds, ...peopleDeeds, ...machineDeeds]

export function pickDeed(random: Random, withFaults: boolean): Deed | undefined {
  const possible = withFaults ? deeds : deeds.filter(({ isFault }) => isFault !== true)
  let left = random.next() * possible.reduce((sum, { weight }) => sum + weight, 0)
  return possible.find(({ weight }) => {
    left -= weight
    return left < 0
  })
}

/** One of some, by chance. */
export function oneOf<One>(some: readonly One[], random: Random): One | undefined {
  return some[Math.floor(random.next() * some.length)]
}
