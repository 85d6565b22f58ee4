/** What the API says of alerts, as the command line and the page parse it. In zod/mini, which is small enough for a page. */
import * as z from 'zod/mini'

export const alertShape = z.object({
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
export type Alert = z.output<typeof alertShape>

export const ruleShape = z.object({
  when: z.string(),
  forSeconds: z.number(),
  severity: z.string(),
  channel: z.string(),
})

export const channelShape = z.object({
  name: z.string(),
  kind: z.string(),
  waiting: z.number(),
  nextTryAt: z.nullable(z.string()),
  problem: z.nullable(z.string()),
})
export type Channel = z.output<typeof channelShape>

export const silenceShape = z.object({
  id: z.string(),
  of: z.string(),
  until: z.string(),
  by: z.string(),
  reason: z.string(),
})
export type Silence = z.output<typeof silenceShape>

export const deliveryShape = z.object({
  at: z.string(),
  channel: z.string(),
  outcome: z.string(),
  items: z.number(),
  detail: z.string(),
  tookMs: z.number(),
})
export type Delivery = z.output<typeof deliveryShape>

/** The fields of `alerts` that these shapes read, without the deliveries. */
export const alertFields = `items { key rule instance severity channel state valueText since toldAt next silenced }
  rules { when forSeconds severity channel } channels { name kind waiting nextTryAt problem } silences { id of until by reason }`
export const deliveryFields = 'at channel outcome items detail tookMs'
