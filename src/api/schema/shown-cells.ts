/** A cell that is told beside its record, in a conflict or a history: shown as the record's own field is. */
import type { JsonValue } from '../../json.ts'
import { may } from '../auth/permissions.ts'
import type { ApiContext, Repositories } from './context.ts'
import { shownTo } from './masking.ts'

export type ShownCell = (context: ApiContext, table: string, field: string | null, value: JsonValue) => JsonValue

/** Not at all without the right to read records, else masked as in the record. */
export function shownCells(repositories: Repositories): ShownCell {
  return (context, table, field, value) => {
    const { viewer } = context
    if (value === null || !may(viewer, 'leads.read')) return null
    const declared = repositories.get(table)?.table
    const isKnown = field !== null && declared?.fields.has(field) === true
    // What no declared field stands for any more may be anything.
    if (!isKnown || declared === undefined) return viewer.role.unmasked === 'all' ? value : null
    return shownTo(context, declared, field, value)
  }
}
