/** The worker thread of an import: looks, and for a checkpoint keeps what the action will write. */
import { systemClock } from '../../clock.ts'
import { serve } from '../../targets/process/serve.ts'
import { openChangeSets } from '../../targets/sqlite/change-sets.ts'
import { keepSets } from './kept-sets.ts'
import { type Keep, lookAtImport } from './look.ts'
import { threadInputSchema } from './thread-wire.ts'

serve((raw, { progress }) => {
  const input = threadInputSchema.parse(raw)
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
  return lookAtImport(input, { progress, keep })
})
