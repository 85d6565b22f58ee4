/** What a deed is, and whom it meets. */
import type { Random } from '../../random.ts'
import type { Book } from './book.ts'
import type { Controller } from './controller.ts'
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
  /** What some worlds are without. */
  readonly sort?: 'fault' | 'taking-back'
  /** Does it and gives what the history says of it; undefined where there was nothing to do. */
  do(scene: Scene): string | undefined
}

/** One of some, by chance. */
export function oneOf<One>(some: readonly One[], random: Random): One | undefined {
  return some[Math.floor(random.next() * some.length)]
}
