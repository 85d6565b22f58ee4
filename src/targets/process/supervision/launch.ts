/** Starts a program in its shim, detached: neither the end of Trueup nor a closed terminal reaches it. */
import { spawn } from 'node:child_process'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OperationalError } from '../../../errors.ts'
import type { LaunchOrder } from './ports.ts'
import { markVariable } from './process-table.ts'

const shimPath = fileURLToPath(new URL('./trueup-shim.sh', import.meta.url))

/** What the shim needs of the system: util-linux and coreutils, or busybox. */
const tools = ['flock', 'setsid', 'mkfifo', 'dd', 'wc'] as const

/** Which tools the shim lacks, as a sentence; undefined when all are there. */
export function missingTools(path: string | undefined): string | undefined {
  const folders = (path ?? '').split(delimiter).filter((folder) => folder !== '')
  const missing = tools.filter((tool) => !folders.some((folder) => isExecutable(join(folder, tool))))
  return missing.length === 0 ? undefined : `programs that services need are missing: ${missing.join(', ')}`
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export interface ShimPaths {
  readonly lock: string
  readonly exit: string
}

/** Spawns the shim and gives its pid. The promise of `spawn` is not waited for: the caller finds the program by its mark. */
export function spawnShim(order: LaunchOrder, paths: ShimPaths): Promise<number> {
  mkdirSync(dirname(order.logPath), { recursive: true, mode: 0o700 })
  const child = spawn(
    '/bin/sh',
    [
      shimPath,
      paths.lock,
      paths.exit,
      order.logPath,
      String(order.logBytesMax),
      String(order.logFilesMax),
      String(order.descriptorsMax ?? 0),
      order.directory,
      ...order.command,
    ],
    { detached: true, stdio: 'ignore', cwd: '/', env: { ...order.environment, [markVariable]: order.mark } },
  )
  child.unref()
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new OperationalError('PROCESS_NOT_STARTED', `/bin/sh cannot be run: ${error.message}`, { cause: error })),
    )
    child.once('spawn', () => resolve(child.pid ?? 0))
  })
}
