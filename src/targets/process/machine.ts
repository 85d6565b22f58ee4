/** What the machine has left: disk, memory, load, and how late its timers run. */
import { stat, statfs } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { readMachineLoad } from './supervision/proc.ts'

export interface MachineFacts {
  readonly disk: { readonly totalBytes: number; readonly freeBytes: number }
  /** Undefined without /proc. */
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number } | undefined
  /** Of the last minute; undefined without /proc. */
  readonly load: { readonly perCore: number; readonly cores: number } | undefined
  /** How late timers of this process ran since the last look, in milliseconds: the 99th percentile and the worst. */
  readonly loopLagMs: { readonly p99: number; readonly max: number }
  /** Bytes of the -wal files together, by the path of the database; 0 where there is none. */
  readonly walBytes: Readonly<Record<string, number>>
}

export interface Machine {
  /** @param folder whose disk is meant. @param databases paths of database files. */
  look(folder: string, databases: readonly string[]): Promise<MachineFacts>
}

/** Coarse, since each step wakes the program. */
const lagResolutionMs = 200

/** This machine. */
export function createMachine(): Machine {
  const lag = monitorEventLoopDelay({ resolution: lagResolutionMs })
  let isMeasured = false
  return {
    async look(folder, databases) {
      const disk = await statfs(folder)
      const load = readMachineLoad()
      const walBytes: Record<string, number> = {}
      for (const path of databases) walBytes[path] = await sizeOf(`${path}-wal`)
      const loopLagMs = isMeasured ? lagOf(lag) : { p99: 0, max: 0 }
      lag.reset()
      lag.enable()
      isMeasured = true
      return {
        disk: { totalBytes: disk.blocks * disk.bsize, freeBytes: disk.bavail * disk.bsize },
        memory: load === undefined ? undefined : { totalBytes: load.memoryBytes, availableBytes: load.availableBytes },
        load: load === undefined ? undefined : { perCore: load.load1 / load.cores, cores: load.cores },
        loopLagMs,
        walBytes,
      }
    },
  }
}

/** The histogram counts whole intervals; what goes beyond one is the lag. */
function lagOf(lag: ReturnType<typeof monitorEventLoopDelay>): { readonly p99: number; readonly max: number } {
  const beyond = (nanoseconds: number) => Math.max(0, Math.round(nanoseconds / 1e6) - lagResolutionMs)
  return lag.count === 0 ? { p99: 0, max: 0 } : { p99: beyond(lag.percentile(99)), max: beyond(lag.max) }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0
    throw error
  }
}
