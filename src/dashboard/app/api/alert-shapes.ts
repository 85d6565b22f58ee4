/** What the API says of alerts, parsed at the border of the page. */
import * as z from 'zod/mini'
import { outcome } from './shapes.ts'

const alert = z.object({
  key: z.string(),
  rule: z.string(),
  instance: z.string(),
  severity: z.string(),
  channel: z.string(),
  state: z.string(),
  valueText: z.string(),
  since: z.string(),
  toldAt: z.nullable(z.string()),
  next: z.string(),
  silenced: z.boolean(),
})
export type Alert = z.output<typeof alert>

const channel = z.object({
  name: z.string(),
  kind: z.string(),
  waiting: z.number(),
  nextTryAt: z.nullable(z.string()),
  problem: z.nullable(z.string()),
})
export type Channel = z.output<typeof channel>

const delivery = z.object({
  at: z.string(),
  channel: z.string(),
  outcome: z.string(),
  items: z.number(),
  detail: z.string(),
  tookMs: z.number(),
})
export type Delivery = z.output<typeof delivery>

const silence = z.object({ id: z.string(), of: z.string(), until: z.string(), by: z.string(), reason: z.string() })
export type Silence = z.output<typeof silence>

const rule = z.object({ when: z.string(), forSeconds: z.number(), severity: z.string(), channel: z.string() })

export const alerts = z.object({
  alerts: z.object({
    items: z.array(alert),
    rules: z.array(rule),
    channels: z.array(channel),
    silences: z.array(silence),
    deliveries: z.array(delivery),
  }),
})
export type AlertDesk = z.output<typeof alerts>['alerts']

export const firing = z.object({
  alerts: z.object({
    items: z.array(z.object({ rule: z.string(), state: z.string(), since: z.string(), silenced: z.boolean() })),
  }),
})

export const alertOutcome = z.object({ outcome })
