/**
 * Events tell people what happened, and say the same thing once: what repeats within half an hour counts up in its row
 * instead of becoming a new one. Pure.
 */
import { shortHashOf } from '../json.ts'
import { keyText, type ResourceKey } from './resource.ts'

/** Something that happened to a resource. */
export interface EventDraft {
  readonly resource: ResourceKey
  readonly level: 'info' | 'warning' | 'error'
  /** A CamelCase code, for example `RepairFailed`. */
  readonly reason: string
  /** One sentence for a person. */
  readonly message: string
  /** Milliseconds since the epoch. */
  readonly atMs: number
}

/** An event and its repetitions. */
export interface Event extends Omit<EventDraft, 'atMs'> {
  /** Stays while it counts up. */
  readonly id: string
  /** What the messages of its repetitions have in common. */
  readonly template: string
  readonly firstAtMs: number
  readonly lastAtMs: number
  /** How often it has happened, 1 or more. `message` is that of the last time. */
  readonly count: number
}

/** Longer than the longest pause between tries, so that an outage of a day is one row and not one for each hour. */
export const aggregateWithinMs = 1_800_000
/** How many rows are kept unless told otherwise; the oldest go first. */
export const eventsMax = 1000

export interface Aggregated {
  /** By the moment they last happened, latest last. */
  readonly events: readonly Event[]
  /** The row that is new or has counted up. */
  readonly event: Event
  readonly isNew: boolean
}

/**
 * Adds what happened. It counts up the row of the same resource, reason and template that last happened within half
 * an hour, before or after: a clock that was set back makes no second row.
 */
export function aggregate(events: readonly Event[], next: EventDraft, rowsMax: number = eventsMax): Aggregated {
  const { atMs, ...draft } = next
  const template = templateOf(next.message)
  const known = events.findLast(
    (event) =>
      Math.abs(atMs - event.lastAtMs) <= aggregateWithinMs &&
      event.reason === next.reason &&
      event.template === template &&
      keyText(event.resource) === keyText(next.resource),
  )
  const event: Event = {
    ...draft,
    template,
    id: known?.id ?? shortHashOf({ resource: keyText(next.resource), reason: next.reason, template, atMs }),
    firstAtMs: Math.min(atMs, known?.firstAtMs ?? atMs),
    lastAtMs: Math.max(atMs, known?.lastAtMs ?? atMs),
    count: (known?.count ?? 0) + 1,
  }
  const others = known === undefined ? events : events.filter((one) => one !== known)
  const later = others.findLastIndex((one) => one.lastAtMs <= event.lastAtMs) + 1
  const sorted = [...others.slice(0, later), event, ...others.slice(later)]
  return { events: sorted.slice(-rowsMax), event, isNew: known === undefined }
}

/**
 * A message without what changes from time to time: quoted text becomes `“…”`, hexadecimal ids and numbers `#`.
 *
 * @example templateOf('12 of 5,012 values of "email" failed') // '# of # values of “…” failed'
 */
export function templateOf(message: string): string {
  return message
    .replace(/"[^"]*"|“[^”]*”|`[^`]*`/g, '“…”')
    .replace(/\b(?=[0-9a-f-]*\d)[0-9a-f]{8,}(?:-[0-9a-f]{4,})*\b/gi, '#')
    .replace(/\d+(?:[.,:]\d+)*/g, '#')
}
