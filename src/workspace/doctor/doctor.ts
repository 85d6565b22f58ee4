/** Looks at everything that keeps Trueup from working well here, and says how to mend it. Changes nothing. */
import { dirname, join, resolve } from 'node:path'
import type { Clock } from '../../clock.ts'
import type { Environment } from '../../desired/references.ts'
import type { DesiredState } from '../../desired/schema.ts'
import type { LeaseHolder } from '../../engine/lease.ts'
import type { Log } from '../../log.ts'
import type { Random } from '../../random.ts'
import { createOffload } from '../../targets/process/offload.ts'
import type { DoctorCheck } from './check.ts'
import { checkKeys } from './keys.ts'
import { checkMachine } from './machine.ts'
import { checkPort } from './ports.ts'
import { checkPrograms } from './programs.ts'
import { checkStateFile } from './state-file.ts'

export interface DoctorOptions {
  /** As the person named it. */
  readonly stateFile: string
  /** Where the controller listens, or would. */
  readonly host: string
  readonly port: number
  readonly environment: Environment
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** All checks, in the order in which they are worth mending. Never throws for what it finds. */
export async function examine(options: DoctorOptions): Promise<readonly DoctorCheck[]> {
  const { environment, host, port } = options
  const file = resolve(options.stateFile)
  const directory = dirname(file)
  const place = { environment, workspace: directory }
  const machine = await checkMachine(directory)
  const hasSqlite = machine.every(({ id, status }) => id !== 'machine.sqlite' || status !== 'fail')
  const plugins = hasSqlite ? await pluginsOf({ stateFile: file, directory, clock: options.clock }) : undefined
  const { checks: ofFile, state } = checkStateFile({
    ...place,
    file,
    shownAs: options.stateFile,
    pluginChannels: plugins?.pluginChannels,
  })
  const open = hasSqlite
    ? await lookInside(options, state, directory)
    : { workspace: [], network: [], holder: undefined }
  return [
    ...machine,
    ...(plugins?.checks ?? []),
    ...ofFile,
    ...open.workspace,
    ...(state === undefined ? [] : await checkKeys(state, place)),
    ...(state === undefined ? [] : await checkPrograms(state, place)),
    await checkPort(host, port, open.holder?.address),
    ...open.network,
  ]
}

/** Brings the kinds with it, and SQLite with these: only where that is built. */
async function pluginsOf(place: Parameters<typeof import('./plugins.ts').checkPlugins>[0]) {
  const { checkPlugins } = await import('./plugins.ts')
  return await checkPlugins(place)
}

/** What needs SQLite; loaded only where it can be. */
async function lookInside(
  options: DoctorOptions,
  state: DesiredState | undefined,
  directory: string,
): Promise<{
  readonly workspace: readonly DoctorCheck[]
  readonly network: readonly DoctorCheck[]
  readonly holder: LeaseHolder | undefined
}> {
  const { openDatabases } = await import('../../targets/sqlite/databases.ts')
  const { checkWorkspace } = await import('./own-folder.ts')
  const { checkNetwork } = await import('./network.ts')
  const ownFolder = join(directory, '.trueup')
  const offload = createOffload({ log: options.log })
  const databases = openDatabases({ ...options, offload })
  try {
    const { checks, holder } = await checkWorkspace({ ...options, directory, ownFolder, state, databases })
    const network =
      state === undefined ? [] : await checkNetwork({ ...options, state, directory, ownFolder, databases })
    return { workspace: checks, network, holder }
  } finally {
    databases.closeAll()
    await offload.close()
  }
}
