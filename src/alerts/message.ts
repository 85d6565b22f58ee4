/**
 * What is told, in words. Pure. Nothing in it is of a record: a rule, a number, the name of what is declared; and what looks
 * like a secret or like a person's address is blacked out all the same.
 */

import { isoOf } from '../clock.ts'
import { type AlertUnit, alertMetrics, comparisonOf } from '../desired/alert-metrics.ts'
import { isList, type JsonObject } from '../json.ts'
import { scrubbedJson, withoutPersons } from '../scrub.ts'
import type { Notice } from './machine.ts'

export interface Message {
  readonly subject: string
  readonly text: string
}

export interface MessageContext {
  /** `name` of the desired state. */
  readonly workspace: string
  /** Where the dashboard answers, without a slash at its end; undefined where nobody is served. */
  readonly dashboard: string | undefined
}

/** One sentence, and what to do. */
interface Told {
  readonly sentence: string
  readonly next: string
  readonly link: string | undefined
  readonly valueText: string
}

function told({ is, state, atMs }: Notice, { dashboard }: MessageContext): Told {
  const read = comparisonOf(state.rule.when)
  const metric = read.is === 'comparison' ? alertMetrics[read.comparison.metric] : undefined
  const name = read.is === 'comparison' ? read.comparison.metric : state.rule.when
  const valueText = amountText(state.value, metric?.unit ?? 'count')
  const what = state.instance === '' ? name : `${name} (${state.instance})`
  const lasted = durationText(Math.max(0, atMs - state.sinceMs))
  const sentence =
    is === 'firing'
      ? `${what} is ${valueText}; the rule is ${state.rule.when}${state.rule.forMs > 0 ? ` for ${durationText(state.rule.forMs)}` : ''}.`
      : `${what} is well again after ${lasted}; the rule was ${state.rule.when}.`
  return {
    sentence,
    next: is === 'firing' ? (metric?.next ?? 'Look at `trueup status`.') : 'Nothing needs doing.',
    link: dashboard === undefined ? undefined : `${dashboard}/${metric?.page ?? ''}`,
    valueText,
  }
}

/** Several notices as one message. */
export function messageOf(notices: readonly Notice[], context: MessageContext): Message {
  const sorted = [...notices].sort((one, other) => rank(one) - rank(other))
  const firing = notices.filter(({ is }) => is === 'firing').length
  const counts = [
    ...(firing > 0 ? [`${firing} ${firing === 1 ? 'alert' : 'alerts'}`] : []),
    ...(notices.length > firing ? [`${notices.length - firing} resolved`] : []),
  ].join(', ')
  const [only] = sorted
  const head = sorted.length === 1 && only !== undefined ? told(only, context).sentence : counts
  const lines = sorted.map((notice) => {
    const { sentence, next, link } = told(notice, context)
    const mark = notice.is === 'firing' ? `[${notice.state.rule.severity}]` : '[resolved]'
    const since = `since ${isoOf(notice.state.sinceMs)}`
    return [
      `${mark} ${sentence} (${since})`,
      ...(notice.is === 'firing' ? [`  Next: ${next}`] : []),
      ...(link === undefined ? [] : [`  ${link}`]),
    ].join('\n')
  })
  return {
    subject: oneLine(withoutPersons(`[${context.workspace}] ${head}`)),
    text: withoutPersons(lines.join('\n')),
  }
}

/** The document of a webhook. */
export function documentOf(notices: readonly Notice[], context: MessageContext, sentAtMs: number): JsonObject {
  const { subject, text } = messageOf(notices, context)
  const document: JsonObject = {
    version: 1,
    workspace: context.workspace,
    sentAt: isoOf(sentAtMs),
    subject,
    text,
    alerts: notices.map((notice) => {
      const { sentence, next, link, valueText } = told(notice, context)
      const { rule, instance, value, sinceMs, key } = notice.state
      return {
        id: notice.id,
        key,
        status: notice.is,
        severity: rule.severity,
        rule: rule.when,
        ...{ instance, value, valueText },
        since: isoOf(sinceMs),
        at: isoOf(notice.atMs),
        message: sentence,
        next,
        link: link ?? null,
      }
    }),
  }
  const scrubbed = scrubbedJson(document, withoutPersons)
  return typeof scrubbed === 'object' && scrubbed !== null && !isList(scrubbed) ? { ...scrubbed } : {}
}

/** Text of Slack: what would be a link or a mention is a text. */
export function slackText({ subject, text }: Message): string {
  const plain = (given: string) => given.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return `*${plain(subject)}*\n${plain(text)}`
}

function rank({ is, state }: Notice): number {
  return (is === 'firing' ? 0 : 10) + ['critical', 'high', 'medium', 'low'].indexOf(state.rule.severity)
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 200)
}

export function amountText(value: number, unit: AlertUnit): string {
  switch (unit) {
    case 'percent':
      return `${Math.round(value * 10) / 10} %`
    case 'duration':
      return durationText(value * 1000)
    case 'size':
      return value >= 1e9 ? `${(value / 1e9).toFixed(1)} GB` : `${(value / 1e6).toFixed(1)} MB`
    case 'count':
      return String(Math.round(value * 100) / 100)
  }
}

/** `26 h`, `10 min`. */
export function durationText(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`
  if (ms < 2 * 3_600_000) return `${Math.round(ms / 60_000)} min`
  return ms < 72 * 3_600_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`
}
