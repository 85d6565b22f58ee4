/** The work of an import's worker thread: looks, and for a checkpoint keeps what the action will write. */
import { systemClock } from '../../clock.ts'
import type { ServeContext } from '../../targets/process/serve.ts'
import { openChangeSets } from '../../targets/sqlite/change-sets.ts'
import { keepSets } from './kept-sets.ts'
import type { OpenKnownLeads } from './known-leads.ts'
import { type Keep, lookAtImport } from './look.ts'
import { type ThreadOutput, threadInputSchema } from './thread-wire.ts'

export function workOfImport(
  given: unknown,
  { progress }: Pick<ServeContext, 'progress'>,
  openKnownLeads: OpenKnownLeads,
): Promise<ThreadOutput> {
  const input = threadInputSchema.parse(given)
  const { spec, write, nowMs } = input
  const keep: Keep = (from) => {
    // On other evidence the action is void, and nothing is kept for it.
    if (write === null || write.precondition !== from.state.evidence) return
    const sets = openChangeSets({ path: write.checkpointsPath, clock: systemClock })
    try {
      keepSets(sets, write.actionId, { ...from, spec, nowMs })
    } finally {
      sets.close()
    }
  }
  return lookAtImport(input, { progress, keep, openKnownLeads })
}
