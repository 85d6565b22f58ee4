/** What the desired state says about one SQLite file, resolved so far that nothing else is needed to tell what is true. */
import { resolve } from 'node:path'
import type { DesiredState } from '../../desired/schema.ts'
import type { Declared } from '../../engine/resource.ts'
import type { JsonObject } from '../../json.ts'

/** One `databases` entry. */
export interface DatabaseDeclaration extends JsonObject {
  readonly name: string
  /** Absolute. */
  readonly path: string
  /** Folder of the desired state, absolute: only folders inside it are Trueup's to set the mode of. */
  readonly workspace: string
  /** Whether a table is declared in it: only then an empty database may be made where none is. */
  readonly holdsTables: boolean
  /** Key columns of the tables that are declared in it, by the names of the tables. */
  readonly keys: Readonly<Record<string, string>>
  /** Intervals of the checks, in milliseconds. */
  readonly quickEveryMs: number
  readonly fullEveryMs: number
  /** Whether modes are kept private, and the journal in WAL mode; else both are left as they are. */
  readonly keepsPrivate: boolean
  readonly keepsWal: boolean
  /** Bytes; null: no limit. */
  readonly sizeMax: number | null
  /** Milliseconds; null: old data is no drift. */
  readonly freshWithinMs: number | null
}

/** The databases that the desired state declares. Relative paths are taken from the folder of the workspace. */
export function listDatabases(desired: DesiredState, workspace: string): readonly Declared<DatabaseDeclaration>[] {
  const holders = new Set(
    Object.values(desired.tables)
      .filter((table) => !table.absent)
      .map((table) => table.database),
  )
  return Object.entries(desired.databases).map(([name, database]) => ({
    key: { kind: 'database', name },
    spec: {
      name,
      path: resolve(workspace, database.path),
      workspace,
      holdsTables: holders.has(name),
      keys: keysOf(desired, name),
      quickEveryMs: database.integrity.quick,
      fullEveryMs: database.integrity.full,
      keepsPrivate: database.permissions === 'private',
      keepsWal: database.journal === 'wal',
      sizeMax: database.sizeMax ?? null,
      freshWithinMs: database.freshWithin ?? null,
    },
    dependsOn: [],
    observeOnly: database.manage === 'observe',
  }))
}

function keysOf({ tables }: DesiredState, database: string): Readonly<Record<string, string>> {
  const own = Object.entries(tables).filter(([, table]) => table.database === database && !table.absent)
  return Object.fromEntries(own.map(([name, table]) => [table.table ?? name, table.key]))
}
