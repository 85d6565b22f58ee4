/** In the place of src/targets/process/supervision/process-host.ts: the programs of the simulated machine. */
import type { ProcessHost } from '../../targets/process/supervision/ports.ts'
import { theSimulation } from './current.ts'

export function createProcessHost(): ProcessHost {
  return theSimulation().host
}
