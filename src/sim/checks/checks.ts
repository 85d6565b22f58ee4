/** All that is checked of a simulated world while it goes on, from outside of the product. */
import type { Book } from '../world/book.ts'
import type { Controller } from '../world/controller.ts'
import type { World } from '../world/world.ts'
import { watchOutside, watchPauses } from './outside.ts'
import { watchPermissions } from './permission.ts'
import { watchPushes } from './pushes.ts'
import { createRecord, type SeenAction } from './record.ts'
import { watchRows } from './rows.ts'
import { watchSides } from './sides.ts'

export interface Checks {
  afterTurn(controller: Controller | undefined): void
  isUndone(actionId: string): boolean
  /** Actions that were begun so long ago and have come to no end. */
  unended(forMs: number): readonly SeenAction[]
  /** What is suspended by what the record says. */
  suspended(): ReadonlySet<string>
  /** What was dispatched so far, in order. */
  dispatched(): readonly SeenAction[]
  counts(): Readonly<Record<string, number>>
  close(): void
}

export function createChecks(world: World, book: Book): Checks {
  const record = createRecord(world)
  const dispatched: SeenAction[] = []
  const suspended = new Set<string>()
  const counts: Record<string, number> = {}
  // The record is read before anything is judged by it, and each entry is noted in the trace.
  world.witnesses.push({
    after(effect) {
      if (effect.kind === 'sqlite' && effect.target === 'journal.db') record.poll()
    },
  })
  record.onEntry((entry, seen) => {
    if (entry.type === 'resource.suspended') suspended.add(entry.resource)
    if (entry.type === 'resource.resumed') suspended.delete(entry.resource)
    world.trace.note(`  ${entry.type} ${entry.resource} ${entry.actionId} ${entry.actor} ${seen?.action.verb ?? ''}`)
    if (entry.type === 'action.dispatched' && seen !== undefined) dispatched.push(seen.action)
    if (entry.type === 'action.succeeded') count(`${seen?.action.resource.kind}:${seen?.action.verb}`)
    else count(entry.type)
  })
  const count = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1
  }
  watchPermissions(world, book, record)
  watchRows(world, book, record)
  watchOutside(world, record)
  watchPauses(world, record)
  watchPushes(world, book, record)
  watchSides(world, book, record)
  // After all that judges, so that it meets what they saw.
  record.onEntry((entry, seen) => {
    const at = world.traps.findIndex(
      ({ type, kinds, verbs }) =>
        type === entry.type &&
        seen !== undefined &&
        kinds.includes(seen.action.resource.kind) &&
        verbs?.includes(seen.action.verb) !== false,
    )
    const [trap] = at < 0 ? [] : world.traps.splice(at, 1)
    const what = seen === undefined ? undefined : trap?.spring(seen.action)
    if (what !== undefined) world.step(`at ${entry.type}: ${what}`)
  })
  return {
    afterTurn() {
      record.poll()
    },
    unended: (forMs) =>
      [...record.actions.values()]
        .filter(({ state }) => state === 'intended' || state === 'checkpointed' || state === 'dispatched')
        .filter(({ sinceMs }) => world.clock.monotonicMs() - sinceMs > forMs)
        .map(({ action }) => action),
    suspended: () => suspended,
    isUndone: (id) => record.actions.get(id)?.state === 'undone',
    dispatched: () => [...dispatched],
    counts: () => counts,
    close: () => record.close(),
  }
}
