/** Compares a table with its mirror, both read whole, and tells the differences in values of the declared types. */
import type { JsonValue } from '../json.ts'
import { cellValue } from './sync-views.ts'
import type { Workspace } from './workspace.ts'

export interface DifferenceView {
  /** Table, key, and field, joined. */
  readonly id: string
  readonly table: string
  readonly key: string
  readonly recordId: string | null
  /** Null where the record as a whole is meant. */
  readonly field: string | null
  readonly local: JsonValue
  readonly airtable: JsonValue
  /** `differs`, `apart` (left so on purpose), `only-here`, `only-in-airtable`, `doubled`. */
  readonly why: string
}

export interface VerificationView {
  readonly table: string
  readonly equal: boolean
  readonly localCount: number
  readonly airtableCount: number
  readonly compared: number
  readonly cells: number
  readonly differenceCount: number
  /** The first thousand. */
  readonly differences: readonly DifferenceView[]
}

/** Throws AIRTABLE_* where the base cannot be read, NOT_FOUND for a table without a mirror. Changes nothing. */
export async function verifyMirror(
  workspace: Workspace,
  table: string,
  options: { readonly signal: AbortSignal; readonly progress: (done: number, total: number) => void },
): Promise<VerificationView> {
  const found = await workspace.sync.verify(table, options)
  const context = { table, spec: workspace.generations.inForce().state.tables[table] }
  return {
    table,
    equal: found.equal,
    localCount: found.localCount,
    airtableCount: found.remoteCount,
    compared: found.compared,
    cells: found.cells,
    differenceCount: found.differenceCount,
    differences: found.differences.map(({ key, recordId, field, local, remote, why }) => ({
      id: [table, key === '' ? (recordId ?? '') : key, ...(field === '' ? [] : [field])].join('/'),
      table,
      key,
      recordId,
      field: field === '' ? null : field,
      local: field === '' ? null : cellValue(local, field, context),
      airtable: field === '' ? null : cellValue(remote, field, context),
      why,
    })),
  }
}
