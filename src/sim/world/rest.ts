/** The end of an episode: faults cease, people decide what waits, and within bounded time all is as declared or says why not. */
import type { Checks } from '../checks/checks.ts'
import type { Mode } from '../episode.ts'
import type { Book } from './book.ts'
import type { Controller } from './controller.ts'
import type { World } from './world.ts'

export interface Rest {
  readonly world: World
  readonly book: Book
  readonly controller: Controller | undefined
  readonly checks: Checks
  readonly mode: Mode
}

export async function comeToRest({ checks, controller }: Rest): Promise<void> {
  checks.afterTurn(controller)
}
