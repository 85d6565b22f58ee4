/** The kinds of this version, in the order in which their resources are listed. A kind is added by a line in each list. */
import { dirname } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Obstacle } from '../engine/gate.ts'
import type { Kind } from '../engine/kind.ts'
import type { Memory } from '../engine/memory.ts'
import type { Random } from '../random.ts'
import type { AirtableTargets } from '../targets/airtable/ports.ts'
import type { Eraser } from '../targets/erasure/eraser.ts'
import type { PersonPlace } from '../targets/erasure/person-layout.ts'
import type { SuppressionStore } from '../targets/erasure/suppressions.ts'
import { createMachine } from '../targets/process/machine.ts'
import type { Offload } from '../targets/process/ports.ts'
import type { ChangeSets, Databases } from '../targets/sqlite/ports.ts'
import type { DatabaseUsers } from '../targets/sqlite/users.ts'
import { airtableSchemaKind } from './airtable-schema/index.ts'
import type { BackupKind } from './backup/index.ts'
import { contactKind } from './contact/index.ts'
import { type DatabaseMirrors, type DatabaseSets, databaseKind } from './database/index.ts'
import { type DuplicatesLooker, duplicatesKind, type LazyDuplicateFiles } from './duplicates/index.ts'
import { importKind, type KnownLeadsPort } from './import/index.ts'
import type { JobKind } from './job/index.ts'
import { machineKind } from './machine/index.ts'
import { notingCorruption } from './met-corruption.ts'
import { namingOwnFiles } from './own-files.ts'
import { type QualityInspector, qualityKind } from './quality/index.ts'
import type { ServiceKind } from './service/index.ts'
import { standardizationKind } from './standardization/index.ts'
import { suppressionKind } from './suppression/index.ts'
import { type SyncPorts, syncKind } from './sync/index.ts'
import { tableKind } from './table/index.ts'

/** What the kinds need of the world. */
export interface KindPorts {
  /** Folder of the desired state, absolute: relative paths start there. */
  readonly workspace: string
  /** The absolute path of a declared database, in the generation in force. */
  readonly pathOf: (database: string) => string
  /** File of the change sets, which worker threads write too. */
  readonly checkpointsPath: string
  readonly databases: Databases
  readonly changeSets: ChangeSets
  /** Whom nothing may bring back, and what removes them. */
  readonly suppressions: SuppressionStore
  readonly eraser: Eraser
  /** The declared tables that may be written, in the generation in force, as an erasure sees them. */
  readonly places: () => readonly PersonPlace[]
  readonly airtable: AirtableTargets
  /** What the mirrors of tables remember and are asked. */
  readonly sync: Omit<SyncPorts, 'clock' | 'databases' | 'changeSets' | 'airtable' | 'pathOf'>
  /** Looks at the quality of tables; made before the others, since people ask it, too. */
  readonly quality: QualityInspector
  readonly offload: Offload
  /** Where what is known of duplicates is kept, and what has tables looked at for them. */
  readonly duplicateFiles: LazyDuplicateFiles
  readonly looker: DuplicatesLooker
  /** The leads that imported rows may mean. */
  readonly knownLeads: KnownLeadsPort
  readonly memory: Memory
  /** What holds back all repairs now. */
  readonly obstacles: () => readonly Obstacle[]
  /** Made before the others, since people ask them for more than a kind is asked. */
  readonly services: ServiceKind
  readonly jobs: JobKind
  readonly backups: BackupKind
  /** What databases ask of backups. */
  readonly sets: DatabaseSets
  /** What they ask of the mirrors in Airtable. */
  readonly mirrors: DatabaseMirrors
  /** The services that use a database. */
  readonly users: DatabaseUsers
  readonly clock: Clock
  readonly random: Random
}

export const kindNames = [
  'database',
  'table',
  'standardization',
  'quality',
  'import',
  'duplicates',
  'airtable-schema',
  'sync',
  'suppression',
  'contact',
  'service',
  'job',
  'backup',
  'machine',
] as const

/** What is acted on of the desired state: the kinds, and alerts and roles, which are none. */
export const managedKinds: ReadonlySet<string> = new Set([...kindNames, 'alert', 'role'])

/** Makes every kind of {@link kindNames}. */
export function createKinds(ports: KindPorts): readonly Kind[] {
  const ownFolder = dirname(ports.checkpointsPath)
  const noting = { memory: ports.memory, nowMs: () => ports.clock.nowMs() }
  return [
    databaseKind(ports),
    notingCorruption(noting, tableKind(ports)),
    notingCorruption(noting, standardizationKind(ports)),
    notingCorruption(noting, qualityKind({ ...ports, inspector: ports.quality })),
    notingCorruption(noting, importKind(ports)),
    notingCorruption(noting, namingOwnFiles(ownFolder, duplicatesKind(ports))),
    namingOwnFiles(ownFolder, airtableSchemaKind(ports)),
    notingCorruption(noting, namingOwnFiles(ownFolder, syncKind({ ...ports, ...ports.sync }))),
    suppressionKind(ports),
    notingCorruption(noting, contactKind(ports)),
    ports.services,
    ports.jobs,
    notingCorruption(noting, namingOwnFiles(ownFolder, ports.backups)),
    machineKind({ ...ports, machine: createMachine() }),
  ]
}
