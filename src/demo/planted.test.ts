import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { databasePaths, generateWorkspace, jsonFolder } from './generate.ts'
import {
  hostileTitles,
  type MessLevel,
  statusAliases,
  suffixSpellings,
  unknownStatuses,
  unreadablePhones,
} from './mess.ts'
import { rightToLeftTitles } from './people-words.ts'
import type { GeneratedDatabase, PlantedReport } from './planted.ts'

/** Finds planted mess again by looking at the files alone, as a check of the report that the generator made of itself. */

type Row = Readonly<Record<string, unknown>>
type SqliteName = keyof typeof databasePaths
type Column =
  | 'name'
  | 'email'
  | 'company'
  | 'website'
  | 'linkedin'
  | 'phone'
  | 'title'
  | 'status'
  | 'contacted'
  | 'message'

const columnsOf: Readonly<Record<SqliteName, Readonly<Partial<Record<Column, string>>> & { readonly table: string }>> =
  {
    main: {
      table: 'leads',
      name: 'name',
      email: 'email',
      company: 'company',
      website: 'company_website',
      linkedin: 'linkedin_url',
      phone: 'phone',
      title: 'title',
      status: 'engagement_stage',
      contacted: 'last_contacted',
      message: 'ai_message',
    },
    cache: {
      table: 'leads',
      name: 'name',
      email: 'email',
      company: 'company',
      website: 'website',
      linkedin: 'linkedin',
      title: 'title',
      message: 'ai_message',
    },
    scraper: {
      table: 'leads',
      name: 'full_name',
      email: 'email',
      company: 'company',
      linkedin: 'linkedin_url',
      title: 'title',
    },
    campaigns: { table: 'campaign_messages', message: 'body' },
  }

const spellings = Object.values(suffixSpellings).flat()
const emojiAt = /\p{Extended_Pictographic}/u
const isUpper = (text: string) => text === text.toUpperCase() && text !== text.toLowerCase()
const isLower = (text: string) => text === text.toLowerCase() && text !== text.toUpperCase()
const isSpaced = (text: string) => text !== text.trim() || text.includes('  ')
const among = (words: readonly string[]) => (text: string) => words.includes(text)

/** How each kind shows in a cell of its column. */
const cellSigns: Readonly<Record<string, readonly [Column, (text: string) => boolean]>> = {
  'email-upper-case': ['email', (text) => /[A-Z]/.test(text)],
  'email-mailto': ['email', (text) => text.startsWith('mailto:')],
  'email-trailing-dot': ['email', (text) => text.endsWith('.')],
  'email-spaces': ['email', isSpaced],
  'email-without-domain': ['email', (text) => !text.includes('@')],
  'name-shouting': ['name', isUpper],
  'name-lower-case': ['name', isLower],
  'name-last-first': ['name', (text) => text.includes(', ')],
  'name-spaces': ['name', isSpaced],
  'name-emoji': ['name', (text) => emojiAt.test(text)],
  'company-shouting': ['company', isUpper],
  'company-lower-case': ['company', isLower],
  'company-spaces': ['company', isSpaced],
  'company-suffix': [
    'company',
    (text) =>
      !isUpper(text) &&
      !isLower(text) &&
      spellings.some((spelling) => text.endsWith(spelling.startsWith(',') ? spelling : ` ${spelling}`)),
  ],
  'website-without-protocol': ['website', (text) => !text.startsWith('http')],
  'website-http': ['website', (text) => text.startsWith('http://')],
  'website-tracking': ['website', (text) => text.includes('utm_source')],
  'website-trailing-slash': ['website', (text) => text.endsWith('/')],
  'linkedin-http': ['linkedin', (text) => text.startsWith('http://')],
  'linkedin-country-host': ['linkedin', (text) => /^https:\/\/[a-z]{2}\.linkedin/.test(text)],
  'linkedin-query': ['linkedin', (text) => text.includes('?')],
  'linkedin-locale': ['linkedin', (text) => /\/in\/[^/]+\/[a-z]{2}$/.test(text)],
  'linkedin-trailing-slash': ['linkedin', (text) => text.endsWith('/')],
  'linkedin-without-protocol': ['linkedin', (text) => text.startsWith('linkedin.com')],
  'phone-format': ['phone', (text) => !/^\+\d+$/.test(text) && !among(unreadablePhones)(text)],
  'phone-unreadable': ['phone', among(unreadablePhones)],
  'title-right-to-left': ['title', among(rightToLeftTitles)],
  'title-hostile': ['title', among(hostileTitles)],
  'status-alias': ['status', among(statusAliases)],
  'status-unknown': ['status', among(unknownStatuses)],
  'date-format': ['contacted', (text) => !/^\d{4}-\d\d-\d\d$/.test(text)],
  'date-in-future': ['contacted', (text) => /^\d{4}-\d\d-\d\d$/.test(text) && text > '2025-11-20'],
  'message-placeholder': ['message', (text) => text.includes('{{')],
  'message-short': ['message', (text) => text.length < 60],
  'message-emoji': ['message', (text) => emojiAt.test(text)],
  'message-very-long': ['message', (text) => text.length > 5000],
}

const emailKey = (text: unknown) =>
  typeof text === 'string' && text.includes('@')
    ? text
        .trim()
        .toLowerCase()
        .replace(/^mailto:/, '')
        .replace(/\.$/, '')
    : undefined
const profileKey = (text: unknown) => (typeof text === 'string' ? /\/in\/([a-z0-9-]+)/.exec(text)?.[1] : undefined)
const wordKey = (text: unknown) =>
  String(text)
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '')

const recordSchema = z.record(z.string(), z.unknown())

/** The records of a JSON lead file, whatever its shape, with names as in the databases; undefined where it is broken. */
function recordsOf(path: string): readonly Row[] | undefined {
  const text = readFileSync(path, 'utf8')
  try {
    if (path.includes('stream-'))
      return text
        .trim()
        .split('\n')
        .map((line) => recordSchema.parse(JSON.parse(line)))
    const whole: unknown = JSON.parse(text)
    if (Array.isArray(whole)) return z.array(recordSchema).parse(whole)
    const { leads, records } = z
      .object({
        leads: z.array(recordSchema).optional(),
        records: z.array(z.object({ fields: recordSchema })).optional(),
      })
      .parse(whole)
    return leads ?? records?.map(({ fields }) => fields)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const jsonColumns: Readonly<Partial<Record<Column, readonly string[]>>> = {
  name: ['full_name', 'name', 'Full Name'],
  email: ['email', 'Email'],
  company: ['company', 'Company'],
  linkedin: ['linkedin_url', 'LinkedIn URL'],
}

/** An initial and an employer, and nothing else by which somebody could be told. */
const doubtful = `(email IS NULL AND linkedin_url IS NULL AND phone IS NULL AND company_website IS NULL AND company IS NOT NULL AND name GLOB '?. *')`

describe.each<[MessLevel, number]>([
  ['heavy', 6000],
  ['light', 6000],
])('what is planted (%s) is what is found', (mess, rows) => {
  let into: string
  let planted: PlantedReport
  const databases = new Map<SqliteName, Database.Database>()
  let records: readonly Row[] = []
  let broken = 0
  const checked = new Set<string>()

  beforeAll(async () => {
    into = mkdtempSync(join(tmpdir(), 'trueup-planted-test-'))
    planted = (await generateWorkspace({ into, rows, seed: 9, mess })).planted
    for (const name of ['main', 'cache', 'scraper', 'campaigns'] as const) {
      databases.set(name, new Database(join(into, databasePaths[name]), { readonly: true }))
    }
    for (const name of readdirSync(join(into, jsonFolder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.json')) continue
      const found = recordsOf(join(into, jsonFolder, name))
      if (found === undefined) broken += 1
      else records = [...records, ...found]
    }
  })
  afterAll(() => {
    for (const db of databases.values()) db.close()
    rmSync(into, { recursive: true, force: true })
  })

  const database = (name: SqliteName) => {
    const db = databases.get(name)
    if (db === undefined) throw new Error(`${name} is not open`)
    return db
  }
  const number = (name: SqliteName, sql: string) => z.number().parse(database(name).prepare(sql).pluck().get())
  const rowsOf = new Map<SqliteName, readonly Row[]>()
  const leadsOf = (name: SqliteName): readonly Row[] => {
    const read = () => database(name).prepare<[], Row>(`SELECT * FROM ${columnsOf[name].table}`).all()
    const rows = rowsOf.get(name) ?? read()
    rowsOf.set(name, rows)
    return rows
  }
  const expectPlanted = (kind: string, name: GeneratedDatabase, found: number) => {
    checked.add(`${kind}/${name}`)
    expect(found, `${kind} in ${name}`).toBe(planted[kind]?.[name] ?? 0)
  }

  test.each(Object.entries(cellSigns))('%s', (kind, [column, shows]) => {
    for (const name of ['main', 'cache', 'scraper', 'campaigns'] as const) {
      const cell = columnsOf[name][column]
      if (cell === undefined) continue
      const found = leadsOf(name).filter((row) => typeof row[cell] === 'string' && shows(row[cell])).length
      expectPlanted(kind, name, found)
    }
    const names = jsonColumns[column]
    if (names === undefined) return
    const found = records.filter((record) =>
      names.some((key) => typeof record[key] === 'string' && shows(record[key])),
    ).length
    expectPlanted(kind, 'json', found)
    expect(planted[kind]?.main ?? 0, `${kind} is planted at all`).toBeGreaterThan(0)
  })

  test('companies that their e-mail domain does not belong to', () => {
    const differs = (company: unknown, website: unknown) => {
      const domain =
        String(website)
          .replace(/^https?:\/\//, '')
          .split(/[./]/)[0] ?? ''
      return company !== null && website !== null && !wordKey(company).startsWith(domain)
    }
    const main = leadsOf('main').filter((row) => differs(row.company, row.company_website))
    expectPlanted('company-of-another-domain', 'main', main.length)
    const rawData = z.object({ company: z.object({ website: z.string() }) })
    const scraper = leadsOf('scraper').filter((row) =>
      differs(row.company, rawData.parse(JSON.parse(String(row.raw_data))).company.website),
    )
    expectPlanted('company-of-another-domain', 'scraper', scraper.length)
  })

  test('rows: missing keys and addresses, half-filled rows, duplicates', () => {
    expectPlanted('missing-key', 'main', number('main', 'SELECT count(*) FROM leads WHERE id IS NULL'))
    expectPlanted('status-missing', 'main', number('main', 'SELECT count(*) FROM leads WHERE engagement_stage IS NULL'))
    expectPlanted(
      'half-filled',
      'main',
      number('main', 'SELECT count(*) FROM leads WHERE company IS NULL AND title IS NULL'),
    )
    expectPlanted(
      'missing-email',
      'main',
      number('main', 'SELECT count(*) FROM leads WHERE email IS NULL AND linkedin_url IS NOT NULL'),
    )
    expectPlanted(
      'duplicate-fuzzy',
      'main',
      number('main', `SELECT count(*) FROM leads WHERE email IS NULL AND linkedin_url IS NULL AND NOT ${doubtful}`),
    )
    expectPlanted('duplicate-doubtful', 'main', number('main', `SELECT count(*) FROM leads WHERE ${doubtful}`))
    const exact = number(
      'main',
      `SELECT ifnull(sum(copies - 1), 0) FROM (SELECT count(*) AS copies FROM leads
       GROUP BY name, email, company, company_website, linkedin_url, phone, title, engagement_stage, last_contacted,
                engagement_history, ai_message, created_at, updated_at, source_system, airtable_id)`,
    )
    expectPlanted('duplicate-exact', 'main', exact)
    const keys = leadsOf('main').flatMap((row) => emailKey(row.email) ?? [])
    expectPlanted('duplicate-by-email', 'main', keys.length - new Set(keys).size - exact)
  })

  test('references to what is not there', () => {
    for (const name of ['main', 'cache', 'scraper'] as const) {
      expectPlanted('orphan-reference', name, database(name).prepare('PRAGMA foreign_key_check').all().length)
    }
    expectPlanted('orphan-message', 'campaigns', database('campaigns').prepare('PRAGMA foreign_key_check').all().length)
    const keys = new Set(leadsOf('main').map(({ id }) => id))
    const members = database('campaigns').prepare<[], string>('SELECT lead_id FROM campaign_leads').pluck().all()
    expectPlanted('orphan-reference', 'campaigns', members.filter((key) => !keys.has(key)).length)
  })

  test('booleans, stamps and statuses of the sources', () => {
    expectPlanted(
      'boolean-spelling',
      'scraper',
      number('scraper', "SELECT sum((typeof(verified) = 'text') + (typeof(enriched) = 'text')) FROM leads"),
    )
    expectPlanted('boolean-spelling', 'json', records.filter(({ verified }) => typeof verified === 'string').length)
    expectPlanted(
      'timestamp-format',
      'scraper',
      number(
        'scraper',
        `SELECT sum(ifnull(scraped_at NOT GLOB '????-??-?? ??:??:??', 0) +
                    ifnull(enriched_at NOT GLOB '????-??-?? ??:??:??', 0)) FROM leads`,
      ),
    )
    expectPlanted(
      'status-alias',
      'cache',
      number('cache', "SELECT count(*) FROM leads WHERE status GLOB '*[A-Z ]*' OR status = 'replied'"),
    )
    expectPlanted(
      'status-alias',
      'json',
      records.filter(({ Engagement_Status }) => Engagement_Status === 'Auto Send').length,
    )
  })

  test('people of the main table in the sources, under another spelling', () => {
    const emails = new Set(leadsOf('main').flatMap((row) => emailKey(row.email) ?? []))
    const profiles = new Set(leadsOf('main').flatMap((row) => profileKey(row.linkedin_url) ?? []))
    const known = (rows: readonly Row[], email: string, profile: string) =>
      rows.filter((row) => emails.has(emailKey(row[email]) ?? '-') || profiles.has(profileKey(row[profile]) ?? '-'))
        .length
    expectPlanted('known-lead', 'cache', known(leadsOf('cache'), 'email', 'linkedin'))
    expectPlanted('known-lead', 'scraper', known(leadsOf('scraper'), 'email', 'linkedin_url'))
    const json = records.map((record) => ({
      email: record.email ?? record.Email,
      profile: record.linkedin_url ?? record['LinkedIn URL'],
    }))
    expectPlanted('known-lead', 'json', known(json, 'email', 'profile'))
  })

  test('files: modes, missing columns, broken JSON', () => {
    for (const name of ['main', 'cache', 'scraper', 'campaigns'] as const) {
      expectPlanted('file-mode', name, (statSync(join(into, databasePaths[name])).mode & 0o077) === 0 ? 0 : 1)
    }
    const declared = [
      'location',
      'industry',
      'company_size',
      'company_description',
      'business_type',
      'verified',
      'enriched',
      'raw_data',
    ]
    const columns = database('main').prepare<[], string>("SELECT name FROM pragma_table_info('leads')").pluck().all()
    expectPlanted('missing-column', 'main', declared.filter((name) => !columns.includes(name)).length)
    expectPlanted('broken-file', 'json', broken)
  })

  test('nothing was planted that the tests above did not find', () => {
    // What these two sources know of a company besides its name is not enough to tell.
    const beyondSight = ['company-of-another-domain/cache', 'company-of-another-domain/json']
    const reported = Object.entries(planted).flatMap(([kind, counts]) =>
      Object.keys(counts).map((name) => `${kind}/${name}`),
    )
    expect(reported.filter((entry) => !checked.has(entry) && !beyondSight.includes(entry))).toEqual([])
  })
})
