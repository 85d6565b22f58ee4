/** One field: column, Airtable field, rules and GraphQL field in a single entry. */
import { z } from 'zod'
import { writtenFieldTypes } from '../../values/field-type.ts'
import { toldLanguages } from '../../values/language.ts'
import { conflictSchema, fieldAirtableSchema } from './airtable.ts'
import { fieldNameSchema, textSchema } from './scalars.ts'

const ruleOptionsSchema = z.record(z.string(), z.record(z.string(), z.unknown()))

/** `email`, or `{ phone: { region: US } }`, or a list of these: rules in the order they are applied. */
const standardizeSchema = z
  .union(
    [textSchema, ruleOptionsSchema, z.array(z.union([textSchema, ruleOptionsSchema]))],
    'must be the name of a rule, { rule: options }, or a list of these',
  )
  .transform((value) =>
    (Array.isArray(value) ? value : [value]).flatMap((entry) =>
      typeof entry === 'string'
        ? [{ rule: entry, options: {} }]
        : Object.entries(entry).map(([rule, options]) => ({ rule, options })),
    ),
  )

const fieldQualitySchema = z.strictObject({
  minLength: z.int().min(0).describe('The fewest characters that a filled value should have.').optional(),
  maxLength: z.int().min(1).describe('The most characters that a value should have.').optional(),
  mentions: z
    .array(fieldNameSchema)
    .min(1)
    .meta({ description: 'Fields of the same row that the text should name.', examples: [['company']] })
    .optional(),
  forbids: z
    .array(z.string().min(1))
    .min(1)
    .meta({
      description: 'Text that must not occur, such as an unfilled placeholder.',
      examples: [['{{', 'lorem ipsum']],
    })
    .optional(),
  notInFuture: z.boolean().describe('True when a date or datetime must have come.').optional(),
  notBefore: z
    .string()
    .meta({ description: 'The earliest date that makes sense, as YYYY-MM-DD.', examples: ['2020-01-01'] })
    .optional(),
  pattern: z
    .string()
    .min(1)
    .max(500)
    .describe(
      'A regular expression of RE2 (no look ahead or behind, no back-references) that a filled value should match; 500 characters at most.',
    )
    .optional(),
  placeholders: z
    .boolean()
    .describe('Whether unfilled placeholders, such as {{name}}, are told; left out: in longtext they are.')
    .optional(),
  fillers: z
    .boolean()
    .describe(
      'Whether filler, such as test, asdf or 000-0000, is told; left out: in email, phone and url, and in text that is required or has a target of completeness.',
    )
    .optional(),
  greets: fieldNameSchema
    .meta({
      description:
        'The field of the same row with the name of the person: a text that greets somebody else by name is told.',
      examples: ['full_name'],
    })
    .optional(),
  language: z
    .enum(toldLanguages)
    .describe('The language of the text; one that is plainly written in another is told. Short texts are not judged.')
    .optional(),
  roleMailboxes: z
    .boolean()
    .describe('True to be told of e-mail addresses of an office such as info@ and sales@.')
    .optional(),
  freeMailers: z
    .boolean()
    .describe('True to be told of e-mail addresses of free mail services such as gmail.com.')
    .optional(),
  misspeltDomains: z
    .boolean()
    .describe('True to be told of e-mail addresses with a misspelt domain such as gmial.com, with what was meant.')
    .optional(),
  alike: z
    .int()
    .min(0)
    .describe(
      'The most different texts that may be nearly the same, names and figures aside; 0 or left out: any number.',
    )
    .optional(),
  repeats: z
    .int()
    .min(0)
    .describe('The most rows that may hold the same text; 0 for any number; left out: 1 in longtext.')
    .optional(),
})

const writtenFieldSchema = z.strictObject({
  type: z.enum(writtenFieldTypes).describe('What the field holds; it decides the SQLite, Airtable and GraphQL types.'),
  required: z.boolean().default(false).describe('True when no row may be without a value (NOT NULL).'),
  unique: z.boolean().default(false).describe('True when no two rows may hold the same value.'),
  default: z
    .union([z.string(), z.number(), z.boolean(), z.null()], 'must be one value of the type of the field')
    .describe('The value of a row that gives none; `now` is the moment of the insert, for date and datetime.')
    .optional(),
  onUpdate: z
    .literal('now')
    .describe('`now` sets a date or datetime to the moment of each change of the row.')
    .optional(),
  choices: z
    .array(textSchema)
    .min(1, 'must list at least one choice')
    .meta({
      description: 'What a field of type choice or choices can hold; required there and refused elsewhere.',
      examples: [['auto_send', 'manual_review']],
    })
    .optional(),
  precision: z.int().min(0).max(8).describe('Digits after the point, for a field of type number.').optional(),
  renamedFrom: textSchema
    .describe('The former column name; the data moves along, nothing is dropped and added.')
    .optional(),
  absent: z
    .boolean()
    .default(false)
    .describe('True asks for the removal of the column; gated by what it would lose, and undoable.'),
  airtable: fieldAirtableSchema
    .describe('The Airtable field that mirrors this one: its name, or an object; left out: the field is local only.')
    .optional(),
  standardize: standardizeSchema
    .prefault([])
    .describe('The standardization rules, in the order they are applied: a name, `{ name: options }`, or a list.'),
  conflicts: conflictSchema.describe("Overrules the table's `airtable.conflicts` for this field.").optional(),
  quality: fieldQualitySchema.describe('What a good value looks like; what breaks it is reported.').optional(),
  description: z.string().max(1000).describe('What the field means; shown in GraphQL and Airtable.').optional(),
})

/**
 * A field as it is acted on. `doNotContact` is a boolean with a meaning of its own: stored, shown and compared as any boolean,
 * false unless said otherwise, and once true kept so by the kind `contact`, the editor, merges and the sync.
 */
export const fieldSchema = writtenFieldSchema.transform(({ type, ...field }) => ({
  ...field,
  type: type === 'doNotContact' ? ('boolean' as const) : type,
  ...(type === 'doNotContact' ? { default: field.default ?? false, doNotContact: true as const } : {}),
}))
