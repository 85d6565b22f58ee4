/** What stands when all has come to rest: nothing paused that was resumed, nothing half done, no run without end. */
import { keyText } from '../../engine/resource.ts'
import type { Controller } from '../world/controller.ts'
import { maxRuntimeMs } from '../world/declared.ts'
import type { Rest } from '../world/rest.ts'
import { nameOf } from './permission.ts'

const minuteMs = 60_000

export function judgeStanding({ world, checks }: Rest, { workspace }: Controller): void {
  const statuses = workspace.engine.statuses.all()
  for (const { declared, conditions } of statuses)
    if (
      conditions.some(({ type, status }) => type === 'Suspended' && status === 'true') &&
      !checks.suspended().has(keyText(declared.key))
    )
      world.violate('what a person resumed goes on', keyText(declared.key))
  // What failed is for a person; what was begun is ended, by whoever lives.
  for (const action of checks.unended(2 * minuteMs))
    world.violate('what was begun is ended', `${nameOf(action)}: ${action.summary}`)
  const job = statuses.find(({ declared }) => declared.key.kind === 'job')
  const begun = world.programs.starts.findLast(({ lockName }) => lockName.startsWith('job-'))
  const isLate = begun !== undefined && world.clock.monotonicMs() - begun.atMs > maxRuntimeMs + 2 * minuteMs
  if (isLate && world.programs.fake.runs(begun.lockName) && job?.actions.length === 0)
    world.violate('a run that takes too long is ended', begun.lockName)
}
