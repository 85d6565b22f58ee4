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

const deadlineMs = 30_000
const properties = ['LoadState', 'ActiveState', 'SubState', 'Result', 'MainPID', 'NRestarts', 'MemoryCurrent'] as const

/** systemd of this machine. */
export const systemd: Systemd = {
  async show(unit) {
    if (!existsSync('/run/systemd/system')) return { is: 'unknown', why: 'systemd does not run on this machine' }
    try {
      return parseShow(await systemctl(['show', unit, `--property=${properties.join(',')}`]))
    } catch (error) {
      return { is: 'unknown', why: `systemctl cannot tell: ${messageOf(error)}` }
    }
  },
  start: (unit) => act('start', unit),
  restart: (unit) => act('restart', unit),
  stop: (unit) => act('stop', unit),
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

async function act(verb: 'start' | 'restart' | 'stop', unit: string): Promise<void> {
  try {
    await systemctl([verb, unit])
  } catch (error) {
    throw new OperationalError('PROCESS_NOT_STARTED', `systemctl ${verb} ${unit}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function systemctl(words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('systemctl', ['--no-pager', ...words], { timeout: deadlineMs }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(stderr.trim() === '' ? error.message : stderr.trim(), { cause: error }))
    })
  })
}
