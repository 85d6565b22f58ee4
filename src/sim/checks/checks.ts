/** All that is checked of a simulated world, from outside of the product. */
import type { Book } from '../world/book.ts'
import type { Controller } from '../world/controller.ts'
import type { World } from '../world/world.ts'

export interface Checks {
  afterTurn(controller: Controller | undefined): void
  afterDeath(): void
  counts(): Readonly<Record<string, number>>
}

export function createChecks(_world: World, _book: Book): Checks {
  return { afterTurn: () => undefined, afterDeath: () => undefined, counts: () => ({}) }
}
