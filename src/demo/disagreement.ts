/** The same person as another program knows them: found by e-mail or profile, with other values in other fields. */
import type { Random } from '../random.ts'
import { companyLines, companyStems, titles } from './company-words.ts'
import type { Tally } from './planted.ts'
import type { Person } from './population.ts'
import { pick } from './stream.ts'

/** Part of the people known to both sides who differ, at level heavy. */
export const disagreeingShare = 0.5

/** Another title, and every second time another employer; what a person is recognised by stays. */
export function disagreeing(person: Person, random: Random, tally: Tally): Person {
  tally('conflict')
  const title = pick(
    random,
    titles.filter((one) => one !== person.title),
  )
  if (random.next() < 0.5) return { ...person, title }
  const name = `${pick(random, companyStems)} ${pick(random, companyLines).word}`
  return { ...person, title, company: { ...person.company, name } }
}
