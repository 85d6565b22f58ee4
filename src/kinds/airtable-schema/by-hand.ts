/** What a person does in Airtable where its API cannot: exact steps, with the address where there is one. Pure. */
import type { AirtableConnection, MappedField } from '../../desired/airtable-mapping.ts'

/** The names that Airtable's own pages use. */
const typeNames: Readonly<Record<string, string>> = {
  singleLineText: 'Single line text',
  multilineText: 'Long text',
  richText: 'Long text with rich text formatting',
  email: 'Email',
  url: 'URL',
  phoneNumber: 'Phone number',
  barcode: 'Barcode',
  singleSelect: 'Single select',
  multipleSelects: 'Multiple select',
  number: 'Number',
  percent: 'Percent',
  currency: 'Currency',
  checkbox: 'Checkbox',
  rating: 'Rating',
  date: 'Date',
  dateTime: 'Date with “Include time”',
  duration: 'Duration',
  multipleAttachments: 'Attachment',
  multipleRecordLinks: 'Link to another record',
  formula: 'Formula',
  rollup: 'Rollup',
  count: 'Count',
  multipleLookupValues: 'Lookup',
  createdTime: 'Created time',
  lastModifiedTime: 'Last modified time',
  createdBy: 'Created by',
  lastModifiedBy: 'Last modified by',
  autoNumber: 'Autonumber',
  button: 'Button',
  singleCollaborator: 'User',
  multipleCollaborators: 'User with “Allow adding multiple users”',
  externalSyncSource: 'Sync source',
  aiText: 'AI text',
}

/** What Airtable's pages call a type. */
export function typeName(type: string): string {
  return typeNames[type] ?? type
}

/** `Single select (singleSelect)`. */
export function typeText(type: string): string {
  const name = typeNames[type]
  return name === undefined ? type : `${name} (${type})`
}

/** Where a person finds the table. */
export function placeOf({ base, endpoint }: AirtableConnection, tableId: string | undefined): string {
  if (endpoint === 'sandbox') return 'the page of the sandbox, whose address `trueup run` prints'
  if (endpoint !== null) return `the base ${base} at ${endpoint}`
  return `https://airtable.com/${base}${tableId === undefined ? '' : `/${tableId}`}`
}

/** How a field is made by hand. */
export function makeFieldSteps(place: string, name: string, type: string): string {
  return `Open ${place}, choose “+” right of the last field, name it “${name}”, choose the type ${typeText(type)} and create it. It is found by itself then.`
}

/** How a table is made by hand. */
export function makeTableSteps(place: string, name: string): string {
  return `Open ${place}, choose “Add or import” beside the last table and make the table “${name}”. It is found by itself then.`
}

/** The ways out of a type that cannot hold what is declared. */
export function clashSteps(place: string, remote: { readonly name: string }, field: MappedField): string {
  return [
    `Either map ${field.name} to another Airtable field in the desired state`,
    `or open ${place}, and in the menu of the field “${remote.name}” choose “Edit field” and the type ${typeText(field.remoteType)} (its cells are converted, and what cannot be is lost; Airtable can undo it)`,
    `or rename that field, and a new one is made.`,
  ].join(', ')
}

/** How choices are added by hand. */
export function addChoicesSteps(place: string, name: string, choices: readonly string[]): string {
  const list = choices.map((choice) => `“${choice}”`).join(', ')
  return `Open ${place}, and in the menu of the field “${name}” choose “Edit field” and add ${list}; or let them be added when first used, with unknownChoices: add in the desired state.`
}

/** How a field is deleted by hand. */
export function deleteFieldSteps(place: string, name: string): string {
  return `Airtable lets no program delete a field. Open ${place}, and in the menu of the field “${name}” choose “Delete field”; take it out of the desired state too, or making it again will be proposed.`
}

/** How a table is deleted by hand. */
export function deleteTableSteps(place: string, name: string): string {
  return `Airtable lets no program delete a table. Open ${place}, and in the menu of the table “${name}” choose “Delete table”; take it out of the desired state too, or making it again will be proposed.`
}
