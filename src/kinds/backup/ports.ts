import type { Clock } from '../../clock.ts'
import type { SecretReader } from '../../desired/references.ts'
import type { AirtableTargets } from '../../targets/airtable/ports.ts'
import type { ErasedMarks } from '../../targets/erasure/marks.ts'
import type { PersonPlace } from '../../targets/erasure/person-layout.ts'
import type { Offload } from '../../targets/process/ports.ts'
import type { ChangeSets, Databases } from '../../targets/sqlite/ports.ts'
import type { SqliteProgram } from '../../targets/sqlite/programs.ts'
import type { DatabaseUsers } from '../../targets/sqlite/users.ts'

/** What backups need of the world. */
export interface BackupPorts {
  /** Folder of the desired state, and `.trueup` in it. */
  readonly workspace: string
  readonly ownFolder: string
  readonly stateFile: string
  readonly checkpointsPath: string
  /** Files of `.trueup` that hold what people decided, by the names of their members; any may be absent. */
  readonly decisions: readonly { readonly name: string; readonly path: string }[]
  /** The signed heads of the journal; the file may be absent. */
  readonly headsPath: string
  /** Bytes that must be free on the disk of a place for a set to be made there (`policy.disk.freeMin`). */
  readonly freeMin: () => number
  /** The number of the generation in force. */
  readonly generation: () => number
  readonly databases: Databases
  readonly changeSets: ChangeSets
  readonly airtable: AirtableTargets
  readonly offload: Offload
  readonly secrets: SecretReader
  readonly suppressions: { readonly marks: () => ErasedMarks | null }
  /** The tables in which people are, in the generation in force. */
  readonly places: () => readonly PersonPlace[]
  /** The services that use a database. */
  readonly users: DatabaseUsers
  /** The programs that have a file open, asked anew. */
  readonly programsNow: (path: string) => Promise<readonly SqliteProgram[]>
  readonly clock: Clock
}
