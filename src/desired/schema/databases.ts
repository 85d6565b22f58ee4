/** The SQLite files. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like that.
import { z } from 'zod'
import { intervalSchema, manageSchema, pathSchema, sizeSchema } from './scalars.ts'

export const databaseSchema = z.strictObject({
  path: pathSchema.meta({
    description:
      'The SQLite file, relative to the workspace (the folder of this file); `${NAME:-default}` is replaced.',
    examples: ['data/leads.db', '${LEAD_DATABASE_PATH:-data/leads.db}'],
  }),
  manage: manageSchema
    .default('enforce')
    .describe('`enforce` repairs it; `observe` reports, imports from it and never writes it.'),
  permissions: z
    .enum(['private', 'any'])
    .default('private')
    .describe(
      '`private` keeps the file and the folder that is its own to their owner (0600, 0700); `any` leaves their modes alone.',
    ),
  journal: z
    .enum(['wal', 'any'])
    .default('wal')
    .describe('`wal` lets readers and writers work side by side; `any` leaves the journal as its programs have it.'),
  integrity: z
    .strictObject({
      quick: intervalSchema.prefault('1h').describe('How often `quick_check` runs.'),
      full: intervalSchema.prefault('24h').describe('How often `integrity_check` and `foreign_key_check` run.'),
    })
    .prefault({})
    .describe('How often the file is checked for corruption.'),
  sizeMax: sizeSchema
    .meta({ description: 'The size from which the file is reported as too large.', examples: ['2GB'] })
    .optional(),
  freshWithin: intervalSchema
    .meta({ description: 'How long nothing may have been written before the data counts as stale.', examples: ['26h'] })
    .optional(),
})
