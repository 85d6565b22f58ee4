/** What a workspace is once it is open, and how it is asked for. */

import type { Clock } from '../clock.ts'
import type { SecretReader } from '../desired/references.ts'
import type { Action } from '../engine/action.ts'
import type { createEngine, Engine } from '../engine/engine.ts'
import type { EventStore } from '../engine/event-store.ts'
import type { Obstacle } from '../engine/gate.ts'
import type { Lease, LeaseHolder } from '../engine/lease.ts'
import type { JournalStore } from '../journal/store.ts'
import type { BackupKind } from '../kinds/backup/index.ts'
import type { DuplicatesDesk } from '../kinds/duplicates/index.ts'
import type { ImportDesk } from '../kinds/import/index.ts'
import type { QualityInspector } from '../kinds/quality/index.ts'
import type { RowsKind } from '../kinds/rows/index.ts'
import type { SyncDesk } from '../kinds/sync/index.ts'
import type { Log } from '../log.ts'
import type { Random } from '../random.ts'
import type { AirtableTargets } from '../targets/airtable/ports.ts'
import type { Eraser } from '../targets/erasure/eraser.ts'
import type { SuppressionStore } from '../targets/erasure/suppressions.ts'
import type { Offload } from '../targets/process/ports.ts'
import type { ChangeSets, Databases } from '../targets/sqlite/ports.ts'
import type { HeadKeeper } from './audit-heads.ts'
import type { Generations } from './generations.ts'
import type { HeadCopies } from './head-copies.ts'
import type { PluggedIn } from './plug-in.ts'
import type { Programs } from './programs.ts'

export interface WorkspaceOptions {
  /** Path of the desired state, absolute or relative to the working directory. */
  readonly stateFile: string
  /** `look` changes nothing on the disk; `act` takes the lease. */
  readonly purpose: 'look' | 'act'
  /** Whether somebody is served meanwhile: work in threads then stands back behind the thread that answers. */
  readonly serves?: boolean
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

export interface Workspace {
  /** Folder of the desired state; relative paths are meant from it. */
  readonly directory: string
  /** `.trueup` beside the state file. */
  readonly ownFolder: string
  readonly stateFile: string
  readonly journal: JournalStore
  readonly generations: Generations
  readonly engine: Engine
  readonly events: EventStore
  readonly kinds: Parameters<typeof createEngine>[0]['kinds']
  readonly rows: RowsKind
  /** What plug-ins added. */
  readonly plugins: Pick<PluggedIn, 'channels'>
  readonly programs: Programs
  readonly backups: BackupKind
  readonly databases: Databases
  readonly changeSets: ChangeSets
  /** Whom nothing may bring back. */
  readonly suppressions: SuppressionStore
  readonly eraser: Eraser
  readonly offload: Offload
  readonly airtable: AirtableTargets
  /** How good the rows of tables are. */
  readonly quality: QualityInspector
  /** What people ask of the mirrors in Airtable. */
  readonly sync: SyncDesk
  /** What people ask of duplicates. */
  readonly duplicates: DuplicatesDesk
  /** Whether a loop runs on it, which looks by itself. */
  readonly serves: boolean
  /** What people ask of the imports. */
  readonly imports: ImportDesk
  /** Where the sandbox of this workspace answers; undefined where none is needed. */
  readonly sandboxUrl: () => string | undefined
  /** What holds back everything that is to be carried out now. */
  readonly obstacles: (action?: Action) => readonly Obstacle[]
  /** Signs the journal; undefined when opened to look. */
  readonly heads: HeadKeeper | undefined
  /** Sends copies of the heads where they are declared to go. */
  readonly headCopies: HeadCopies
  /** Undefined when opened to look. */
  readonly lease: Lease | undefined
  readonly clock: Clock
  /** Reads what the desired state refers to, at the moment that it is needed. */
  readonly secrets: SecretReader
  /** Who holds the lease, when it is another process. */
  controller(): LeaseHolder | undefined
  close(): Promise<void>
}
