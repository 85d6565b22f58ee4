/** Units of systemd, asked and told through `systemctl`. Where there is no systemd that is said, and nothing is guessed. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { messageOf, OperationalError } from '../../errors.ts'

export type UnitFinding =
  | {
      readonly is: 'known'
      /** `active`, `inactive`, `failed`, `activating`, `deactivating`, `reloading`. */
      readonly active: string
      readonly sub: string
      readonly result: string
      readonly mainPid: number
      readonly restarts: number
      /** Bytes; undefined where memory is not accounted. */
      readonly memoryBytes: number | undefined
    }
  | { readonly is: 'absent' }
  /** Whether it runs cannot be told. */
  | { readonly is: 'unknown'; readonly why: string }

export interface Systemd {
  show(unit: string): Promise<UnitFinding>
  /** Throws PROCESS_NOT_STARTED with what systemctl says. */
  start(unit: string): Promise<void>
  restart(unit: string): Promise<void>
  stop(unit: string): Promise<void>
}

const defaultDeadlineMs = 30_000
const properties = ['LoadState', 'ActiveState', 'SubState', 'Result', 'MainPID', 'NRestarts', 'MemoryCurrent'] as const

export interface SystemdOptions {
  /** Where `systemctl` is looked for; undefined: as the system has it. */
  readonly path: string | undefined
  /** The folder that is there where systemd runs the machine (sd_booted(3)). */
  readonly bootedFolder?: string
  /** How long `systemctl` may take, in milliseconds. */
  readonly deadlineMs?: number
}

/** systemd of this machine. */
export function createSystemd(options: SystemdOptions): Systemd {
  const { bootedFolder = '/run/systemd/system' } = options
  const isBooted = () => existsSync(bootedFolder)
  const notBooted = 'systemd does not run on this machine'
  const act = async (verb: 'start' | 'restart' | 'stop', unit: string): Promise<void> => {
    if (!isBooted()) throw new OperationalError('PROCESS_NOT_STARTED', `systemctl ${verb} ${unit}: ${notBooted}`)
    try {
      await systemctl([verb, unit], options)
    } catch (error) {
      throw new OperationalError('PROCESS_NOT_STARTED', `systemctl ${verb} ${unit}: ${messageOf(error)}`, {
        cause: error,
      })
    }
  }
  return {
    async show(unit) {
      if (!isBooted()) return { is: 'unknown', why: notBooted }
      try {
        return parseShow(await systemctl(['show', unit, `--property=${properties.join(',')}`], options))
      } catch (error) {
        return { is: 'unknown', why: `systemctl cannot tell: ${messageOf(error)}` }
      }
    },
    start: (unit) => act('start', unit),
    restart: (unit) => act('restart', unit),
    stop: (unit) => act('stop', unit),
  }
}

/** Reads the `NAME=value` lines of `systemctl show`. */
export function parseShow(text: string): UnitFinding {
  const values = new Map(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf('=')
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()] as const]
    }),
  )
  if (values.get('LoadState') === 'not-found') return { is: 'absent' }
  const active = values.get('ActiveState')
  if (active === undefined || active === '') return { is: 'unknown', why: 'systemctl did not tell the state' }
  const memory = Number(values.get('MemoryCurrent'))
  return {
    is: 'known',
    active,
    sub: values.get('SubState') ?? '',
    result: values.get('Result') ?? '',
    mainPid: Number(values.get('MainPID') ?? 0),
    restarts: Number(values.get('NRestarts') ?? 0),
    memoryBytes: Number.isSafeInteger(memory) && memory > 0 ? memory : undefined,
  }
}

function systemctl(
  words: readonly string[],
  { path, deadlineMs = defaultDeadlineMs }: SystemdOptions,
): Promise<string> {
  const environment = { ...(path === undefined ? {} : { PATH: path }), LC_ALL: 'C' }
  return new Promise((resolve, reject) => {
    // Nobody is there who could be asked for a password.
    const all = ['--no-pager', '--no-ask-password', ...words]
    execFile(
      'systemctl',
      all,
      { timeout: deadlineMs, killSignal: 'SIGKILL', env: environment },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else if (error.killed)
          reject(new Error(`systemctl did not answer within ${deadlineMs / 1000} s`, { cause: error }))
        else reject(new Error(stderr.trim() === '' ? error.message : stderr.trim(), { cause: error }))
      },
    )
  })
}
