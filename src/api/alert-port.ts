/** What the API needs of alerts. The composition root implements it over their desk. */
import type { Awaitable } from './ports.ts'

type SeverityName = 'low' | 'medium' | 'high' | 'critical'

export interface AlertView {
  readonly key: string
  readonly rule: string
  /** Which backup, table; empty where there is one value. */
  readonly instance: string
  readonly severity: SeverityName
  readonly channel: string
  /** `pending`: it holds, and not yet for as long as the rule says. `calming`: it stopped to hold a moment ago. */
  readonly state: 'pending' | 'firing' | 'calming'
  readonly value: number
  readonly valueText: string
  readonly sinceMs: number
  readonly toldAtMs: number | null
  readonly next: string
  readonly silenced: boolean
}

export interface AlertRuleView {
  readonly when: string
  readonly forMs: number
  readonly severity: SeverityName
  readonly channel: string
}

export interface AlertChannelView {
  readonly name: string
  readonly kind: string
  /** Messages that were not taken yet. */
  readonly waiting: number
  readonly nextAtMs: number | null
  /** Why the last try failed; null where it did not. */
  readonly problem: string | null
}

export interface AlertDeliveryView {
  readonly atMs: number
  readonly channel: string
  readonly outcome: 'delivered' | 'failed' | 'given-up'
  readonly items: number
  readonly detail: string
  readonly tookMs: number
}

export interface AlertSilenceView {
  readonly id: string
  readonly of: string
  readonly untilMs: number
  readonly by: string
  readonly reason: string
}

export interface AlertPort {
  alerts(): Awaitable<readonly AlertView[]>
  rules(): Awaitable<readonly AlertRuleView[]>
  channels(): Awaitable<readonly AlertChannelView[]>
  /** Newest first. */
  deliveries(limit: number): Awaitable<readonly AlertDeliveryView[]>
  silences(): Awaitable<readonly AlertSilenceView[]>
  /** Sends a test now. Throws NOT_FOUND, ALERT_CHANNEL_UNUSABLE, OUTGOING_*. */
  test(channel: string): Promise<void>
  /** Throws USAGE where no rule and no alert is meant. */
  silence(request: {
    readonly of: string
    readonly untilMs: number
    readonly by: string
    readonly reason: string
  }): Awaitable<AlertSilenceView>
  liftSilence(id: string, by: string): Awaitable<boolean>
}
