/** The Airtable base, and how tables and fields are tied to it. */
import { z } from 'zod'
import { airtableFieldTypes } from '../airtable-types.ts'
import { cronSchema, durationSchema, intervalSchema, secretSchema, textSchema } from './scalars.ts'

const directionSchema = z.enum(['both', 'push', 'pull'])

export const conflictSchema = z.enum(['most_recent', 'local_wins', 'airtable_wins', 'highest_quality', 'manual'])

export const airtableSchema = z.strictObject({
  token: secretSchema.describe('Where the personal access token is found: `{ env: NAME }` or `{ file: path }`.'),
  base: z
    .string()
    .regex(/^app[A-Za-z0-9]{14}$/, 'must be an Airtable base id: "app" and 14 letters or digits')
    .meta({ description: 'The id of the base, as its web address shows it.', examples: ['appBZvPvNXGqtoJdc'] }),
  endpoint: z
    .union(
      [z.literal('sandbox'), z.url({ protocol: /^https?$/ })],
      'must be `sandbox` or a web address (http or https)',
    )
    .describe(
      '`sandbox` is the embedded local server; another web address is used as it is; left out: Airtable itself.',
    )
    .optional(),
  requestsPerSecond: z
    .number()
    .positive('must be above 0')
    .max(50)
    .default(5)
    .describe('The pace that is never exceeded. Airtable allows 5 a second for each base.'),
  monthlyCalls: z
    .int()
    .min(1)
    .meta({
      description:
        'The calls a month that the plan allows; changes are asked for less often than declared, at least hourly, where they would not last.',
      examples: [100_000],
    })
    .optional(),
  retry: z
    .strictObject({
      attempts: z.int().min(0).max(20).default(3).describe('How often a failed call is tried again; 0 is never.'),
      delay: durationSchema.prefault('2s').describe('The wait before the first retry; it doubles each time.'),
    })
    .prefault({})
    .describe('What happens to a call that fails for a passing reason.'),
})

export const fieldAirtableSchema = z
  .union(
    [
      textSchema,
      z.strictObject({
        field: textSchema.describe('The name of the Airtable field.'),
        type: z
          .enum(airtableFieldTypes)
          .describe('Its type in Airtable; left out: the default of the field type.')
          .optional(),
        direction: directionSchema
          .default('both')
          .describe('`push` never reads it back, `pull` never writes it; computed Airtable fields need `pull`.'),
        unknownChoices: z
          .enum(['refuse', 'add'])
          .default('refuse')
          .describe('What happens when a local value is no choice of the Airtable field.'),
      }),
    ],
    'must be the name of an Airtable field, or { field, type, direction, unknownChoices }',
  )
  .transform((value) =>
    typeof value === 'string' ? { field: value, direction: 'both' as const, unknownChoices: 'refuse' as const } : value,
  )

const batchSchema = z.int().min(1).max(10_000)

export const tableAirtableSchema = z.strictObject({
  table: textSchema.meta({ description: 'The name of the table in the base.', examples: ['Table 1'] }),
  key: textSchema.meta({
    description: 'The Airtable text field that holds our key, so that a create can be repeated safely.',
    examples: ['Lead ID'],
  }),
  paused: z
    .boolean()
    .default(false)
    .describe(
      'True: the mapping is checked with the file, and nothing of it is compared, made or synced until the line is taken away.',
    ),
  push: z
    .strictObject({
      on: z
        .enum(['change', 'interval'])
        .default('change')
        .describe('`change` pushes as soon as a row changes, and every interval too; `interval` only then.'),
      every: intervalSchema.prefault('5m').describe('How often unpushed changes are looked for.'),
      batch: batchSchema.default(50).describe('How many records one action pushes; requests hold 10 each.'),
    })
    .prefault({})
    .describe('From SQLite to Airtable.'),
  pull: z
    .strictObject({
      every: intervalSchema.prefault('1m').describe('How often changes made in Airtable are asked for.'),
      full: cronSchema.default('0 2 * * *').describe('When the whole table is compared, as a cron line in UTC.'),
      batch: batchSchema.default(100).describe('How many records one action takes over.'),
    })
    .prefault({})
    .describe('From Airtable to SQLite.'),
  conflicts: conflictSchema
    .default('most_recent')
    .describe('Who wins when both sides changed one cell; a field can overrule it. `manual` asks a person.'),
  deletions: z
    .enum(['approve', 'propagate', 'ignore'])
    .default('approve')
    .describe('What happens to a record that was deleted on one side.'),
})
