import type { EffectContext } from '../../engine/kind.ts'
import type { TableFacts } from '../../targets/backup/manifest.ts'
import type { DatabaseFiles } from '../../targets/sqlite/database-files.ts'
import type { SqliteProgram } from '../../targets/sqlite/programs.ts'
import type { DatabaseUsers } from '../../targets/sqlite/users.ts'
import type { CheckPorts } from './checks.ts'

/** A verified set of a backup that holds a database. */
export interface SetOfDatabase {
  readonly id: string
  readonly createdAtMs: number
  /** It takes a private key to read it, which is not on this machine. */
  readonly isEncrypted: boolean
  /** What its manifest says of the tables. */
  readonly tables: readonly TableFacts[]
}

/** What the kind asks of backups, without knowing their kind. */
export interface DatabaseSets {
  /** The verified sets that hold the database, newest first. */
  of(database: string): readonly SetOfDatabase[]
  /**
   * Restores the database of a set into an empty private folder, without the people who were erased since; gives the
   * path of the file. Throws BACKUP_*.
   */
  restore(id: string, database: string, into: string, context: EffectContext): Promise<string>
}

/** What the kind asks of the mirrors in Airtable, without knowing the kind that keeps them. */
export interface DatabaseMirrors {
  /** The mirrored tables of a database: names in the desired state and in SQLite, and the key column. */
  of(database: string): readonly { readonly name: string; readonly table: string; readonly key: string }[]
  /**
   * Writes the rows that the mirror of a table holds into a private file (see salvage/mirror.ts), without people who were
   * erased and rows that were seen deleted; gives how many these were. Throws AIRTABLE_* and others of the error table.
   */
  read(name: string, into: string, signal: AbortSignal): Promise<{ readonly erased: number; readonly deleted: number }>
}

export interface RecoveryPorts extends CheckPorts {
  readonly files: DatabaseFiles
  /** The programs that have a file open, asked anew. */
  readonly programsNow: (path: string) => Promise<readonly SqliteProgram[]>
  /** `.trueup`, absolute. */
  readonly ownFolder: string
  readonly sets: DatabaseSets
  readonly mirrors: DatabaseMirrors
  /** The services that use a database. */
  readonly users: DatabaseUsers
}
