/** A table: its place, its fields, and the rules that its rows are held to. */
import { z } from 'zod'
import { tableAirtableSchema } from './airtable.ts'
import { fieldSchema } from './fields.ts'
import { fieldNameSchema, intervalSchema, nameSchema, percentSchema, textSchema } from './scalars.ts'

const shareSchema = z.number().min(0, 'must be from 0 to 1').max(1, 'must be from 0 to 1')

const duplicateRuleSchema = z.union(
  [
    z.strictObject({
      name: nameSchema.describe('The name that explanations and statistics use.'),
      exact: z
        .union([fieldNameSchema, z.array(fieldNameSchema).min(1)], 'must be a field, or a list of fields')
        .transform((value) => [value].flat())
        .describe('The field, or fields, whose standardized values must be equal.'),
      confidence: shareSchema.describe('How sure an equal value makes: 0 to 1.'),
    }),
    z.strictObject({
      name: nameSchema.describe('The name that explanations and statistics use.'),
      fuzzy: z.array(fieldNameSchema).min(1).describe('The fields that are compared by likeness.'),
      threshold: shareSchema.default(0.85).describe('The likeness from which a pair is a candidate: 0 to 1.'),
    }),
  ],
  'must be { name, exact, confidence } or { name, fuzzy, threshold }',
)

export const duplicatesSchema = z.strictObject({
  rules: z
    .array(duplicateRuleSchema)
    .min(1, 'must list at least one rule')
    // Which exact rules a pair meets is kept as one bit each.
    .max(32, 'must list at most 32 rules')
    .describe('How duplicates are recognized, strongest first; at most 32 rules.'),
  merge: z
    .strictObject({
      strategy: z
        .enum(['most_recent', 'highest_quality', 'merge', 'manual'])
        .default('most_recent')
        .describe('Which row survives; `merge` takes the best of each field, `manual` asks a person each time.'),
      fields: z
        .record(
          z.string(),
          z.enum(['most_recent', 'oldest', 'longest', 'shortest', 'union', 'min', 'max', 'keep', 'highest_quality']),
        )
        .default({})
        .meta({
          description: 'Fields whose survivor is chosen in another way.',
          examples: [{ ai_message: 'longest' }],
        }),
    })
    .prefault({})
    .describe('What becomes of a group of duplicates.'),
  mergeAutomaticallyFrom: shareSchema
    .default(0.95)
    .describe('The confidence from which a group is merged without asking; below it, a person decides.'),
  onInsert: z
    .enum(['merge', 'refuse', 'flag'])
    .default('flag')
    .describe('What is done with a new lead that matches an existing one.'),
})

const consistencySchema = z.strictObject({
  by: z
    .string()
    .min(1)
    .meta({
      description: 'What rows are grouped by: a field, or `domain(field)` for the domain of an e-mail or web address.',
      examples: ['domain(email)'],
    }),
  fields: z.array(fieldNameSchema).min(1).describe('The fields that should have one spelling within a group.'),
})

const whenSchema = z.record(
  fieldNameSchema,
  z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number(), z.boolean()])).min(1)]),
)

const impliedSchema = z.strictObject({
  when: whenSchema.meta({
    description: 'What the row holds: a value, or one of a list, by field.',
    examples: [{ engagement_status: ['contacted', 'responded'] }],
  }),
  filled: z.array(fieldNameSchema).default([]).describe('Fields that must then have a value.'),
  empty: z.array(fieldNameSchema).default([]).describe('Fields that must then have none.'),
})

const countSchema = z.strictObject({
  with: z
    .union(
      [
        z.literal('airtable'),
        z.strictObject({
          database: nameSchema.describe('A name from `databases`.'),
          table: textSchema.describe("The table's name in that SQLite file."),
        }),
      ],
      'must be `airtable`, or { database, table }',
    )
    .describe('What the number of rows is compared with: the mirror in Airtable, or a table of a declared database.'),
  within: percentSchema.describe('How far the two numbers may differ, in percent of the other.').optional(),
  atLeast: percentSchema.describe('How many rows there must be, in percent of the other.').optional(),
})

export const tableSchema = z.strictObject({
  database: nameSchema.describe('The database that holds the table: a name from `databases`.'),
  table: textSchema.max(128).describe("The table's name in SQLite, where it differs from the entry's.").optional(),
  key: fieldNameSchema.describe(
    'The key column; when it is no declared field it is text, and a UUID is assigned where a row has none.',
  ),
  renamedFrom: textSchema.max(128).describe('The former name of the table in SQLite; its data moves along.').optional(),
  absent: z
    .boolean()
    .default(false)
    .describe('True asks for the removal of the table; gated by what it would lose, and undoable.'),
  airtable: tableAirtableSchema.describe('The Airtable table that mirrors this one.').optional(),
  fields: z
    .record(fieldNameSchema, fieldSchema)
    .refine((fields) => Object.keys(fields).length > 0, 'must declare at least one field')
    .describe('The fields by name. One entry is column, Airtable field, rules and GraphQL field.'),
  indexes: z
    .array(
      z.strictObject({
        on: z.array(fieldNameSchema).min(1).describe('The fields of the index, in order.'),
        unique: z.boolean().default(false).describe('True when the combination must be unique.'),
        name: fieldNameSchema
          .describe("The index's name in SQLite; made from table and fields when left out.")
          .optional(),
      }),
    )
    .default([])
    .describe('Indexes besides those of unique fields.'),
  quality: z
    .strictObject({
      completeness: z
        .record(fieldNameSchema, percentSchema)
        .default({})
        .meta({ description: 'The share of rows that should have a value, by field.', examples: [{ email: '95%' }] }),
      weights: z
        .record(fieldNameSchema, z.number().min(0).max(100))
        .default({})
        .meta({
          description:
            'What the checks of a field count in scores beside those of others; 1 where nothing is said, 0 for nothing.',
          examples: [{ email: 3 }],
        }),
      consistent: z
        .union([consistencySchema, z.array(consistencySchema)], 'must be { by, fields }, or a list of these')
        .transform((value) => [value].flat())
        .prefault([])
        .describe('Fields that should have one spelling within a group of rows: `{ by, fields }`, or a list.'),
      implies: z
        .array(impliedSchema)
        .default([])
        .describe('What must be filled, or empty, where a row holds certain values.'),
      ordered: z
        .array(z.array(fieldNameSchema).min(2))
        .default([])
        .meta({
          description: 'Dates of a row that must come in this order.',
          examples: [[['created_at', 'updated_at']]],
        }),
      sameDomain: z
        .array(z.array(fieldNameSchema).length(2))
        .default([])
        .meta({
          description:
            'Pairs of fields, e-mail or web addresses, whose domains should be one; free mailers do not count.',
          examples: [[['email', 'company_website']]],
        }),
      sameCountry: z
        .array(z.array(fieldNameSchema).length(2))
        .default([])
        .meta({
          description:
            'Pairs of a telephone number and a field that names a country, which should be one country. Numbers without a country code, and places without a country, are passed over.',
          examples: [[['phone', 'country']]],
        }),
      sameName: z
        .array(z.array(fieldNameSchema).length(2))
        .default([])
        .meta({
          description:
            "Pairs of a person's name and an e-mail address whose mailbox should not plainly name somebody else.",
          examples: [[['full_name', 'email']]],
        }),
      references: z
        .record(fieldNameSchema, nameSchema)
        .default({})
        .meta({
          description: 'Fields that hold the key of a row of another declared table.',
          examples: [{ lead_id: 'leads' }],
        }),
      counts: z.array(countSchema).default([]).describe('How many rows there should be, beside what is elsewhere.'),
      freshWithin: intervalSchema
        .meta({ description: 'How long no row may have changed before the data counts as stale.', examples: ['26h'] })
        .optional(),
    })
    .describe('What the rows together should be like.')
    .optional(),
  duplicates: duplicatesSchema.describe('How rows that mean the same lead are found and merged.').optional(),
})

export const importSchema = z.strictObject({
  from: z
    .union(
      [
        z.strictObject({
          database: nameSchema.describe('A name from `databases`.'),
          table: textSchema.describe("The table's name in that SQLite file."),
        }),
        z.strictObject({
          files: z
            .string()
            .min(1)
            .meta({
              description: 'JSON files, as a pattern relative to the workspace.',
              examples: ['data/json/**/*.json'],
            }),
        }),
      ],
      'must be { database, table } or { files }',
    )
    .describe('Where the leads come from; sources are never changed.'),
  into: nameSchema.describe('The table that they go to: a name from `tables`.'),
  map: z
    .union(
      [z.literal('auto'), z.record(textSchema, fieldNameSchema)],
      'must be `auto`, or source columns with the fields they go to',
    )
    .default('auto')
    .describe('`auto`, or source column to field of the table; columns that are not named are proposed as by `auto`.'),
})
