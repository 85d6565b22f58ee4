/** The rows of the main `leads` table: mostly one person each, in the order in which the agents found them. */
import type { Random } from '../random.ts'
import type { Cell } from '../values/field-type.ts'
import { sourceSystems, titles } from './company-words.ts'
import { contactDayOf, engagementBetween, historyOf, messageFor, statusCellOf } from './engagement.ts'
import { type Messing, messed } from './mess.ts'
import { dayMs, stampOf } from './moments.ts'
import type { Tally } from './planted.ts'
import type { Person } from './population.ts'
import { below, pick } from './stream.ts'
import type { RowKind, WorkspacePlan } from './workspace-plan.ts'

export const mainColumns = [
  'id',
  'name',
  'email',
  'company',
  'company_website',
  'linkedin_url',
  'phone',
  'title',
  'engagement_stage',
  'last_contacted',
  'engagement_history',
  'enrichment_status',
  'enrichment_attempts',
  'enrichment_last_attempt',
  'airtable_id',
  'airtable_synced',
  'last_modified',
  'source_system',
  'created_at',
  'updated_at',
  'ai_message',
] as const

/** Columns of the desired state that the agents never made, with what a clean database holds there. */
export const declaredLater = [
  { column: 'location', type: 'TEXT', of: (person: Person) => person.location },
  { column: 'industry', type: 'TEXT', of: (person: Person) => person.company.industry },
  { column: 'company_size', type: 'TEXT', of: (person: Person) => person.company.size },
  { column: 'verified', type: 'INTEGER', of: () => 1 },
  { column: 'enriched', type: 'INTEGER', of: () => 1 },
  { column: 'raw_data', type: 'TEXT', of: (person: Person) => JSON.stringify({ found: person.index }) },
  { column: 'company_description', type: 'TEXT', of: (person: Person) => person.company.description },
  { column: 'business_type', type: 'TEXT', of: (person: Person) => person.company.business },
] as const satisfies readonly { column: string; type: string; of: (person: Person) => Cell }[]

interface MainRow {
  readonly kind: RowKind
  readonly person: Person
  readonly random: Random
  readonly messing: Messing
}

/** A name as somebody else wrote it from memory: never the same text, always the same person to a reader. */
function misspelledName({ firstName, familyName }: Person, random: Random): string {
  return pick(random, [
    `${firstName.charAt(0)}. ${familyName}`,
    `${firstName} ${familyName}${familyName.slice(-1)}`,
    familyName.length > 4 ? `${firstName} ${familyName.slice(0, -1)}` : `${firstName} ${familyName}e`,
  ])
}

function emailCell({ kind, person, random, messing }: MainRow): string | null {
  if (kind === 'missing-email' || kind === 'duplicate-fuzzy' || kind === 'duplicate-doubtful') return null
  if (kind === 'email-without-domain') return person.email.split('@')[0] ?? null
  return messed('email', person.email, person, random, messing)
}

/** Name, e-mail, company, website, LinkedIn, phone and title, in the order of the columns. */
function identityCells(row: MainRow): readonly Cell[] {
  const { kind, person, random, messing } = row
  const cell = (
    column: 'full_name' | 'company' | 'company_website' | 'linkedin_url' | 'phone' | 'title',
    value: string | undefined,
  ) => messed(column, value, person, random, messing)
  // Somebody of this name and employer: most likely the lead that is there, but a colleague could be called the same.
  if (kind === 'duplicate-doubtful') {
    const { firstName, familyName } = person
    return [`${firstName.charAt(0)}. ${familyName}`, null, person.company.name, null, null, null, pick(random, titles)]
  }
  const name = kind === 'duplicate-fuzzy' ? misspelledName(person, random) : cell('full_name', person.fullName)
  if (kind === 'half-filled') return [name, emailCell(row), null, null, null, null, null]
  const known = kind !== 'duplicate-by-email'
  return [
    name,
    emailCell(row),
    cell('company', person.company.name),
    cell('company_website', person.company.website),
    known && kind !== 'duplicate-fuzzy' ? cell('linkedin_url', person.linkedinUrl) : null,
    known ? cell('phone', person.phone) : null,
    known ? cell('title', person.title) : pick(random, titles),
  ]
}

/** Everything after the title, in the order of the columns. */
function workCells({ kind, person, random, messing }: MainRow, index: number, plan: WorkspacePlan): readonly Cell[] {
  const { nowMs, rows } = plan
  const createdMs = nowMs - 540 * dayMs + Math.floor((index / rows.main) * 539 * dayMs) + below(random, 3_600_000)
  const updatedMs = createdMs + Math.floor(random.next() * (nowMs - createdMs))
  const source = pick(random, sourceSystems)
  if (kind === 'half-filled') {
    const created = stampOf(createdMs)
    return ['auto_send', null, null, 'pending', 0, null, null, null, created, source, created, created, null]
  }
  const engagement = engagementBetween(createdMs, nowMs, random)
  const enriched = random.next() < 0.7
  const written = engagement.contactedMs !== undefined || random.next() < 0.6
  const synced = random.next() < 0.5
  return [
    statusCellOf(engagement, person, random, messing),
    contactDayOf(engagement, nowMs, random, messing),
    historyOf(engagement, random),
    enriched ? 'completed' : pick(random, ['pending', 'failed']),
    enriched ? 1 : below(random, 4),
    enriched ? stampOf(createdMs + 600_000) : null,
    synced ? `rec${random.hex(7)}` : null,
    synced ? stampOf(updatedMs) : null,
    stampOf(updatedMs),
    source,
    stampOf(createdMs),
    stampOf(updatedMs),
    written ? messed('ai_message', messageFor(person, random), person, random, messing) : null,
  ]
}

/** All rows with the columns of {@link mainColumns} and of `extra`; what is planted is counted. */
export function* mainRows(
  plan: WorkspacePlan,
  extra: readonly (typeof declaredLater)[number][],
  tally: Tally,
): Generator<readonly Cell[]> {
  const values = plan.streams('main')
  const originals = plan.streams('original')
  const cellsOf = (index: number, person: Person, kind: RowKind): readonly Cell[] => {
    const row = { kind, person, random: values(index), messing: { share: plan.share, tally } }
    return [...identityCells(row), ...workCells(row, index, plan), ...extra.map(({ of }) => of(person))]
  }
  const bodyOf = (index: number): readonly Cell[] => {
    const kind = plan.rowKindAt(index)
    const self = plan.population.personAt(index)
    if (kind === 'plain') return cellsOf(index, self, kind)
    if (kind === 'missing-email' && self.linkedinUrl === undefined) return cellsOf(index, self, 'plain')
    if (kind === 'half-filled' || kind === 'missing-email' || kind === 'email-without-domain') {
      tally(kind)
      return cellsOf(index, self, kind)
    }
    const original = plan.plainRowBefore(index, originals)
    if (original === undefined) return cellsOf(index, self, 'plain')
    tally(kind)
    const person = plan.population.personAt(original)
    return kind === 'duplicate-exact' ? cellsOf(original, person, 'plain') : cellsOf(index, person, kind)
  }
  for (let index = 0; index < plan.rows.main; index += 1) {
    const key = plan.keyAt(index)
    if (key === null) tally('missing-key')
    yield [key, ...bodyOf(index)]
  }
}

/** The sync log: about one entry for three leads, and now and then one of a lead that is gone. */
export function* syncLogRows(plan: WorkspacePlan, tally: Tally): Generator<readonly Cell[]> {
  const entries = plan.streams('sync-log')
  for (let index = 0; index < plan.rows.main; index += 1) {
    const random = entries(index)
    if (random.next() >= 0.35) continue
    const orphan = random.next() < 0.008 * plan.share
    if (orphan) tally('orphan-reference')
    const status = pick(random, ['success', 'success', 'success', 'failed', 'conflict'])
    yield [
      pick(random, ['to_airtable', 'from_airtable']),
      orphan ? random.uuid() : plan.someKeyNear(index),
      status,
      status === 'failed' ? pick(random, ['429 RATE_LIMIT_REACHED', '422 INVALID_VALUE_FOR_COLUMN', 'timeout']) : null,
      stampOf(plan.nowMs - below(random, 90) * dayMs - below(random, 86_400_000)),
    ]
  }
}
