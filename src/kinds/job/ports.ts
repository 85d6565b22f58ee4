import type { Clock } from '../../clock.ts'
import type { Memory } from '../../engine/memory.ts'
import type { Random } from '../../random.ts'
import type { ProcessHost } from '../../targets/process/supervision/ports.ts'
import type { ProcessStore } from '../../targets/process/supervision/process-store.ts'
import type { Folders } from './spec.ts'

/** What jobs need of the world. */
export interface JobPorts extends Folders {
  readonly host: ProcessHost
  readonly store: ProcessStore
  readonly memory: Memory
  readonly clock: Clock
  readonly random: Random
  readonly environment: Readonly<Record<string, string>>
  /** Reads a secret at the moment that it is needed. Throws REFERENCE_UNRESOLVED. */
  readonly secrets: (reference: { readonly env: string } | { readonly file: string }) => Promise<string>
}
