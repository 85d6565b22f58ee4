/** The files that imports read and never change. */
import { resolve } from 'node:path'
import type { DesiredState } from '../../desired/schema.ts'
import { findFiles } from './workspace-files.ts'

/** Absolute paths of the sources of all imports; a database with what SQLite keeps beside it. */
export function importSources(desired: DesiredState, workspace: string): readonly string[] {
  const databases = Object.values(desired.databases).map(({ path }) => resolve(workspace, path))
  const found = Object.values(desired.imports).flatMap(({ from }) => {
    if ('files' in from)
      return findFiles({ workspace, pattern: from.files, databases }).files.map((file) => file.absolute)
    const database = desired.databases[from.database]
    if (database === undefined || database.manage !== 'observe') return []
    const path = resolve(workspace, database.path)
    return [path, `${path}-wal`, `${path}-journal`]
  })
  return [...new Set(found)]
}
