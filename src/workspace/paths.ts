import { resolve } from 'node:path'
import type { DesiredState } from '../desired/schema.ts'
import { OperationalError } from '../errors.ts'

/** The absolute path of a declared database. */
export function databasePathOf(state: DesiredState, database: string, workspace: string): string {
  const spec = state.databases[database]
  if (spec === undefined) throw new OperationalError('NOT_FOUND', `no database is named ${database}`)
  return resolve(workspace, spec.path)
}
