/** The kinds of this version, in the order in which their resources are listed. Adding a kind is adding a line here. */

import type { Clock } from '../clock.ts'
import type { DesiredState } from '../desired/schema.ts'
import type { Kind } from '../engine/kind.ts'
import type { Memory } from '../engine/memory.ts'
import type { Random } from '../random.ts'
import type { Offload } from '../targets/process/ports.ts'
import type { ChangeSets, Databases } from '../targets/sqlite/ports.ts'

/** What the kinds need of the world. */
export interface KindPorts {
  readonly workspace: string
  readonly checkpointsPath: string
  readonly databases: Databases
  readonly changeSets: ChangeSets
  readonly offload: Offload
  readonly memory: Memory
  readonly clock: Clock
  readonly random: Random
}
