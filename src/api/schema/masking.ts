/**
 * Personal data that a declared role does not see: addresses and numbers are shortened, free JSON is left out. Such a
 * field cannot be filtered, ordered or searched by either, since that would tell its values one by one.
 */
import type { JsonValue } from '../../json.ts'
import type { LeadTable } from '../../leads/table.ts'
import type { Role } from '../auth/permissions.ts'

const personalTypes = new Set(['email', 'phone', 'json'])

/** Whether a role sees a field only masked. */
export function isMasked(role: Role, table: LeadTable, field: string): boolean {
  if (role.unmasked === 'all' || role.unmasked.has(field)) return false
  return personalTypes.has(table.fields.get(field)?.spec.type ?? '')
}

/** What is shown of a masked value. */
export function masked(value: JsonValue): JsonValue {
  if (typeof value !== 'string') return null
  const at = value.lastIndexOf('@')
  return at > 0 ? `${value.slice(0, 1)}***@***` : `***${value.slice(-2)}`
}
