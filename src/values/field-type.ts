/** The types that a declared field can have; what each means in SQLite, Airtable and GraphQL stands in docs/. */
export const fieldTypes = [
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
] as const

/** The types that can be written in the file: `doNotContact` is a boolean with a meaning of its own. */
export const writtenFieldTypes = [...fieldTypes, 'doNotContact'] as const

export type FieldType = (typeof fieldTypes)[number]

/** What a cell of SQLite can hold, as better-sqlite3 gives it (integers beyond 2^53 come as bigint only when asked for). */
export type Cell = null | number | bigint | string | Uint8Array
