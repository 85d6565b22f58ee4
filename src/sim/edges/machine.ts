/** In the place of src/targets/process/machine.ts: a machine that has enough of everything. */
import type { Machine } from '../../targets/process/machine.ts'

export function createMachine(): Machine {
  return {
    look: async () => ({
      disk: { totalBytes: 1e12, freeBytes: 9e11 },
      memory: { totalBytes: 8e9, availableBytes: 6e9 },
      load: { perCore: 0.1, cores: 2 },
      loopLagMs: { p99: 0, max: 0 },
      walBytes: {},
    }),
  }
}
