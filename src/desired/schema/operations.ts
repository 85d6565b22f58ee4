/** Backups and alerts. */
import { z } from 'zod'
import { riskSchema, spanKeys } from './policy.ts'
import {
  cronSchema,
  durationSchema,
  intervalSchema,
  nameSchema,
  pathSchema,
  secretSchema,
  timezoneSchema,
} from './scalars.ts'

const copiesSchema = z.int().min(0).max(10_000)

export const backupSchema = z.strictObject({
  of: z
    .array(nameSchema)
    .min(1, 'must name at least one database, or airtable')
    .meta({ description: 'Names from `databases`, and `airtable` for the base.', examples: [['main', 'airtable']] }),
  schedule: cronSchema.meta({ description: 'When it is made, as a cron line.', examples: ['0 3 * * *'] }),
  timezone: timezoneSchema.default('UTC').describe('The time zone of the schedule.'),
  keep: z
    .strictObject({
      hourly: copiesSchema.default(0).describe('The newest of each hour, for so many hours.'),
      daily: copiesSchema.default(14).describe('The newest of each day, for so many days.'),
      weekly: copiesSchema.default(8).describe('The newest of each week, for so many weeks.'),
      monthly: copiesSchema.default(0).describe('The newest of each month, for so many months.'),
    })
    .prefault({})
    .describe('How many copies are kept.'),
  before: riskSchema
    .describe(
      'Before an action of this risk or above changes what it is of, a verified set must be there that is younger than the last write; else one is made first. Left out: only the schedule counts.',
    )
    .optional(),
  encryptTo: z
    .array(
      z.union(
        [z.string().startsWith('age1', 'must be an age recipient, which starts with age1'), secretSchema],
        'must be an age recipient (age1…), or a reference { env: NAME } or { file: path }',
      ),
    )
    .default([])
    .describe('The age recipients that can decrypt it; none means that it is not encrypted.'),
  to: z
    .array(pathSchema)
    .min(1, 'must name at least one place')
    .meta({
      description:
        'Folders of the workspace, and `s3://bucket/prefix` for a store that speaks S3 (see `s3`). Each set goes to all of them.',
      examples: [['backups/']],
    }),
  s3: z
    .strictObject({
      endpoint: z
        .string()
        .regex(/^https?:\/\/[A-Za-z0-9.:[\]-]+\/?$/, 'must be https://host or https://host:port')
        .transform((text) => text.replace(/\/$/, ''))
        .meta({
          description: 'Address of the store; left out: Amazon S3 in the region.',
          examples: ['https://minio.example:9000'],
        })
        .optional(),
      region: z
        .string()
        .regex(/^[a-z0-9-]{2,40}$/, 'must be the name of a region')
        .default('us-east-1')
        .describe('Region of the bucket; stores of your own mostly take any.'),
      accessKeyId: secretSchema
        .default({ env: 'AWS_ACCESS_KEY_ID' })
        .describe('Where the id of the access key is found.'),
      secretAccessKey: secretSchema.default({ env: 'AWS_SECRET_ACCESS_KEY' }).describe('Where its secret is found.'),
      sessionToken: secretSchema.optional().describe('Where the session token of temporary keys is found.'),
      pathStyle: z
        .boolean()
        .optional()
        .describe('Whether the bucket stands in the path of addresses. Default: with an endpoint yes, at Amazon no.'),
    })
    .prefault({})
    .describe('How the places of `to` that begin with s3:// are reached.'),
})

const quietSchema = z
  .strictObject({
    ...spanKeys,
    but: riskSchema.default('critical').describe('Alerts of this severity and above are sent all the same.'),
  })
  .describe('Hours in which nothing is sent here; it is sent, together, when they end.')
  .optional()

const channelSchema = z.union(
  [
    z.strictObject({
      webhook: secretSchema.describe('The web address that gets a JSON document.'),
      sign: secretSchema
        .describe('A secret by which each document is signed (HMAC-SHA-256), so that the receiver knows who sent it.')
        .optional(),
      quiet: quietSchema,
    }),
    z.strictObject({ slack: secretSchema.describe('A web address of the kind that Slack takes.'), quiet: quietSchema }),
    z.strictObject({
      email: z
        .strictObject({
          to: z.array(z.email('must be an e-mail address')).min(1).describe('Who gets it.'),
          smtp: secretSchema.describe('Where the address of the mail server is found, with user and password.'),
        })
        .describe('E-mail.'),
      quiet: quietSchema,
    }),
    z.strictObject({
      plugin: z.string().min(1).describe('A channel that a plug-in adds, by its name.'),
      settings: z.record(z.string(), z.json()).default({}).describe('What it is told; never a secret.'),
      secrets: z.record(z.string(), secretSchema).default({}).describe('Where its secrets are found, by name.'),
      quiet: quietSchema,
    }),
  ],
  'must be one of { webhook }, { slack }, { email } and { plugin }',
)

export const alertsSchema = z.strictObject({
  channels: z.record(nameSchema, channelSchema).default({}).describe('Where alerts go, by name.'),
  rules: z
    .array(
      z.strictObject({
        when: z
          .string()
          .regex(
            /^[A-Za-z][A-Za-z0-9_.]*\s*(>=|<=|>|<|==)\s*\d+(\.\d+)?(ms|s|m|h|d|w|%|B|KB|MB|GB|KiB|MiB|GiB)?$/,
            'must compare a metric with a number, duration, percentage or size, such as "errorPercent > 5"',
          )
          .meta({
            description: 'The comparison that must hold: a metric, an operator, a number or duration.',
            examples: ['errorPercent > 5', 'backupAge > 26h'],
          }),
        for: durationSchema
          .meta({ description: 'How long it must hold before the alert is sent.', examples: ['10m'] })
          .optional(),
        to: nameSchema.describe('A name from `alerts.channels`.'),
        severity: riskSchema.describe('How urgent it is.').optional(),
      }),
    )
    .default([])
    .describe('When an alert is sent, and where. With channels and no rule, the usual ones of docs/alerts.md hold.'),
  reports: z
    .array(
      z.strictObject({
        schedule: cronSchema.meta({ description: 'When it is sent, as a cron line.', examples: ['0 7 * * mon'] }),
        timezone: timezoneSchema.default('UTC').describe('The time zone of the schedule.'),
        to: nameSchema.describe('A name from `alerts.channels`.'),
      }),
    )
    .default([])
    .describe('When the health and maintenance report is sent, and where.'),
  heartbeat: z
    .strictObject({
      url: secretSchema.describe('The web address that is asked for while the controller works.'),
      every: intervalSchema.prefault('1m').describe('How often.'),
    })
    .describe('A dead-man switch: a service elsewhere that tells you when these requests stay away.')
    .optional(),
})
