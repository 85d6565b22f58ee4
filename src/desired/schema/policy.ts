/** What Trueup may do by itself, when, and how much of it. */
import { z } from 'zod'
import { intervalSchema, percentSchema, timezoneSchema } from './scalars.ts'

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
    })
    .prefault({})
    .describe('What is kept for undo.'),
})
