/**
 * Generated leads with planted duplicates and the truth beside them: the same person found twice by different agents,
 * who saw different parts and wrote them differently.
 */
import Database from 'better-sqlite3'
import type { Person } from '../../demo/population.ts'
import { populationOf } from '../../demo/population.ts'
import { below, pick, streamOf } from '../../demo/stream.ts'
import type { Random } from '../../random.ts'

/** The eight columns that are compared; `person` beside them holds the truth. */
export const leadColumns = [
  'full_name',
  'email',
  'company',
  'phone',
  'linkedin_url',
  'company_website',
  'title',
  'location',
] as const

/** What stands in the table beside them, as in the leads of the example, so that rows are as wide as real ones. */
const otherColumns = [
  'industry',
  'company_size',
  'business_type',
  'company_description',
  'engagement_status',
  'ai_message',
  'date_messaged',
  'source',
  'raw_data',
  'created_at',
  'updated_at',
] as const

/** One row in so many is a second record of an earlier person. */
const duplicateShare = 0.15
const batchRows = 10_000

type Lead = readonly (string | null)[]

/** Writes a table `leads` of `rows` rows. Equal arguments give equal rows. */
export function writeLeads(path: string, rows: number, seed: number): void {
  const db = new Database(path)
  db.pragma('journal_mode = OFF')
  db.pragma('synchronous = OFF')
  db.exec(
    `CREATE TABLE leads (id INTEGER PRIMARY KEY, ${[...leadColumns, ...otherColumns].map((column) => `${column} TEXT`).join(', ')}, person INTEGER)`,
  )
  const insert = db.prepare<unknown[]>(
    `INSERT INTO leads VALUES (${Array.from({ length: leadColumns.length + otherColumns.length + 2 }, () => '?').join(', ')})`,
  )
  const people = populationOf(seed, rows)
  const kinds = streamOf(seed, 'duplicate')
  const personOf = (row: number) => {
    const random = kinds(row)
    // A duplicate is of some earlier first record, so that groups of three come about by chance.
    return row > 10 && random.next() < duplicateShare ? below(random, row) : row
  }
  const write = db.transaction((from: number) => {
    for (let row = from; row < Math.min(rows, from + batchRows); row += 1) {
      let number = personOf(row)
      while (personOf(number) !== number) number = personOf(number)
      const person = people.personAt(number)
      const random = streamOf(seed, 'spelling')(row)
      const lead = number === row ? firstRecord(person) : secondRecord(person, random)
      insert.run(row + 1, ...lead, ...othersOf(person, row), number)
    }
  })
  for (let from = 0; from < rows; from += batchRows) write.immediate(from)
  db.close()
}

function othersOf({ firstName, company, title, index }: Person, row: number): Lead {
  const day = new Date(Date.UTC(2025, 0, 1 + (row % 300))).toISOString()
  return [
    company.industry,
    company.size,
    company.business,
    company.description,
    'auto_send',
    `Hi ${firstName}, I saw that ${company.name} is growing in ${company.industry.toLowerCase()} and wondered how you, as ${title}, keep your lead data in step. We help teams like yours to find what is wrong before a customer does. Would a short call next week suit you?`,
    null,
    'search',
    JSON.stringify({ found: index }),
    day,
    day,
  ]
}

function firstRecord(person: Person): Lead {
  return [
    person.fullName,
    person.email,
    person.company.name,
    person.phone ?? null,
    person.linkedinUrl ?? null,
    person.company.website,
    person.title,
    person.location,
  ]
}

/** What another agent knows of the person: some of it, in its own spelling. */
function secondRecord(person: Person, random: Random): Lead {
  const keeps = (chance: number) => random.next() < chance
  return [
    misspelt(person, random),
    keeps(0.45) ? (keeps(0.3) ? person.email.toUpperCase() : person.email) : keeps(0.3) ? privateAddress(person) : null,
    keeps(0.9) ? otherCompany(person, random) : null,
    keeps(0.5) && person.phone !== undefined ? person.phone.replace(/(\d{3})(?=\d{4,})/gu, '$1 ') : null,
    keeps(0.4) && person.linkedinUrl !== undefined ? `${person.linkedinUrl.replace('https://www.', '')}/` : null,
    keeps(0.5) ? person.company.domain : null,
    keeps(0.4) ? person.title : null,
    keeps(0.5) ? person.location : null,
  ]
}

function misspelt({ firstName, familyName, fullName }: Person, random: Random): string {
  if (random.next() < 0.6) return fullName
  const drop = 1 + below(random, Math.max(1, familyName.length - 1))
  return pick(random, [
    `${firstName.charAt(0)}. ${familyName}`,
    `${familyName}, ${firstName}`,
    fullName.toUpperCase(),
    `${firstName} ${familyName.slice(0, drop)}${familyName.slice(drop + 1)}`,
    `${firstName} ${familyName}${familyName.slice(-1)}`,
  ])
}

function privateAddress({ firstName, familyName, index }: Person): string {
  return `${firstName}.${familyName}${index % 97}@gmail.com`.toLowerCase().replace(/[^a-z0-9.@]/gu, '')
}

function otherCompany({ company: { name, suffix } }: Person, random: Random): string {
  const core = suffix === undefined ? name : name.slice(0, -suffix.length - 1)
  return pick(random, [name, core, core.toUpperCase(), `${core}, Inc.`])
}
