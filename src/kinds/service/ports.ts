import type { Clock } from '../../clock.ts'
import type { Random } from '../../random.ts'
import type { ForeignProcesses } from '../../targets/process/foreign-processes.ts'
import type { Prober } from '../../targets/process/probes/prober.ts'
import type { ProcessHost } from '../../targets/process/supervision/ports.ts'
import type { ProcessStore } from '../../targets/process/supervision/process-store.ts'
import type { Systemd } from '../../targets/process/systemd.ts'
import type { Rollout } from './rollout.ts'
import type { Folders } from './spec.ts'

/** What services need of the world. */
/** What services need of the world, with what they share among themselves. */
export interface SharedServicePorts extends ServicePorts {
  readonly rollout: Rollout
}

export interface ServicePorts extends Folders {
  readonly host: ProcessHost
  readonly store: ProcessStore
  readonly systemd: Systemd
  readonly foreign: ForeignProcesses
  readonly prober: Prober
  readonly clock: Clock
  readonly random: Random
  /** Names this life of Trueup: what a person stopped stays down as long as it lasts. */
  readonly session: string
  /** The variables that every program is given. */
  readonly environment: Readonly<Record<string, string>>
  /** Reads a secret at the moment that it is needed. Throws REFERENCE_UNRESOLVED. */
  readonly secrets: (reference: { readonly env: string } | { readonly file: string }) => Promise<string>
}
