/** How a missing field is made, with the options that its type must have. Pure. */
import type { AirtableFieldType } from '../../desired/airtable-types.ts'
import type { JsonObject } from '../../json.ts'
import type { FieldDraft } from '../../targets/airtable/ports.ts'

/** Of a mapped field, what its making depends on. */
export interface WantedField {
  readonly type: string
  readonly remote: string
  readonly remoteType: AirtableFieldType
  readonly choices: readonly string[]
  readonly precision: number | null
  readonly description: string | null
}

/** Airtable's own limit for numbers, and a smaller one for amounts of money (its documentation of field options). */
const digitsMax = 8
const currencyDigitsMax = 7

/** The field as it is to be made; undefined for types that the API cannot create, or not without knowing another table. */
export function fieldDraftOf(field: WantedField): FieldDraft | undefined {
  const options = optionsOf(field)
  if (options === undefined) return undefined
  return {
    name: field.remote,
    type: field.remoteType,
    ...(field.description === null ? {} : { description: field.description }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  }
}

/** The key's field: a text that keeps a key to the letter and that an upsert can merge on. */
export function keyFieldDraft(name: string): FieldDraft {
  return { name, type: 'singleLineText', description: 'Identifies the record for Trueup. Please do not edit.' }
}

function optionsOf({ type, remoteType, choices, precision }: WantedField): JsonObject | undefined {
  // Without a declared precision nothing of a number may be lost.
  const digits = type === 'integer' ? 0 : (precision ?? digitsMax)
  switch (remoteType) {
    case 'singleLineText':
    case 'multilineText':
    case 'richText':
    case 'email':
    case 'url':
    case 'phoneNumber':
    case 'barcode':
    case 'multipleAttachments':
      return {}
    case 'singleSelect':
    case 'multipleSelects':
      return { choices: choices.map((name) => ({ name })) }
    case 'number':
    case 'percent':
      return { precision: digits }
    case 'currency':
      return { precision: Math.min(currencyDigitsMax, precision ?? 2), symbol: '$' }
    case 'checkbox':
      // The only ones that every plan has.
      return { icon: 'check', color: 'greenBright' }
    case 'rating':
      return { icon: 'star', max: 10, color: 'yellowBright' }
    case 'date':
      return { dateFormat: { name: 'iso' } }
    case 'dateTime':
      // In lower case: "UTC" is refused when a field is made.
      return { dateFormat: { name: 'iso' }, timeFormat: { name: '24hour' }, timeZone: 'utc' }
    case 'duration':
      return { durationFormat: 'h:mm:ss' }
    default:
      return undefined
  }
}

/** Types that can be the first field of a table, which names its records. */
const primaryTypes: ReadonlySet<string> = new Set(['singleLineText', 'multilineText', 'email', 'url', 'phoneNumber'])

/** The fields of a table that is to be made: first the one that names its records. What cannot be made is left out. */
export function tableDraftOf(table: {
  readonly keyField: string
  readonly fields: readonly (WantedField & { readonly direction: string })[]
}): readonly FieldDraft[] {
  const key = keyFieldDraft(table.keyField)
  const drafts = table.fields.flatMap((field) => fieldDraftOf(field) ?? [])
  const named = table.fields.find(({ direction, remoteType }) => direction !== 'pull' && primaryTypes.has(remoteType))
  const primary = drafts.find(({ name }) => name === named?.remote)
  return primary === undefined ? [key, ...drafts] : [primary, key, ...drafts.filter((draft) => draft !== primary)]
}
