/** All that the rest may ask of running programs. The simulator has another implementation. */
import type { Instance } from './instance.ts'

/** What it takes to start a program. */
export interface LaunchOrder {
  readonly uuid: string
  readonly mark: string
  /** Program and arguments. */
  readonly command: readonly string[]
  /** Absolute. */
  readonly directory: string
  /** The whole environment but the mark. */
  readonly environment: Readonly<Record<string, string>>
  /** Held, as a lock, by the program and its children: while it is held no second copy starts. */
  readonly lockName: string
  /** File of its output, absolute. */
  readonly logPath: string
  /** At this size a log file is put aside, in bytes. */
  readonly logBytesMax: number
  /** Log files in all, the current one included. */
  readonly logFilesMax: number
  /** Most open files of each process; undefined: as the system has it. */
  readonly descriptorsMax: number | undefined
}

/** What all live processes of an instance take together. */
export interface Usage {
  readonly processes: number
  /** Resident memory, in bytes; shared pages count for each process. */
  readonly memoryBytes: number
  /** Since their starts, in milliseconds. */
  readonly cpuMs: number
  /** Open files of the process that has most; undefined where they cannot be counted. */
  readonly descriptors: number | undefined
}

/** How a program ended. */
export interface Exit {
  /** As a shell tells it: 128 and the signal's number for a signal; undefined where nobody was there to see it. */
  readonly code: number | undefined
  /** Undefined where nobody was there to see it. */
  readonly atMs: number | undefined
}

/** What was found of an instance. */
export type Finding =
  /** Its shim runs: the program is about to run, or has ended and the shim is about to tell how. */
  | { readonly is: 'starting' }
  | { readonly is: 'running'; readonly instance: Instance; readonly startedAtMs: number; readonly usage: Usage }
  /** The main process has ended; `leftovers` are pids that it started and that still run. */
  | { readonly is: 'ended'; readonly exit: Exit; readonly leftovers: readonly number[] }
  /** There is no trace of it: it was never started, or nothing is left that could tell. */
  | { readonly is: 'never' }

/** What ended a program that was told to. */
export interface Ended {
  /** `nothing` where nothing ran. */
  readonly by: 'nothing' | 'term' | 'kill'
  readonly processes: number
}

export interface ProcessHost {
  /** Begins the marks of this workspace's instances; another for a copy of the workspace elsewhere. */
  readonly workspaceId: string
  /** Names this boot of the machine: what ran in another one is gone. */
  readonly bootId: string
  /** Why programs cannot be supervised on this machine; undefined where they can. */
  readonly unsupported: string | undefined
  /** Reads the world. Changes nothing. */
  find(instance: Instance): Finding
  /** As `find`, for asking again and again: open files are not counted, and what was forked in the last two seconds may be missing. */
  glance(instance: Instance): Finding
  /** As `find`, but waits, for ten seconds at most, while it is about to run or to have ended. */
  settled(instance: Instance): Promise<Finding>
  /** Uuids of live instances whose mark begins like this; `now` also those whose processes were forked this moment. */
  liveWith(markPrefix: string, how?: 'now'): readonly string[]
  /**
   * Starts a program and gives it back once its main process runs. The caller has durably written its intent before. Throws
   * PROCESS_NOT_STARTED where the lock is held or the shim does not get so far; a program that cannot be run is no error
   * here, but an instance that has ended with 126 or 127.
   */
  launch(order: LaunchOrder): Promise<Instance>
  /** SIGTERM to all of it, after `graceMs` SIGKILL. Never signals a process whose identity is not sure. Throws PROCESS_NOT_ENDED. */
  end(instance: Instance, graceMs: number, signal: AbortSignal): Promise<Ended>
  /** Removes a log with all files that were put aside. */
  removeLog(logPath: string): void
  /** Removes exit record and own lock of an instance that nobody will ask about any more. */
  forget(uuid: string): void
  /** Calls back soon after an instance ended, and every two seconds; until closed. */
  onExit(listener: () => void): { close(): void }
  /** The end of a log, `bytesMax` at most; empty where there is none. Reads into the file put aside last where the newest is short. */
  tail(logPath: string, bytesMax: number): string
  /** Size and moment of the last write; undefined where there is no log. */
  logFacts(logPath: string): { readonly bytes: number; readonly changedAtMs: number } | undefined
}
