/**
 * The people and companies that a generated workspace is about, as they truly are: canonical values, each computed from
 * its number, so that four databases can hold the same person without anything being remembered. No e-mail address,
 * LinkedIn profile or phone number belongs to two people.
 */
import {
  type Country,
  companyLines,
  companyPrefixes,
  companySizes,
  companyStems,
  countries,
  titles,
} from './company-words.ts'
import { languages, namesOf } from './people-words.ts'
import { at, below, pick, type Stream, shuffled, streamOf } from './stream.ts'

interface Company {
  /** With its legal suffix, if it has one. */
  readonly name: string
  readonly suffix: string | undefined
  readonly domain: string
  readonly website: string
  readonly industry: string
  readonly business: string
  readonly size: string
  readonly description: string
  readonly country: Country
}

export interface Person {
  readonly index: number
  readonly firstName: string
  readonly familyName: string
  readonly fullName: string
  readonly email: string
  readonly linkedinUrl: string | undefined
  /** E.164. */
  readonly phone: string | undefined
  readonly title: string
  readonly location: string
  readonly company: Company
}

export interface Population {
  personAt(index: number): Person
}

const colleagues = 8
const foreignLetters: Readonly<Record<string, string>> = {
  ß: 'ss',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  æ: 'ae',
  đ: 'd',
  Đ: 'D',
}

/** Letters a to z, digits and the separator: what local parts, domains and profile names are made of. */
function slugOf(text: string, separator: string): string {
  return text
    .replace(/[ßøØłŁæđĐ]/g, (letter) => foreignLetters[letter] ?? letter)
    .normalize('NFD')
    .replace(/[\u0300-\u036f'.]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, separator)
}

function companyOf(number: number, shares: Stream, order: (index: number) => number): Company {
  const random = shares(number)
  const mixed = order(number)
  const line = at(companyLines, mixed)
  const stem = at(companyStems, Math.floor(mixed / companyLines.length))
  const round = Math.floor(mixed / (companyLines.length * companyStems.length))
  const prefix = round === 0 ? '' : `${at(companyPrefixes, round - 1)} `
  const beyond = Math.floor((round - 1) / companyPrefixes.length)
  const plain = `${prefix}${stem} ${line.word}${round > 0 && beyond > 0 ? ` ${beyond + 1}` : ''}`
  const country = random.next() < 0.4 ? at(countries, 0) : pick(random, countries)
  const suffix = country.suffixes.length > 0 && random.next() < 0.55 ? pick(random, country.suffixes) : undefined
  const name = suffix === undefined ? plain : `${plain} ${suffix}`
  const domain = `${slugOf(plain, '')}.example`
  const size = pick(random, companySizes)
  return {
    name,
    suffix,
    domain,
    website: `https://${domain}`,
    industry: line.industry,
    business: line.business,
    size,
    description: `${name} works in ${line.industry.toLowerCase()} from ${pick(random, country.cities)} and employs ${size} people.`,
    country,
  }
}

/** The world of one seed with room for `size` people, from number 0 on. */
export function populationOf(seed: number, size: number): Population {
  const companyCount = Math.max(1, Math.ceil(size / colleagues))
  const names = companyStems.length * companyLines.length
  const companyOrder = shuffled(Math.max(names, companyCount), seed)
  const employer = shuffled(companyCount, seed + 1)
  const companyShares = streamOf(seed, 'company')
  const personShares = streamOf(seed, 'person')
  const phoneOrders = new Map(
    countries.map((country) => {
      const capacity = country.phone.prefixes.length * 10 ** country.phone.digits
      return [country, shuffled(capacity, seed + 2)] as const
    }),
  )

  const phoneOf = (country: Country, index: number): string | undefined => {
    const numbered = phoneOrders.get(country)?.(index) ?? 0
    const { prefixes, digits } = country.phone
    const local = String(numbered % 10 ** digits).padStart(digits, '0')
    const prefix = at(prefixes, Math.floor(numbered / 10 ** digits))
    // North American exchanges start with 2 to 9, are no service code (211…911) and not the fictional 555.
    if (prefix.startsWith('+1') && !/^(?!555|.11)[2-9]/.test(local)) return undefined
    return prefix + local
  }

  return {
    personAt(index) {
      const random = personShares(index)
      const employedAt = employer(index % companyCount)
      const company = companyOf(employedAt, companyShares, companyOrder)
      const foreign = random.next() < 0.25
      const language = foreign ? pick(random, languages) : company.country.language
      // Colleagues are companyCount apart; taking turns through the list keeps their first names different.
      const firstName = at(namesOf[language].first, Math.floor(index / companyCount) + employedAt)
      const familyName = pick(random, namesOf[language].family)
      const fullName = `${firstName} ${familyName}`
      const hasProfile = random.next() < 0.82
      const hasPhone = random.next() < 0.8
      return {
        index,
        firstName,
        familyName,
        fullName,
        email: `${slugOf(firstName, '-')}.${slugOf(familyName, '-')}@${company.domain}`,
        linkedinUrl: hasProfile
          ? `https://www.linkedin.com/in/${slugOf(fullName, '-')}-${(index * 7 + 46_656).toString(36)}`
          : undefined,
        phone: hasPhone ? phoneOf(company.country, index) : undefined,
        title: pick(random, titles),
        location: `${at(company.country.cities, below(random, 1000))}, ${company.country.name}`,
        company,
      }
    },
  }
}
