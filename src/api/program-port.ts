/** What the API needs of services and jobs, and nothing more. The composition root implements it over their kinds. */
import type { Figure } from '../metrics/catalogue.ts'
import type { Awaitable } from './ports.ts'

export interface PastExitView {
  readonly atMs: number
  readonly code: number | null
  readonly ranMs: number
  readonly reason: string
}

/** One service as it is now. Moments in milliseconds since the epoch. */
export interface ServiceView {
  readonly name: string
  /** `command`, `systemd`, `pid-file` or `pattern`. */
  readonly driver: string
  readonly managed: boolean
  /** `running`, `starting`, `not-ready`, `crash-loop`, `backing-off`, `stopped`, `done`, `unknown`. */
  readonly state: string
  readonly summary: string
  readonly pid: number | null
  readonly startedAtMs: number | null
  readonly processes: number
  readonly memoryBytes: number
  readonly cpuMs: number
  readonly starts: number
  readonly crashes: number
  /** Failures in a row. */
  readonly failures: number
  readonly nextTryAtMs: number | null
  /** Newest first. */
  readonly lastExits: readonly PastExitView[]
  readonly logPath: string | null
}

export interface JobRunView {
  readonly number: number
  /** `starting`, `running`, `ok`, `failed`. */
  readonly state: string
  /** `schedule`, `catch-up`, `request`. */
  readonly trigger: string
  readonly scheduledForMs: number | null
  readonly startedAtMs: number
  readonly endedAtMs: number | null
  readonly code: number | null
  readonly reason: string
  readonly logPath: string
}

/** One job as it is now. */
export interface JobView {
  readonly name: string
  readonly managed: boolean
  /** New, Ok, Running, Late, Failed, Unknown. */
  readonly state: string
  readonly summary: string
  readonly schedule: string | null
  readonly timezone: string | null
  readonly nextRunAtMs: number | null
  readonly lastSuccessAtMs: number | null
  readonly lateFromMs: number | null
  /** Newest first. */
  readonly runs: readonly JobRunView[]
  /** Moments that were not run, newest first, as sentences. */
  readonly skipped: readonly string[]
  /** Path that others ask for when they have run it, without host; null where it is not reported so. */
  readonly pingPath: string | null
}

export type ProgramRequestName = 'restart' | 'start' | 'stop' | 'run'

export type ProgramRequestOutcome =
  | { readonly is: 'requested'; readonly actionId: string; readonly message: string }
  /** It is so already. */
  | { readonly is: 'unchanged'; readonly message: string }
  /** The gate holds it. */
  | { readonly is: 'held'; readonly actionId: string; readonly message: string }
  | { readonly is: 'refused'; readonly message: string }
  | { readonly is: 'not-found'; readonly message: string }

export interface ProgramPort {
  services(): Awaitable<readonly ServiceView[]>
  jobs(): Awaitable<readonly JobView[]>
  /** The end of what a service, or the newest run of a job, wrote; undefined where there is none of that name. */
  output(name: string, bytesMax: number): Awaitable<string | undefined>
  /** What it writes from now on, piece by piece, with the runs of a job as they come. Throws NOT_FOUND. */
  follow(name: string, signal: AbortSignal): AsyncIterable<string>
  request(request: {
    readonly name: string
    readonly request: ProgramRequestName
    readonly actor: string
  }): Promise<ProgramRequestOutcome>
  /** A report of a job that others run; false for a token that is none. */
  ping(token: string, outcome: 'success' | 'failure'): Awaitable<boolean>
  /** As they are now, for `/metrics`. */
  figures(): Awaitable<readonly Figure[]>
}
