/** How far an agent got with a person: status, day of contact, history and message, as true or as messy as asked. */
import type { Random } from '../random.ts'
import { type Messing, messed } from './mess.ts'
import { dateOf, dayMs, oddDateOf } from './moments.ts'
import type { Person } from './population.ts'
import { below, pick } from './stream.ts'

export type Status = 'auto_send' | 'manual_review' | 'contacted' | 'responded'

export interface Engagement {
  readonly status: Status
  /** Milliseconds since the epoch; undefined for who was never contacted. */
  readonly contactedMs: number | undefined
}

/** The truth about a person between two moments. */
export function engagementBetween(fromMs: number, toMs: number, random: Random): Engagement {
  const chance = random.next()
  const status =
    chance < 0.55 ? 'auto_send' : chance < 0.67 ? 'manual_review' : chance < 0.92 ? 'contacted' : 'responded'
  const contacted = status === 'contacted' || status === 'responded'
  return { status, contactedMs: contacted ? fromMs + Math.floor(random.next() * (toMs - fromMs)) : undefined }
}

/** The day of contact as it is written: `2026-03-14`, now and then in another form or in the far future. */
export function contactDayOf({ contactedMs }: Engagement, nowMs: number, random: Random, { share, tally }: Messing) {
  if (contactedMs === undefined) return null
  const chance = random.next()
  if (chance < 0.012 * share) {
    tally('date-in-future')
    return dateOf(nowMs + (1800 + below(random, 20_000)) * dayMs)
  }
  if (chance < 0.06 * share) {
    tally('date-format')
    return oddDateOf(contactedMs, random)
  }
  return dateOf(contactedMs)
}

/** The status as it is written; null where it was planted as missing. */
export function statusCellOf({ status }: Engagement, person: Person, random: Random, messing: Messing): string | null {
  if (random.next() < 0.01 * messing.share) {
    messing.tally('status-missing')
    return null
  }
  return messed('engagement_status', status, person, random, messing)
}

/** A JSON array of events, or null for who was never contacted. */
export function historyOf({ status, contactedMs }: Engagement, random: Random): string | null {
  if (contactedMs === undefined) return null
  const at = (afterMs: number) => new Date(contactedMs + afterMs).toISOString()
  const events = [{ at: at(0), event: 'sent', channel: 'email' }]
  if (random.next() < 0.6) events.push({ at: at(3_600_000), event: 'opened', channel: 'email' })
  if (status === 'responded') events.push({ at: at(dayMs), event: 'replied', channel: 'email' })
  return JSON.stringify(events)
}

const openings = [
  'I came across your work at COMPANY and was impressed by how the team approaches INDUSTRY.',
  'Your recent growth at COMPANY caught my eye, and few firms in INDUSTRY manage that.',
  'A colleague pointed me to COMPANY as one of the firms in INDUSTRY that care for their customers.',
  'While I was reading about INDUSTRY in COUNTRY, COMPANY came up again and again.',
] as const
const offers = [
  'We help teams like yours to find the right conversations sooner, without more tools to look after.',
  'Many people in your role tell us that clean lead data saves them a day each week.',
  'We cut the time from first contact to first meeting by a third for firms of your size.',
] as const
const endings = [
  'Would a short call next week be of use?',
  'May I send you two examples?',
  'Is this something you are looking at this quarter?',
] as const

/** A message that fits the person and names the company, as the message generator writes them. */
export function messageFor({ firstName, company }: Person, random: Random): string {
  const opening = pick(random, openings)
    .replace('COMPANY', company.name)
    .replace('INDUSTRY', company.industry.toLowerCase())
    .replace('COUNTRY', company.country.name)
  return `Hi ${firstName}, ${opening} ${pick(random, offers)} ${pick(random, endings)}`
}
