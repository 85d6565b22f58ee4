/**
 * Whom the sources of an import hold: partly people whom the main table holds too, under the same e-mail address or
 * LinkedIn profile in another spelling, partly people whom only a source knows.
 */
import type { Random } from '../random.ts'
import { disagreeing, disagreeingShare } from './disagreement.ts'
import { type Messing, messed } from './mess.ts'
import type { Tally } from './planted.ts'
import type { Person } from './population.ts'
import type { WorkspacePlan } from './workspace-plan.ts'

export type Source = 'cache' | 'scraper' | 'json'

interface SourceHabit {
  /** Part of the rows that the main table holds too. */
  readonly knownShare: number
  /** Part of the rows without a LinkedIn profile, and without an e-mail address; every row keeps one of them. */
  readonly withoutProfile: number
  readonly withoutEmail: number
}

const habits: Readonly<Record<Source, SourceHabit>> = {
  cache: { knownShare: 0.6, withoutProfile: 0.5, withoutEmail: 0.15 },
  scraper: { knownShare: 0.5, withoutProfile: 0.1, withoutEmail: 0.55 },
  json: { knownShare: 0.4, withoutProfile: 0.3, withoutEmail: 0.3 },
}

export interface SourceRow {
  readonly index: number
  readonly person: Person
  readonly email: string | null
  readonly linkedin: string | null
  readonly random: Random
  readonly messing: Messing
}

/** The rows of a source, each person once. Counts `known-lead` for every row that an import must merge, not add. */
export function* peopleOf(source: Source, plan: WorkspacePlan, tally: Tally): Generator<SourceRow> {
  const { knownShare, withoutProfile, withoutEmail } = habits[source]
  const { main, cache, scraper } = plan.rows
  const firstOwn = { cache: main, scraper: main + cache, json: main + cache + scraper }[source]
  const rows = plan.rows[source]
  const values = plan.streams(source)
  const conflicts = plan.streams(`conflict-${source}`)
  // Agents that nobody looks after write twice the mess of the table that people work with.
  const messing = { share: plan.share * 2, tally }
  for (let index = 0; index < rows; index += 1) {
    const random = values(index)
    // One candidate from each span of main rows, so that no person comes twice.
    const candidate = Math.floor(((index + random.next()) * main) / rows)
    const known = random.next() < knownShare && plan.rowKindAt(candidate) === 'plain'
    if (known) tally('known-lead')
    const self = plan.population.personAt(known ? candidate : firstOwn + index)
    const other = conflicts(index)
    const isOther = known && other.next() < disagreeingShare * plan.conflictShare
    const person = isOther ? disagreeing(self, other, tally) : self
    const chance = random.next()
    const hidesProfile = chance < withoutProfile || person.linkedinUrl === undefined
    const hidesEmail = !hidesProfile && chance < withoutProfile + withoutEmail
    yield {
      index,
      person,
      email: hidesEmail ? null : messed('email', person.email, person, random, messing),
      linkedin: hidesProfile ? null : messed('linkedin_url', person.linkedinUrl, person, random, messing),
      random,
      messing,
    }
  }
}
