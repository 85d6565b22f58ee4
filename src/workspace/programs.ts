/** Joins what services, jobs and the machine need of the world. */
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { secretReader } from '../desired/references.ts'
import type { Memory } from '../engine/memory.ts'
import { type JobKind, jobKind } from '../kinds/job/index.ts'
import { type ServiceKind, serviceKind } from '../kinds/service/index.ts'
import type { Random } from '../random.ts'
import { foreignProcesses } from '../targets/process/foreign-processes.ts'
import { createProber } from '../targets/process/probes/prober.ts'
import { createProcessHost } from '../targets/process/supervision/process-host.ts'
import { openProcessStore } from '../targets/process/supervision/process-store.ts'
import { programEnvironment } from '../targets/process/supervision/program-environment.ts'
import { createSystemd } from '../targets/process/systemd.ts'

export interface ProgramsOptions {
  readonly workspace: string
  readonly ownFolder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** False: nothing is written. */
  readonly keep: boolean
  readonly memory: Memory
  readonly clock: Clock
  readonly random: Random
}

export interface Programs {
  readonly services: ServiceKind
  readonly jobs: JobKind
  close(): void
}

/** Opens it; no file is made before a program is started. */
export function openPrograms(options: ProgramsOptions): Programs {
  const { workspace, ownFolder, environment, clock, random } = options
  const store = openProcessStore(join(ownFolder, 'processes.db'), { keep: options.keep })
  const ports = {
    workspace,
    ownFolder,
    store,
    host: createProcessHost({ clock, ownFolder, path: environment.PATH }),
    environment: programEnvironment(environment),
    secrets: secretReader(environment, workspace),
    clock,
    random,
  }
  return {
    services: serviceKind({
      ...ports,
      systemd: createSystemd({ path: environment.PATH }),
      foreign: foreignProcesses,
      prober: createProber(clock),
      session: random.uuid(),
    }),
    jobs: jobKind({ ...ports, memory: options.memory }),
    close: () => store.close(),
  }
}
