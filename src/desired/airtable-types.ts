/** Which Airtable field types there are, and which of them can hold a declared field type without losing anything. */
import type { FieldType } from '../values/field-type.ts'

/** The field types of Airtable's metadata API. */
export const airtableFieldTypes = [
  'singleLineText',
  'multilineText',
  'richText',
  'email',
  'url',
  'phoneNumber',
  'barcode',
  'singleSelect',
  'multipleSelects',
  'number',
  'percent',
  'currency',
  'checkbox',
  'rating',
  'date',
  'dateTime',
  'duration',
  'multipleAttachments',
  'multipleRecordLinks',
  'formula',
  'rollup',
  'count',
  'multipleLookupValues',
  'createdTime',
  'lastModifiedTime',
  'createdBy',
  'lastModifiedBy',
  'autoNumber',
  'button',
  'singleCollaborator',
  'multipleCollaborators',
  'externalSyncSource',
  'aiText',
] as const

export type AirtableFieldType = (typeof airtableFieldTypes)[number]

/** Types that a field can be mirrored to in both directions; the first is the default. */
const writable: Readonly<Record<FieldType, readonly [AirtableFieldType, ...AirtableFieldType[]]>> = {
  text: ['singleLineText', 'multilineText', 'richText', 'email', 'url', 'phoneNumber', 'singleSelect'],
  longtext: ['multilineText', 'richText'],
  email: ['email', 'singleLineText', 'multilineText'],
  url: ['url', 'singleLineText', 'multilineText'],
  phone: ['phoneNumber', 'singleLineText', 'multilineText'],
  choice: ['singleSelect', 'singleLineText', 'multilineText'],
  choices: ['multipleSelects'],
  boolean: ['checkbox'],
  integer: ['number', 'rating', 'duration', 'currency', 'percent'],
  number: ['number', 'currency', 'percent', 'duration'],
  date: ['date', 'singleLineText'],
  datetime: ['dateTime', 'singleLineText'],
  json: ['multilineText'],
}

const anyText: readonly FieldType[] = ['text', 'longtext', 'json']
const everyType: readonly FieldType[] = [
  'text',
  'longtext',
  'email',
  'url',
  'phone',
  'choice',
  'choices',
  'boolean',
  'integer',
  'number',
  'date',
  'datetime',
  'json',
]

/** Types that Airtable computes, or that only Airtable can write: they can be pulled into these, never pushed. */
const pullOnly: Readonly<Partial<Record<AirtableFieldType, readonly FieldType[]>>> = {
  formula: everyType,
  rollup: everyType,
  multipleLookupValues: everyType,
  externalSyncSource: everyType,
  aiText: anyText,
  barcode: anyText,
  count: ['integer', 'number', 'text'],
  autoNumber: ['integer', 'number', 'text'],
  createdTime: ['datetime', 'date', 'text'],
  lastModifiedTime: ['datetime', 'date', 'text'],
  createdBy: anyText,
  lastModifiedBy: anyText,
  singleCollaborator: anyText,
  multipleCollaborators: anyText,
  multipleAttachments: anyText,
  multipleRecordLinks: anyText,
}

/** The Airtable type that a field has when its entry names none. */
export function defaultAirtableType(type: FieldType): AirtableFieldType {
  return writable[type][0]
}

/** Airtable types that can hold a field of this type and be written. */
export function writableAirtableTypes(type: FieldType): readonly AirtableFieldType[] {
  return writable[type]
}

/** Whether the Airtable type can be pulled into a field of this type, although Trueup can never write it. */
export function isPullOnly(airtableType: AirtableFieldType, type: FieldType): boolean {
  return pullOnly[airtableType]?.includes(type) ?? false
}

/** Whether cells of the Airtable type can be written as they are read: text, numbers, ticks, dates and choices. */
export function isPlainWritable(airtableType: string): boolean {
  return Object.values(writable).some((types) => types.some((type) => type === airtableType))
}
