/**
 * The kind `database`: one resource per `databases` entry, a SQLite file that is there, private, sound and in WAL mode.
 * Everything here joins the parts; what each keeps true stands in its module.
 */
import { join } from 'node:path'
import type { Clock } from '../../clock.ts'
import type { Kind } from '../../engine/kind.ts'
import type { Memory } from '../../engine/memory.ts'
import type { Observation } from '../../engine/observation.ts'
import type { Declared } from '../../engine/resource.ts'
import { OperationalError } from '../../errors.ts'
import type { Offload } from '../../targets/process/ports.ts'
import { type DatabaseFiles, databaseFiles } from '../../targets/sqlite/database-files.ts'
import type { Databases } from '../../targets/sqlite/ports.ts'
import { createProgramFinder, type ProgramFinder, type SqliteProgram } from '../../targets/sqlite/programs.ts'
import { type DatabaseUsers, noUsers } from '../../targets/sqlite/users.ts'
import { applyDatabase, checkpointDatabase, probeDatabase } from './apply.ts'
import { differencesOf } from './diff.ts'
import { databaseFigures } from './figures.ts'
import { databaseHealth, describeDatabase } from './health.ts'
import { observeDatabase } from './observe.ts'
import { planDatabase } from './plan.ts'
import type { DatabaseMirrors, DatabaseSets } from './ports.ts'
import { type DatabaseDeclaration, listDatabases } from './spec.ts'
import type { DatabaseState } from './state.ts'
import { planDatabaseUndo } from './undo.ts'

export interface DatabaseKindPorts {
  readonly databases: Databases
  readonly offload: Offload
  readonly memory: Memory
  readonly clock: Clock
  /** Folder of the workspace, absolute: relative database paths start there. */
  readonly workspace: string
  /** Default: no backup is declared. */
  readonly sets?: DatabaseSets
  /** Default: no table is mirrored. */
  readonly mirrors?: DatabaseMirrors
  /** Default: no services are declared. */
  readonly users?: DatabaseUsers
  /** Default: the files of this machine. */
  readonly files?: DatabaseFiles
  /** Default: the programs of this machine. */
  readonly programs?: ProgramFinder
}

export { damageAt } from './damage.ts'
export type { DatabaseMirrors, DatabaseSets, SetOfDatabase } from './ports.ts'

const noSets: DatabaseSets = {
  of: () => [],
  restore: (id) => Promise.reject(new OperationalError('NOT_FOUND', `there is no set ${id}`)),
}

const noMirrors: DatabaseMirrors = {
  of: () => [],
  read: (name) => Promise.reject(new OperationalError('NOT_FOUND', `${name} is not mirrored`)),
}

/** Makes the kind. */
export function databaseKind(settings: DatabaseKindPorts): Kind<DatabaseDeclaration, DatabaseState> {
  const files = settings.files ?? databaseFiles
  const programs = settings.programs ?? createProgramFinder()
  const ports = {
    ...settings,
    files,
    programsOf: onceAMinute(settings.clock, programs),
    programsNow: programs.programsOf,
    sets: settings.sets ?? noSets,
    mirrors: settings.mirrors ?? noMirrors,
    users: settings.users ?? noUsers,
    ownFolder: join(settings.workspace, '.trueup'),
  }
  return {
    name: 'database',
    category: 'database',
    list: (desired) => listDatabases(desired, ports.workspace),
    observe: (resource, _scope, context) => observeDatabase(ports, resource, context.signal),
    diff: differencesOf,
    plan: planDatabase,
    checkpoint: (action) => checkpointDatabase(ports, action),
    apply: (action, context) => applyDatabase(ports, action, context),
    probe: (action) => probeDatabase(ports, action),
    planUndo: (action) => planDatabaseUndo(ports, action),
    watch: (resource, notify) => ports.databases.watch(resource.spec.path, notify),
    lookAgainAfterMs: nextCheckAfterMs,
    health: (resource, observation, drift) => databaseHealth(resource.spec, observation, drift),
    figures: ({ key }, observation) => databaseFigures(key.name, observation),
    describe: describeDatabase,
  }
}

/** Until the next check is due. */
function nextCheckAfterMs(
  { spec }: Declared<DatabaseDeclaration>,
  observation: Observation<DatabaseState>,
): number | undefined {
  if (observation.is !== 'present') return undefined
  const { full, quick, observedAtMs } = observation.state
  const dueAtMs = Math.min(
    (full?.atMs ?? observedAtMs) + spec.fullEveryMs,
    (quick?.atMs ?? full?.atMs ?? observedAtMs) + spec.quickEveryMs,
  )
  return Math.max(1000, dueAtMs - observedAtMs)
}

const programsKeptMs = 60_000

/** Going through all processes takes some 20 ms, too much for every commit that is noticed. */
function onceAMinute(clock: Clock, finder: ProgramFinder): (path: string) => Promise<readonly SqliteProgram[]> {
  const known = new Map<string, { atMs: number; programs: readonly SqliteProgram[] }>()
  return async (path) => {
    const last = known.get(path)
    if (last !== undefined && clock.monotonicMs() - last.atMs < programsKeptMs) return last.programs
    const programs = await finder.programsOf(path)
    known.set(path, { atMs: clock.monotonicMs(), programs })
    return programs
  }
}
