/** Who was erased or must not be written to, and what rows were before they were changed. */
import { join } from 'node:path'
import { rowsKind } from '../../kinds/rows/index.ts'
import { openSuppressionStore, readSuppressions } from '../../targets/erasure/suppressions.ts'
import { openChangeSets } from '../../targets/sqlite/change-sets.ts'
import { openErasure } from '../erasure.ts'
import { lazyChangeSets } from '../lazy-change-sets.ts'
import type { WorkspaceOptions } from '../workspace.ts'
import type { Closers } from './closers.ts'
import type { Foundation } from './foundation.ts'

export type People = Awaited<ReturnType<typeof openPeople>>

export async function openPeople({ clock, random }: WorkspaceOptions, base: Foundation, closers: Closers) {
  const { ownFolder, keep, databases, offload, journal, directory, inForce, later } = base
  const checkpointsPath = join(ownFolder, 'checkpoints.db')
  const changeSets = lazyChangeSets(() => openChangeSets({ path: checkpointsPath, clock }))
  closers.add(() => changeSets.close())
  const suppressions = keep ? openSuppressionStore(ownFolder, { random }) : await readSuppressions(ownFolder, databases)
  closers.add(() => suppressions.close())
  const { eraser, places } = openErasure({
    store: suppressions,
    ...{ databases, offload, changeSets, checkpointsPath, journal, ownFolder, clock },
    workspace: directory,
    state: inForce,
    // Nothing was seen before the engine is there.
    forgetLooks: (shows) => later.engine?.forget(shows),
  })
  const rows = rowsKind({ changeSets, databases, eraser, suppressions })
  return { checkpointsPath, changeSets, suppressions, eraser, places, rows }
}
