/** What Trueup may do by itself, when, and how much of it. */
import { z } from 'zod'
import { intervalSchema, pathSchema, percentSchema, sizeSchema, timezoneSchema } from './scalars.ts'

export const riskSchema = z.enum(['low', 'medium', 'high', 'critical'])
const gateSchema = z.enum(['auto', 'approve', 'approve-twice'])

/** Days and hours of some time zone. */
export const spanKeys = {
  days: z
    .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
    .min(1)
    .describe('The days on which the window opens; every day when left out.')
    .optional(),
  between: z
    .string()
    .regex(/^(([01]\d|2[0-3]):[0-5]\d)-(([01]\d|2[0-3]):[0-5]\d|24:00)$/, {
      error: 'must be a span such as "22:00-06:00", from 00:00 to 24:00',
      abort: true,
    })
    .refine((span) => span.slice(0, 5) !== span.slice(6), 'must not start and end at the same time')
    .default('00:00-24:00')
    .meta({
      description: 'From and to, as hours and minutes; a span that ends before it starts runs past midnight.',
      examples: ['22:00-06:00'],
    }),
  timezone: timezoneSchema.default('UTC').describe('The time zone in which days and hours are meant.'),
}

const windowSchema = z
  .strictObject({
    deny: riskSchema
      .describe('Actions of this risk and above wait while the window is open. Deny beats allow.')
      .optional(),
    allow: riskSchema.describe('Actions of this risk and above happen only while such a window is open.').optional(),
    ...spanKeys,
  })
  .refine((window) => (window.deny === undefined) !== (window.allow === undefined), 'must have either deny or allow')

/** Every key has its default, so that a file without a policy is a careful one. */
export const policySchema = z.strictObject({
  mode: z
    .enum(['observe', 'enforce'])
    .default('enforce')
    .describe('`observe` reports drift and repairs nothing; `enforce` repairs what the gates let through.'),
  resync: intervalSchema
    .prefault('10m')
    .describe('How often everything is looked at in full, besides reacting to every change.'),
  approvals: z
    .strictObject({
      low: gateSchema.default('auto').describe('What an action of low risk needs.'),
      medium: gateSchema.default('auto').describe('What an action of medium risk needs.'),
      high: gateSchema.default('approve').describe('What an action of high risk needs.'),
      critical: gateSchema
        .default('approve-twice')
        .describe('What an action of critical risk needs; `approve-twice` asks two different people.'),
      expireAfter: intervalSchema.prefault('72h').describe('How long an approval holds before it must be given again.'),
    })
    .prefault({})
    .describe('Which risk may act by itself, and which needs one approver or two.'),
  blastRadius: z
    .strictObject({
      rows: z.int().min(1).default(500).describe('More affected records than this wait for approval.'),
      percent: percentSchema.prefault('5%').describe('A larger share of the table than this waits for approval.'),
    })
    .prefault({})
    .describe('A repair beyond either limit waits for approval, whatever its risk.'),
  rollback: z
    .strictObject({
      errorPercent: percentSchema.prefault('5%').describe('The share of failed actions from which a run is undone.'),
    })
    .prefault({})
    .describe('When a run is undone by itself.'),
  windows: z
    .array(windowSchema)
    .default([])
    .describe('Hours in which risky actions are allowed or denied; none means always allowed.'),
  checkpoints: z
    .strictObject({
      keep: intervalSchema.prefault('30d').describe('How long an action can be undone; older checkpoints are removed.'),
      sizeMax: sizeSchema
        .prefault('1GB')
        .describe('When checkpoints take more, the oldest are removed earlier; those of open actions never.'),
    })
    .prefault({})
    .describe('What is kept for undo.'),
  audit: z
    .strictObject({
      verify: intervalSchema
        .prefault('6h')
        .describe(
          'How often the journal is compared with its hashes and its signed heads, beside `trueup audit verify`.',
        ),
      heads: z
        .strictObject({
          every: intervalSchema
            .prefault('5m')
            .describe('How long entries may stand unsigned while the controller runs.'),
          to: z
            .array(pathSchema)
            .max(10, 'must name at most ten folders')
            .default([])
            .meta({
              description:
                'Folders that get a copy of each signed head. They should lie outside of the workspace, on a disk that this machine can only add to.',
              examples: [['/mnt/audit']],
            }),
        })
        .prefault({})
        .describe('The signed heads of the journal.'),
      keep: intervalSchema
        .describe(
          'How long entries are kept, at least as long as `policy.checkpoints.keep`; left out: for ever. Those of an open action stay, and all after them.',
        )
        .optional(),
    })
    .prefault({})
    .describe('How the record of what was done is kept and checked.'),
  disk: z
    .strictObject({
      freeMin: sizeSchema
        .prefault('64MB')
        .describe(
          'With less free on the disk of `.trueup` nothing that writes is begun; on that of a database, nothing that writes to it; on that of a place for backups, no set is made there. All of it goes on once there is room.',
        ),
      ballast: sizeSchema
        .prefault('16MB')
        .describe(
          'A file of this size is kept there, and given up when room gets short, for the journal and an orderly stop.',
        ),
    })
    .prefault({})
    .describe('What happens when the disk is nearly full.'),
})
