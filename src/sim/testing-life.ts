/** Lives of Trueup for tests: each opens all anew on the same files, as a restart does, over real programs. */
import { join } from 'node:path'
import { pino } from 'pino'
import { systemClock } from '../clock.ts'
import { desiredStateSchema } from '../desired/schema.ts'
import { type Convergence, converge, createEngine, type Engine } from '../engine/engine.ts'
import { takeLease } from '../engine/lease.ts'
import { type JournalStore, openJournal } from '../journal/store.ts'
import { type ServicePorts, serviceKind } from '../kinds/service/index.ts'
import { systemRandom } from '../random.ts'
import { foreignProcesses } from '../targets/process/foreign-processes.ts'
import { createProber } from '../targets/process/probes/prober.ts'
import { markPrefixOf } from '../targets/process/supervision/instance.ts'
import type { ProcessHost } from '../targets/process/supervision/ports.ts'
import { environmentOf, listPids } from '../targets/process/supervision/proc.ts'
import { createProcessHost } from '../targets/process/supervision/process-host.ts'
import { openProcessStore } from '../targets/process/supervision/process-store.ts'
import { markVariable } from '../targets/process/supervision/process-table.ts'
import { createSystemd } from '../targets/process/systemd.ts'

export interface LifeOptions {
  /** Folder of the workspace; `.trueup` in it is there. */
  readonly folder: string
  /** The `services` section. */
  readonly services: object
  /** Stands between the life and its files and programs. */
  readonly wrap?: (ports: ServicePorts, journal: JournalStore) => { ports: ServicePorts; journal: JournalStore }
  readonly secrets?: ServicePorts['secrets']
  readonly systemd?: ServicePorts['systemd']
}

export function hostOf(folder: string, clock = systemClock): ProcessHost {
  return createProcessHost({ clock, ownFolder: join(folder, '.trueup'), path: process.env.PATH })
}

/** One life: converges once and gives what was done and the engine as it ended. */
export async function liveOnce(options: LifeOptions): Promise<Convergence & { readonly engine: Engine }> {
  const { folder } = options
  const ownFolder = join(folder, '.trueup')
  const journal = openJournal(join(ownFolder, 'journal.db'), systemClock)
  const store = openProcessStore(join(ownFolder, 'processes.db'), { keep: true })
  try {
    const lease = takeLease({ journal, clock: systemClock, holder: systemRandom.uuid(), isAlive: () => false })
    const own: ServicePorts = {
      workspace: folder,
      ownFolder,
      host: hostOf(folder),
      store,
      systemd: options.systemd ?? createSystemd({ path: process.env.PATH }),
      foreign: foreignProcesses,
      prober: createProber(systemClock),
      clock: systemClock,
      random: systemRandom,
      session: systemRandom.uuid(),
      environment: { PATH: process.env.PATH ?? '' },
      secrets: options.secrets ?? (async () => ''),
    }
    const wrapped = options.wrap?.(own, journal) ?? { ports: own, journal }
    const log = pino({ level: 'silent' })
    const kinds = [serviceKind(wrapped.ports)]
    const ports = { journal: wrapped.journal, kinds, clock: systemClock, random: systemRandom, log, lease }
    const engine = createEngine(ports)
    engine.declare(1, desiredStateSchema.parse({ apiVersion: 'trueup/v1', name: 'test', services: options.services }))
    const ended = await converge(engine, { keys: undefined, actor: 'test', signal: new AbortController().signal })
    lease.release()
    return { ...ended, engine }
  } finally {
    store.close()
    journal.close()
  }
}

/** Uuids of the live instances of a service. */
export function liveInstances(folder: string, name: string): readonly string[] {
  const host = hostOf(folder)
  return host.liveWith(markPrefixOf(host.workspaceId, 'service', name))
}

/** Kills whatever runs of a service, as a stranger would, and waits until its shim and log have ended too. */
export async function killAll(folder: string, name: string): Promise<void> {
  const host = hostOf(folder)
  const prefix = markPrefixOf(host.workspaceId, 'service', name)
  const isThere = (pid: number) => environmentOf(pid, markVariable)?.startsWith(prefix) === true
  for (let turn = 0; turn === 0 || listPids().some(isThere); turn += 1) {
    if (turn > 1000) throw new Error(`${name} has not ended`)
    // Each turn, since a process shows no mark in the instant of an exec and may have been missed.
    for (const uuid of host.liveWith(prefix))
      await host.end({ uuid, mark: `${prefix}${uuid}`, main: null }, 0, new AbortController().signal)
    await systemClock.sleep(5)
  }
}
