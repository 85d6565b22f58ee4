/** What the API says of alerts, parsed at the border of the page. */
import * as z from 'zod/mini'
import { alertShape, channelShape, deliveryShape, ruleShape, silenceShape } from '../../../clients/alert-shapes.ts'
import { outcome } from './shapes.ts'

export const alerts = z.object({
  alerts: z.object({
    items: z.array(alertShape),
    rules: z.array(ruleShape),
    channels: z.array(channelShape),
    silences: z.array(silenceShape),
    deliveries: z.array(deliveryShape),
  }),
})
export type AlertDesk = z.output<typeof alerts>['alerts']

export const firing = z.object({
  alerts: z.object({
    items: z.array(z.object({ rule: z.string(), state: z.string(), since: z.string(), silenced: z.boolean() })),
  }),
})

export const alertOutcome = z.object({ outcome })
