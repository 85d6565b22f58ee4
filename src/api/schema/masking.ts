/**
 * Personal data that a role does not see: addresses, numbers, names and messages are shortened, free JSON is left out. Such a
 * field cannot be filtered, ordered or searched by either, since that would tell its values one by one.
 */
import type { JsonValue } from '../../json.ts'
import type { LeadTable } from '../../leads/table.ts'
import { scrubbedJson, withoutPersons } from '../../scrub.ts'
import { personFieldsOf } from '../../values/identity.ts'
import type { Role } from '../auth/permissions.ts'
import type { ApiContext } from './context.ts'

/** `longtext` is what people and programs write to and about a person. */
const personalTypes: ReadonlySet<string> = new Set(['email', 'phone', 'json', 'longtext'])
const personName = /^((first|last|full|given|family|middle|sur|nick|lead|contact|person)_?)?name$/i
const personal = new WeakMap<LeadTable, ReadonlySet<string>>()

/** The fields of a table that tell who a person is, how they are reached, or what is written to them. */
function personalFields(table: LeadTable): ReadonlySet<string> {
  const known = personal.get(table)
  if (known !== undefined) return known
  const fields = [...table.fields.values()]
  const { emails, linkedins, phones, person } = personFieldsOf(
    fields.map(({ name, spec }) => ({ name, type: spec.type, rules: spec.standardize })),
  )
  const found = new Set([...emails, ...linkedins, ...phones.map(({ field }) => field)])
  if (person !== null) found.add(person)
  for (const { name, spec } of fields) if (personalTypes.has(spec.type) || personName.test(name)) found.add(name)
  personal.set(table, found)
  return found
}

/** Whether a field holds personal data at all. */
export function isPersonal(table: LeadTable, field: string): boolean {
  return personalFields(table).has(field)
}

/** Whether a role sees a field only masked. */
export function isMasked(role: Role, table: LeadTable, field: string): boolean {
  return role.unmasked !== 'all' && !role.unmasked.has(field) && isPersonal(table, field)
}

/**
 * A value as the viewer sees it; that a personal one is seen in full is noted. An address or number in a field that is not
 * personal by itself is masked too, unless the role sees that field in full.
 */
export function shownTo({ viewer, notes }: ApiContext, table: LeadTable, field: string, value: JsonValue): JsonValue {
  const { unmasked } = viewer.role
  if (value === null) return null
  const isOpen = !isPersonal(table, field)
  if (unmasked === 'all' || unmasked.has(field)) {
    if (!isOpen) notes?.seesInFull(viewer, table.name, [field])
    return value
  }
  if (isOpen) return scrubbedJson(value, withoutPersons)
  return typeof value === 'string' ? maskedText(table.fields.get(field)?.spec.type ?? 'text', value) : null
}

function maskedText(type: string, value: string): string {
  if (value.lastIndexOf('@') > 0 && type !== 'longtext') return `${[...value][0] ?? ''}***@***`
  if (type === 'phone') return `***${value.slice(-2)}`
  return type === 'text' ? `${[...value.trim()][0] ?? ''}***` : '***'
}
