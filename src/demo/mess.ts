/**
 * Every way in which one cell goes wrong, as a small named function from the true value to the messy one. A cell gets at
 * most one of them, and each leaves a mark by which SQL can find it again, so that what is counted can be checked.
 */
import type { Random } from '../random.ts'
import { companyLines, companyStems } from './company-words.ts'
import { rightToLeftTitles } from './people-words.ts'
import type { Tally } from './planted.ts'
import type { Person } from './population.ts'
import { below, pick } from './stream.ts'

export const messLevels = ['clean', 'light', 'heavy'] as const
export type MessLevel = (typeof messLevels)[number]

/** Shares are written down for `heavy`; the other levels plant this part of them. */
export const messShare: Readonly<Record<MessLevel, number>> = { clean: 0, light: 0.25, heavy: 1 }

interface CellMess {
  readonly kind: string
  /** Part of the column's cells at level heavy. */
  readonly share: number
  /** The messy form, or undefined where this value cannot have this mess. */
  readonly plant: (value: string, random: Random, person: Person) => string | undefined
}

/** Other spellings of legal suffixes, all of which mean the same company. */
export const suffixSpellings: Readonly<Record<string, readonly string[]>> = {
  'Inc.': ['inc', 'Inc', 'INC.', ', Inc.', 'Incorporated'],
  LLC: ['llc', 'l.l.c.', 'L.L.C.', ', LLC'],
  'Ltd.': ['ltd', 'Ltd', 'LTD.', 'Limited'],
  'Corp.': ['corp', 'Corp', 'CORP.', 'Corporation'],
  GmbH: ['gmbh', 'Gmbh', 'GMBH'],
  AG: ['ag', 'A.G.'],
  AB: ['ab', 'A.B.'],
}

export const statusAliases = ['Auto Send', 'auto-send', 'replied', 'Manual Review', '1st degree'] as const
export const unknownStatuses = ['ghosted', 'do not call', '???', 'asked for a call in spring'] as const
export const unreadablePhones = ['n/a', 'call the office', '12', 'see signature'] as const
/** Text that harms whoever builds SQL, HTML or spreadsheets by joining strings. */
export const hostileTitles = [
  "Robert'); DROP TABLE leads;--",
  '<img src=x onerror=alert(1)>',
  '=HYPERLINK("https://evil.example","Invoice")',
  '#{7*7} {% debug %}',
] as const
const emoji = ['🚀', '✅', '👋', '🔥'] as const

const upper = (value: string) => value.toUpperCase()
const lower = (value: string) => value.toLowerCase()
const profileOf = (url: string) => url.slice('https://www.linkedin.com/in/'.length)
const domainOf = (url: string) => url.slice('https://'.length)

const spaced = (value: string, random: Random) =>
  random.next() < 0.5 || !value.includes(' ') ? `  ${value} ` : value.replace(' ', '  ')

/** As people of that country write it: nationally in North America, with the country code elsewhere. */
function writtenPhone(e164: string, random: Random): string {
  if (e164.startsWith('+1')) {
    const [area, exchange, line] = [e164.slice(2, 5), e164.slice(5, 8), e164.slice(8)]
    return pick(random, [
      `(${area}) ${exchange}-${line}`,
      `${area}.${exchange}.${line}`,
      `1-${area}-${exchange}-${line}`,
      `+1 ${area} ${exchange} ${line}`,
    ])
  }
  const groups = e164.slice(3).replace(/(\d{3})(?=\d{2})/g, '$1 ')
  return pick(random, [
    `${e164.slice(0, 3)} ${groups}`,
    `00${e164.slice(1, 3)} ${groups}`,
    `${e164.slice(0, 3)}-${groups}`,
  ])
}

function otherSuffix(company: string, random: Random, person: Person): string | undefined {
  const { suffix } = person.company
  if (suffix === undefined) return undefined
  const spelling = pick(random, suffixSpellings[suffix] ?? [])
  const plain = company.slice(0, -suffix.length - 1)
  return spelling.startsWith(',') ? plain + spelling : `${plain} ${spelling}`
}

/** A company that the e-mail address does not belong to: the person moved on and one record was not told. */
function formerEmployer(company: string, random: Random): string | undefined {
  const former = `${pick(random, companyStems)} ${pick(random, companyLines).word}`
  return company.startsWith(former) ? undefined : former
}

/** What goes wrong by column. Small sums stay below the 5 % blast radius of the demo on purpose, large ones exceed it. */
const cellMess = {
  email: [
    {
      kind: 'email-upper-case',
      share: 0.014,
      plant: (email, random) => (random.next() < 0.5 ? upper(email) : email.charAt(0).toUpperCase() + email.slice(1)),
    },
    { kind: 'email-mailto', share: 0.005, plant: (email) => `mailto:${email}` },
    { kind: 'email-trailing-dot', share: 0.006, plant: (email) => `${email}.` },
    { kind: 'email-spaces', share: 0.006, plant: (email) => ` ${email} ` },
  ],
  full_name: [
    { kind: 'name-shouting', share: 0.01, plant: upper },
    { kind: 'name-lower-case', share: 0.009, plant: lower },
    { kind: 'name-last-first', share: 0.005, plant: (_, __, person) => `${person.familyName}, ${person.firstName}` },
    { kind: 'name-spaces', share: 0.008, plant: spaced },
    { kind: 'name-emoji', share: 0.003, plant: (name, random) => `${name} ${pick(random, emoji)}` },
  ],
  company: [
    { kind: 'company-suffix', share: 0.25, plant: otherSuffix },
    { kind: 'company-shouting', share: 0.04, plant: upper },
    { kind: 'company-lower-case', share: 0.03, plant: lower },
    { kind: 'company-spaces', share: 0.03, plant: spaced },
    { kind: 'company-of-another-domain', share: 0.006, plant: (company, random) => formerEmployer(company, random) },
  ],
  company_website: [
    { kind: 'website-without-protocol', share: 0.06, plant: (url) => domainOf(url) },
    { kind: 'website-http', share: 0.03, plant: (url) => `http://${domainOf(url)}` },
    {
      kind: 'website-tracking',
      share: 0.03,
      plant: (url, random) => `${url}/?utm_source=${pick(random, ['linkedin', 'newsletter'])}`,
    },
    { kind: 'website-trailing-slash', share: 0.05, plant: (url) => `${url}/` },
  ],
  linkedin_url: [
    { kind: 'linkedin-http', share: 0.04, plant: (url) => url.replace('https:', 'http:') },
    {
      kind: 'linkedin-country-host',
      share: 0.05,
      plant: (url, _, person) =>
        person.company.country.linkedinHost === 'www'
          ? undefined
          : url.replace('www', person.company.country.linkedinHost),
    },
    {
      kind: 'linkedin-query',
      share: 0.04,
      plant: (url, random) =>
        `${url}?${pick(random, ['trk=people-guest', 'originalSubdomain=de', 'miniProfileUrn=urn%3Ali'])}`,
    },
    { kind: 'linkedin-locale', share: 0.02, plant: (url, random) => `${url}/${pick(random, ['en', 'de', 'fr'])}` },
    { kind: 'linkedin-trailing-slash', share: 0.05, plant: (url) => `${url}/` },
    { kind: 'linkedin-without-protocol', share: 0.02, plant: (url) => `linkedin.com/in/${profileOf(url)}` },
  ],
  phone: [
    { kind: 'phone-format', share: 0.045, plant: writtenPhone },
    { kind: 'phone-unreadable', share: 0.004, plant: (_, random) => pick(random, unreadablePhones) },
  ],
  title: [
    { kind: 'title-right-to-left', share: 0.003, plant: (_, random) => pick(random, rightToLeftTitles) },
    { kind: 'title-hostile', share: 0.002, plant: (_, random) => pick(random, hostileTitles) },
  ],
  engagement_status: [
    { kind: 'status-alias', share: 0.024, plant: (_, random) => pick(random, statusAliases) },
    { kind: 'status-unknown', share: 0.005, plant: (_, random) => pick(random, unknownStatuses) },
  ],
  ai_message: [
    {
      kind: 'message-placeholder',
      share: 0.015,
      plant: (text, random, person) => text.replace(person.firstName, pick(random, ['{{first_name}}', '{{ name }}'])),
    },
    { kind: 'message-short', share: 0.01, plant: (_, __, person) => `Hi ${person.firstName}, quick call?` },
    { kind: 'message-emoji', share: 0.01, plant: (text, random) => `${pick(random, emoji)} ${text}` },
    {
      kind: 'message-very-long',
      share: 0.0015,
      plant: (text, random) => Array.from({ length: 40 + below(random, 60) }, () => text).join('\n\n'),
    },
  ],
} as const satisfies Record<string, readonly CellMess[]>

export type MessyColumn = keyof typeof cellMess

/** How much of what is planted in the cells of one database, and where it is counted. */
export interface Messing {
  /** Multiplies every share. */
  readonly share: number
  readonly tally: Tally
}

/** The value as it is written: mostly the true one, else with one mess, which is counted. Empty stays empty. */
export function messed(
  column: MessyColumn,
  value: string | undefined,
  person: Person,
  random: Random,
  { share, tally }: Messing,
): string | null {
  if (value === undefined) return null
  let chance = random.next()
  if (share === 0) return value
  const choices: readonly CellMess[] = cellMess[column]
  for (const { kind, share: part, plant } of choices) {
    chance -= part * share
    if (chance >= 0) continue
    const messy = plant(value, random, person)
    if (messy === undefined || messy === value) return value
    tally(kind)
    return messy
  }
  return value
}
