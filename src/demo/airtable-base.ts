/**
 * The base of the demo as colleagues left it: a table that has some of the declared fields and some of its own, with 40 records
 * of which most are people whom the main table knows too, a little differently. Equal plans give equal records.
 */
import { writeFileSync } from 'node:fs'
import type { JsonObject } from '../json.ts'
import type { BaseSeed } from '../sandbox/metadata/base-seed.ts'
import { titles } from './company-words.ts'
import { disagreeing, disagreeingShare } from './disagreement.ts'
import { dateOf, dayMs } from './moments.ts'
import type { Tally } from './planted.ts'
import type { Person } from './population.ts'
import { below, pick } from './stream.ts'
import type { WorkspacePlan } from './workspace-plan.ts'

/** Known people; of a workspace that is made to show conflicts, many more. */
const knownCount = 30
const conflictedCount = 500
const ownCount = 8
const twiceCount = 2

/** The fields that are there; those that the desired state declares besides are made. */
const fields: BaseSeed['tables'][number]['fields'] = [
  { name: 'Full Name', type: 'singleLineText' },
  { name: 'Email', type: 'email' },
  { name: 'Company', type: 'singleLineText' },
  { name: 'Title', type: 'singleLineText' },
  { name: 'Phone', type: 'phoneNumber' },
  { name: 'LinkedIn URL', type: 'url' },
  { name: 'Website', type: 'url' },
  {
    name: 'Engagement_Status',
    type: 'singleSelect',
    options: {
      choices: [{ name: 'auto_send' }, { name: 'manual_review' }, { name: 'contacted' }, { name: 'responded' }],
    },
  },
  { name: 'Date Messaged', type: 'date', options: { dateFormat: { name: 'iso' } } },
  { name: 'Verified', type: 'checkbox', options: { icon: 'check', color: 'greenBright' } },
  { name: 'Notes', type: 'multilineText' },
  { name: 'Owner', type: 'singleLineText' },
  { name: 'Last Modified', type: 'lastModifiedTime' },
]

const notes = [
  'Met at the fair; wants a call after the holidays.',
  'Asked for a price list.',
  'Do not write before the budget round.',
  'Prefers the phone.',
]
const owners = ['Maria', 'Jonas', 'Amélie']

/** Writes {@link airtableBaseOf} as JSON. */
export function writeAirtableBase(path: string, plan: WorkspacePlan, tally: Tally): void {
  writeFileSync(path, `${JSON.stringify(airtableBaseOf(plan, tally), null, 2)}\n`, { flag: 'wx' })
}

/** What the sandbox of the demo begins with, but for the id of the base, which the desired state declares. */
export function airtableBaseOf(plan: WorkspacePlan, tally: Tally = () => undefined): Omit<BaseSeed, 'baseId'> {
  const people = peopleOf(plan, tally)
  const records = people.map((person, index) => ({ fields: cellsOf(person, index, plan) }))
  return { name: 'Leads', tables: [{ name: 'Table 1', fields, records }] }
}

/** Known people from all over the main table, some whom only the colleagues know, and two of the first once more. */
function peopleOf(plan: WorkspacePlan, tally: Tally): readonly Person[] {
  const { rows, rowKindAt, population, conflictShare } = plan
  const conflicts = plan.streams('conflict-airtable')
  const wanted = conflictShare > 0 ? Math.min(conflictedCount, Math.ceil(rows.main / 2)) : knownCount
  const step = Math.max(1, Math.floor(rows.main / wanted))
  const known: Person[] = []
  for (let index = 0; index < rows.main && known.length < wanted; index += 1) {
    // One of each stretch: the first row there that holds a person once and in full.
    if (index < known.length * step || rowKindAt(index) !== 'plain') continue
    const person = population.personAt(index)
    const random = conflicts(index)
    known.push(random.next() < disagreeingShare * conflictShare ? disagreeing(person, random, tally) : person)
  }
  // Who is there twice, or in other forms, is of the other scenarios.
  if (conflictShare > 0) return known
  const everybody = rows.main + rows.cache + rows.scraper + rows.json
  const own = Array.from({ length: ownCount }, (_, index) => population.personAt(everybody + index))
  return [...known, ...own, ...known.slice(0, twiceCount)]
}

function cellsOf(person: Person, index: number, plan: WorkspacePlan): JsonObject {
  const random = plan.streams('airtable')(index)
  const habit = random.next()
  const base: Record<string, string | boolean> = {
    'Full Name': person.fullName,
    Email: person.email,
    Company: person.company.name,
    Title: person.title,
    Website: person.company.website,
    Engagement_Status: 'auto_send',
    ...(person.phone === undefined ? {} : { Phone: person.phone }),
    ...(person.linkedinUrl === undefined ? {} : { 'LinkedIn URL': person.linkedinUrl }),
    ...(random.next() < 0.4 ? { Notes: pick(random, notes), Owner: pick(random, owners) } : {}),
  }
  if (plan.conflictShare > 0) return base
  // Who is there twice was typed in from a card the second time.
  if (index >= knownCount + ownCount) {
    return { 'Full Name': person.fullName.toUpperCase(), Email: person.email, Notes: pick(random, notes) }
  }
  if (habit < 0.35) return base
  if (habit < 0.5) return { ...base, Title: pick(random, titles), Verified: true }
  if (habit < 0.65) return { ...base, Email: person.email.toUpperCase(), Website: person.company.domain }
  if (habit < 0.8) return { 'Full Name': person.fullName, Email: person.email }
  const messaged = plan.nowMs - (1 + below(random, 60)) * dayMs
  return { ...base, Engagement_Status: pick(random, ['contacted', 'responded']), 'Date Messaged': dateOf(messaged) }
}
