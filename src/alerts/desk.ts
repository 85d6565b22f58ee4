/**
 * Alerts from rule to receiver. A round looks at all rules and writes what is to be told into the outbox; deliveries take it
 * from there, each channel by itself, until its target has taken it. What is told carries an id: after a crash between the
 * target's answer and our note it is told once more.
 */
import type { Clock } from '../clock.ts'
import { isoOf } from '../clock.ts'
import type { SecretReference } from '../desired/references.ts'
import type { DesiredState } from '../desired/schema.ts'
import type { ChannelDefinition } from '../engine/plugin.ts'
import { windowAt } from '../engine/windows.ts'
import { messageOf as errorText, OperationalError } from '../errors.ts'
import { type JsonObject, shortHashOf } from '../json.ts'
import type { Figure } from '../metrics/catalogue.ts'
import type { Random } from '../random.ts'
import { withoutPersons } from '../scrub.ts'
import type { Outgoing } from '../targets/outgoing/guard.ts'
import { type Channel, type ChannelPorts, channelKind, type Parcel, sendBy } from './channels.ts'
import { type AlertState, type Notice, step } from './machine.ts'
import { documentOf, type Message, type MessageContext, messageOf } from './message.ts'
import { readingsOf } from './readings.ts'
import { type AlertRule, rulesOf, type Severity } from './rules.ts'
import { type AlertStore, noticesOf, type Queued, type Silence } from './store.ts'

export interface AlertDeskOptions {
  readonly store: AlertStore
  readonly state: () => DesiredState
  readonly secret: (reference: SecretReference) => Promise<string>
  readonly outgoing: Outgoing
  /** Channels of plug-ins, by name; default: none. */
  readonly plugged?: ReadonlyMap<string, ChannelDefinition>
  readonly clock: Clock
  readonly random: Random
  /** Where the dashboard answers; undefined where nobody is served. */
  readonly dashboard: () => string | undefined
}

export interface ChannelView {
  readonly name: string
  readonly kind: 'webhook' | 'slack' | 'email' | 'plugin'
  readonly waiting: number
  /** When the next try is, where something waits. */
  readonly nextAtMs: number | null
  /** Why the last try failed; null where it did not. */
  readonly problem: string | null
}

export interface AlertDesk {
  /** Looks at all rules. Nothing is sent. `isSeen`: whether all resources were looked at. */
  round(figures: readonly Figure[], isSeen: boolean): void
  /** Sends what is due, each channel by itself. One at a time; a further call while it works does nothing. */
  deliver(signal: AbortSignal): Promise<void>
  /** Sends a test now, past the outbox. Throws NOT_FOUND, and what the channel throws. */
  test(channel: string, signal: AbortSignal): Promise<void>
  /** Puts a message for a channel into the outbox. */
  post(channel: string, message: Message): void
  alerts(): readonly AlertState[]
  rules(): readonly AlertRule[]
  channels(): readonly ChannelView[]
  log(limit: number): ReturnType<AlertStore['log']>
  silences(): readonly Silence[]
  silence(silence: Omit<Silence, 'id'>): Silence
  liftSilence(id: string): boolean
}

const firstRetryMs = 10_000
const retryMaxMs = 900_000
/** What nobody took for a week is given up, and said so in the log. */
const giveUpMs = 7 * 86_400_000
const togetherMax = 50
const severities: readonly Severity[] = ['low', 'medium', 'high', 'critical']

export function createAlertDesk(options: AlertDeskOptions): AlertDesk {
  const { store, clock, random } = options
  const ports: ChannelPorts = {
    outgoing: options.outgoing,
    secret: options.secret,
    nowMs: () => clock.nowMs(),
    plugged: options.plugged ?? new Map(),
  }
  const channelsOf = (): Readonly<Record<string, Channel>> => options.state().alerts?.channels ?? {}
  const context = (): MessageContext => ({
    workspace: options.state().name,
    dashboard: options.dashboard()?.replace(/\/$/, ''),
  })
  let isDelivering = false

  const isSilenced = (nowMs: number) => {
    const silences = store.silences(nowMs)
    return ({ key, rule }: AlertState) => silences.some(({ of }) => of === '*' || of === key || of === rule.when)
  }

  /** Now, or when the quiet hours of the channel end. */
  const notBefore = (channel: string, severity: Severity, nowMs: number): number => {
    const quiet = channelsOf()[channel]?.quiet
    if (quiet === undefined || severities.indexOf(severity) >= severities.indexOf(quiet.but)) return nowMs
    const { days, between, timezone } = quiet
    const window = windowAt([{ deny: 'low', ...(days === undefined ? {} : { days }), between, timezone }], 'low', nowMs)
    return window.is === 'open' ? nowMs : (window.untilMs ?? nowMs)
  }

  const retryDelay = (attempts: number): number =>
    Math.min(retryMaxMs, firstRetryMs * 2 ** Math.min(attempts, 10)) * (0.8 + 0.4 * random.next())

  async function deliverTo(name: string, queued: readonly Queued[], signal: AbortSignal): Promise<void> {
    const beganMs = clock.monotonicMs()
    const parcel = parcelOf(queued, context(), clock.nowMs())
    const log = (is: 'delivered' | 'failed' | 'given-up', detail: string) => ({
      ...{ atMs: clock.nowMs(), channel: name, is, items: queued.length, detail },
      tookMs: clock.monotonicMs() - beganMs,
    })
    const channel = channelsOf()[name]
    if (channel === undefined) {
      store.delivered(queued, log('given-up', 'the channel is not declared any more'))
      return
    }
    try {
      await sendBy(channel, parcel, signal, ports)
      store.delivered(queued, log('delivered', parcel.message.subject))
    } catch (error) {
      if (signal.aborted) return
      putOff(queued, error, log)
    }
  }

  function putOff(
    queued: readonly Queued[],
    error: unknown,
    log: (is: 'failed' | 'given-up', detail: string) => Parameters<AlertStore['delivered']>[1],
  ): void {
    const nowMs = clock.nowMs()
    const detail = error instanceof OperationalError ? `${error.code}: ${error.message}` : errorText(error)
    const tooOld = queued.filter(({ atMs }) => nowMs - atMs > giveUpMs)
    const left = queued.filter((one) => !tooOld.includes(one))
    if (tooOld.length > 0) store.delivered(tooOld, log('given-up', detail))
    if (left.length === 0) return
    const attempts = Math.max(...left.map((one) => one.attempts))
    const asked = error instanceof OperationalError ? (error.retryAtMs ?? 0) : 0
    store.failed(
      left,
      Math.max(nowMs + retryDelay(attempts), Math.min(asked, nowMs + retryMaxMs)),
      log('failed', detail),
    )
  }

  return {
    round(figures, isSeen) {
      const nowMs = clock.nowMs()
      const { states, notices } = step({
        states: store.states(),
        rules: rulesOf(options.state()),
        readingsOf: ({ metric }) => readingsOf(metric, figures),
        isSilenced: isSilenced(nowMs),
        isSeen,
        nowMs,
      })
      store.commit(
        states,
        notices.map((notice) => ({
          channel: notice.state.rule.to,
          notBeforeMs: notBefore(notice.state.rule.to, notice.state.rule.severity, nowMs),
          item: { is: 'notice' as const, notice: copyOf(notice) },
        })),
        nowMs,
      )
    },
    async deliver(signal) {
      if (isDelivering) return
      isDelivering = true
      try {
        const nowMs = clock.nowMs()
        const due = store.waiting().filter(({ nextMs, atMs }) => nextMs <= nowMs || atMs > nowMs)
        const names = [...new Set(due.map(({ channel }) => channel))]
        await Promise.all(
          names.map(async (name) => {
            const own = due.filter(({ channel }) => channel === name)
            const notices = own.filter(({ item }) => item.is === 'notice').slice(0, togetherMax)
            if (notices.length > 0) await deliverTo(name, notices, signal)
            for (const one of own.filter(({ item }) => item.is === 'message')) await deliverTo(name, [one], signal)
          }),
        )
      } finally {
        isDelivering = false
      }
    },
    async test(name, signal) {
      const channel = channelsOf()[name]
      if (channel === undefined)
        throw new OperationalError('NOT_FOUND', `no channel of alerts is named ${name}`, {
          hint: `Declared are: ${Object.keys(channelsOf()).join(', ') || 'none'}.`,
        })
      const beganMs = clock.monotonicMs()
      const parcel = testParcel(name, context(), clock.nowMs(), random.hex(6))
      const done = (is: 'delivered' | 'failed', detail: string) =>
        store.delivered([], {
          atMs: clock.nowMs(),
          channel: name,
          is,
          items: 1,
          detail,
          tookMs: clock.monotonicMs() - beganMs,
        })
      try {
        await sendBy(channel, parcel, signal, ports)
      } catch (error) {
        done('failed', `test: ${errorText(error)}`)
        throw error
      }
      done('delivered', 'test')
    },
    post(channel, message) {
      const nowMs = clock.nowMs()
      const item = { is: 'message' as const, id: `message-${random.hex(8)}`, message: { ...message } }
      store.commit(store.states(), [{ channel, notBeforeMs: nowMs, item }], nowMs)
    },
    alerts: () => store.states(),
    rules: () => rulesOf(options.state()),
    channels() {
      const waiting = store.waiting()
      const log = store.log(200)
      return Object.entries(channelsOf()).map(([name, channel]) => {
        const own = waiting.filter((one) => one.channel === name)
        const last = log.find((one) => one.channel === name)
        return {
          ...{ name, kind: channelKind(channel), waiting: own.length },
          nextAtMs: own.length === 0 ? null : Math.min(...own.map(({ nextMs }) => nextMs)),
          problem: last === undefined || last.is === 'delivered' ? null : last.detail,
        }
      })
    },
    log: (limit) => store.log(limit),
    silences: () => store.silences(clock.nowMs()),
    silence(given) {
      const silence = { ...given, id: random.hex(4) }
      store.silence(silence)
      return silence
    },
    liftSilence: (id) => store.liftSilence(id),
  }
}

/** As the store keeps it: lists of its own. */
function copyOf({ state, ...notice }: Notice) {
  return { ...notice, state: { ...state, returns: [...state.returns] } }
}

function parcelOf(queued: readonly Queued[], context: MessageContext, nowMs: number): Parcel {
  const notices = noticesOf(queued)
  const [first] = queued
  if (first !== undefined && first.item.is === 'message') {
    const { id } = first.item
    // The last thing that happens to a text, whoever wrote it.
    const message = {
      subject: withoutPersons(first.item.message.subject),
      text: withoutPersons(first.item.message.text),
    }
    return { id, message, document: messageDocument(id, message, context, nowMs) }
  }
  const id = shortHashOf(notices.map((notice) => notice.id))
  return { id, message: messageOf(notices, context), document: { id, ...documentOf(notices, context, nowMs) } }
}

function messageDocument(
  id: string,
  { subject, text }: Message,
  { workspace }: MessageContext,
  nowMs: number,
): JsonObject {
  return { id, version: 1, workspace, sentAt: isoOf(nowMs), subject, text, alerts: [] }
}

function testParcel(name: string, context: MessageContext, nowMs: number, token: string): Parcel {
  const id = `test-${token}`
  const message = {
    subject: `[${context.workspace}] A test of the channel ${name}`,
    text: `This is a test of the channel ${name} of Trueup. Alerts will come here.\nNext: Nothing needs doing.`,
  }
  return { id, message, document: messageDocument(id, message, context, nowMs) }
}
