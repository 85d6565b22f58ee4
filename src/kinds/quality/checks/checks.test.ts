import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DesiredState, desiredStateSchema } from '../../../desired/schema.ts'
import { readMoment } from '../../../values/calendar.ts'
import type { Cell } from '../../../values/field-type.ts'
import { checksOf, rowChecksOf } from '../checks.ts'
import { fieldScoreOf, scoreOf } from '../score.ts'
import { qualitySpecOf } from '../spec.ts'
import { everyCheck } from '../testing-table.ts'
import { alike } from './alike.ts'
import type { Row, RowCheck } from './check.ts'
import { consistent } from './consistent.ts'
import { notBefore, notInFuture, ordered } from './dates.ts'
import { filler } from './filler.ts'
import { forbidden } from './forbidden.ts'
import { format } from './format.ts'
import { implied } from './implied.ts'
import { length } from './length.ts'
import { mentions } from './mentions.ts'
import { missing } from './missing.ts'
import { momentOf } from './moment.ts'
import { pattern } from './pattern.ts'
import { placeholder } from './placeholder.ts'
import { repeated } from './repeated.ts'
import { sameDomain } from './same-domain.ts'

const rowOf =
  (cells: Readonly<Record<string, Cell>>): Row =>
  (field) =>
    cells[field] ?? null
const reason = (check: RowCheck, cells: Readonly<Record<string, Cell>>) => check.reasonOf(rowOf(cells))
const field = (type: string, more: object = {}) => {
  const desired: DesiredState = desiredStateSchema.parse({
    apiVersion: 'trueup/v1',
    name: 'x',
    databases: { main: { path: 'a.db' } },
    tables: { leads: { database: 'main', key: 'id', fields: { one: { type, ...more } }, quality: {} } },
  })
  const found = qualitySpecOf(desired, 'leads')?.fields[0]
  const check = found === undefined ? undefined : format(found)
  if (check === undefined) throw new Error(`${type} has no format`)
  return check
}

describe('completeness', () => {
  it('asks for a value that is more than spaces; zero and bytes are values', () => {
    const check = missing('one')
    for (const one of [null, '', '   ', '\n']) expect(reason(check, { one })).toBe('is empty')
    for (const one of ['a', 0, new Uint8Array([1])]) expect(reason(check, { one })).toBeUndefined()
  })
})

describe('format', () => {
  it.each([
    ['email', ['ann@acme.com', 'zoë@exämple.com'], ['ann', 'ann@', 'a b@acme.com', 5]],
    ['url', ['https://acme.com/x'], ['acme', 'ftp://acme.com', 'javascript:alert(1)']],
    ['phone', ['+49 30 123456', '(212) 555-0100'], ['n/a', 'call me']],
    ['date', ['2024-02-29', '2024-02-29T10:00:00Z'], ['2023-02-29', '03/04/2024', 20240229]],
    ['datetime', ['2024-02-29T10:00:00Z', '2024-02-29 10:00:00'], ['2024-02-30 10:00', 'now']],
    ['boolean', [0, 1], ['yes', 2]],
    ['integer', [3], ['3', 3.5]],
    ['number', [3.5], ['3,5']],
    ['json', ['{"a":1}'], ["{'a': 1}", '{']],
  ] as const)('of %s is told from what is none', (type, good, bad) => {
    for (const one of good) expect(reason(field(type), { one })).toBeUndefined()
    for (const one of bad) expect(reason(field(type), { one })).toBeDefined()
    expect(reason(field(type), { one: null })).toBeUndefined()
    expect(reason(field(type), { one: new Uint8Array([255]) })).toBe('holds bytes, not text')
  })

  it('of a choice is one of its choices, letter for letter', () => {
    const check = field('choice', { choices: ['auto_send', 'contacted'] })
    expect(check.id).toBe('one.choice')
    expect(reason(check, { one: 'contacted' })).toBeUndefined()
    expect(reason(check, { one: 'Contacted' })).toBe('is not one of the choices')
  })
})

describe('length', () => {
  it('counts characters as people do, not code units, and passes over empty values', () => {
    const check = length('one', 3, 5)
    expect(reason(check, { one: '👩‍🚀' })).toBeUndefined()
    expect(reason(check, { one: '👍👍' })).toBe('has fewer than 3 characters')
    expect(reason(check, { one: '👍👍👍👍👍' })).toBeUndefined()
    expect(reason(check, { one: 'abcdef' })).toBe('has more than 5 characters')
    expect(reason(check, { one: '' })).toBeUndefined()
  })
})

describe('a message', () => {
  const company = mentions('message', 'company')
  const name = mentions('message', 'full_name')

  it('names the company in whatever case, accents and legal form', () => {
    const named = (message: string, of: string) => reason(company, { message, company: of })
    expect(named('I saw ACME grow', 'Acme, Inc.')).toBeUndefined()
    expect(named('I saw Société Générale', 'societe generale SA')).toBeUndefined()
    expect(named('I saw Acmeville grow', 'Acme GmbH')).toBe("does not name the row's company")
    expect(named('anything', '')).toBeUndefined()
  })

  it('names a person by the first name alone, not by a part of another word', () => {
    const named = (message: string, of: string) => reason(name, { message, full_name: of })
    expect(named('Hi josé, …', 'José Ruiz')).toBeUndefined()
    expect(named('Hi Jose', 'Dr. José Ruiz, PhD')).toBeUndefined()
    expect(named('Hi Annabel', 'Ann Lee')).toBeDefined()
  })

  it('holds nothing that is forbidden, in whatever case', () => {
    const check = forbidden('message', ['lorem ipsum'])
    expect(reason(check, { message: 'Lorem IPSUM dolor' })).toBe('holds "lorem ipsum"')
    expect(reason(check, { message: 'lorem' })).toBeUndefined()
  })

  it.each([
    'Hi {{first_name}}',
    'Hi {name}, …',
    'Hi [First Name]',
    'Hi [company]',
    'Dear <your name>',
    'Hi %FIRST_NAME%',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of a template that was not filled in
    'Hi ${lead.name}',
    'Hi undefined, I saw',
    'Hello null,',
    '[object Object]',
    'As an AI language model, I',
  ])('has no unfilled placeholder: %s', (message) => {
    expect(reason(placeholder('message'), { message })).toBeDefined()
  })

  it.each([
    'Hi Ann, is the role [remote]?',
    'We cut costs by 50% at Acme, <3',
    'The null hypothesis holds',
    'Ann Undefinedson',
    'Name your price',
  ])('may look a little like one: %s', (message) => {
    expect(reason(placeholder('message'), { message })).toBeUndefined()
  })

  it('of which the same stands elsewhere shares a group, whatever the punctuation; short ones have none', () => {
    const check = repeated('message', 1)
    const place = (message: string) => check.placesOf(rowOf({ message }))[0]
    expect(place('Hi there, shall we talk soon?')).toEqual(place('hi there — SHALL we talk, soon'))
    expect(place('Hi there, shall we talk soon?')).not.toEqual(place('Hi there, shall we meet soon?'))
    expect(place('Hi there')).toBeUndefined()
  })

  const letter = (name: string, company: string, thing = 'invoices') =>
    `Hi ${name}, I saw that your team at ${company} is growing and that you still check ${thing} by hand. We take that off
     your desk within a week, and nobody has to learn a new program for it. Would a short call on 5 May suit you?`

  it('shares a bucket with one that was filled in otherwise, mostly with one that differs in a word, and with no stranger', () => {
    const check = alike('message', 1)
    const places = (message: string) => check.placesOf(rowOf({ message }))
    const shared = (one: string, other: string) =>
      places(one).filter((place, band) => place !== undefined && place.group === places(other)[band]?.group).length
    expect(shared(letter('Ann', 'Acme Robotics'), letter('Bob-Ray', 'Zeta & Sons Ltd'))).toBe(3)
    const words = 'orders,letters,contracts,numbers,reports,prices,forms,claims,tickets,stock'.split(',')
    const found = words.filter((thing) => shared(letter('Ann', 'Acme'), letter('Bob', 'Zeta', thing)) > 0)
    expect(found.length).toBeGreaterThan(5)
    const other =
      'Hello Ann, last spring we moved three clinics off paper within a month, and their nurses got an hour a day back. May I show you how they did it?'
    expect(shared(letter('Ann', 'Acme'), other)).toBe(0)
    expect(places('Hi Ann, shall we talk soon?')).toEqual([undefined, undefined, undefined])
    const [place] = places(letter('Ann', 'Acme'))
    expect(place?.value).not.toBe(places(letter('Bob', 'Acme'))[0]?.value)
  })
})

describe('filler', () => {
  it('is told by the type of the field, without the value', () => {
    const field = (name: string, type: 'email' | 'phone' | 'text') => ({
      ...{ name, type, choices: null, required: false, standardized: false, fillers: true, quality: null },
    })
    expect(reason(filler(field('email', 'email')), { email: 'test@test.com' })).toBe('is a word for a test')
    expect(reason(filler(field('phone', 'phone')), { phone: '000-0000' })).toBe('is one digit over and over')
    expect(reason(filler(field('company', 'text')), { company: 'asdf' })).toBe('is a run over the keyboard')
    expect(reason(filler(field('company', 'text')), { company: null })).toBeUndefined()
  })
})

describe('dates', () => {
  it('told at once are the moments that the slower reading tells', () => {
    const two = (count: number) => String(count).padStart(2, '0')
    const part = (min: number, max: number) => fc.integer({ min, max }).map(two)
    const day = fc.tuple(fc.integer({ min: 1900, max: 2100 }), part(0, 13), part(0, 32)).map((parts) => parts.join('-'))
    const time = fc.tuple(part(0, 25), part(0, 61), part(0, 61)).map((parts) => `T${parts.join(':')}Z`)
    fc.assert(
      fc.property(fc.tuple(day, fc.option(time)), ([date, at]) => {
        const text = `${date}${at ?? ''}`
        const reading = readMoment(text)
        expect(momentOf(text)).toBe(reading.is === 'moment' ? reading.atMs : undefined)
      }),
    )
  })

  const nowMs = Date.UTC(2026, 10, 26)

  it('are not in the future, but for a day that the time zones may be ahead', () => {
    const check = notInFuture('one', nowMs)
    expect(reason(check, { one: '2031-01-01' })).toBe('lies in the future')
    expect(reason(check, { one: '2026-11-27' })).toBeUndefined()
    expect(reason(check, { one: 'soon' })).toBeUndefined()
  })

  it('are not before a day', () => {
    expect(reason(notBefore('one', '2020-01-01'), { one: '1970-01-01' })).toBe('lies before 2020-01-01')
    expect(reason(notBefore('one', '2020-01-01'), { one: '2020-01-01' })).toBeUndefined()
  })

  it('come in their order; empty ones are passed over', () => {
    const check = ordered(['a', 'b', 'c'])
    expect(reason(check, { a: '2024-05-02', c: '2024-05-01' })).toBe('has c before a')
    expect(reason(check, { a: '2024-05-01T23:00:00Z', b: '2024-05-01' })).toBeUndefined()
    expect(reason(check, { b: '2024-05-01' })).toBeUndefined()
  })
})

describe('fields of one row', () => {
  it('that imply others are told where these are missing or too many', () => {
    const check = implied({ when: { status: ['contacted', 'responded'] }, filled: ['day'], empty: ['error'] })
    expect(reason(check, { status: 'contacted' })).toBe('has no day although status is contacted or responded')
    expect(reason(check, { status: 'contacted', day: 'x', error: 'y' })).toBe(
      'has error although status is contacted or responded',
    )
    expect(reason(check, { status: 'auto_send', error: 'y' })).toBeUndefined()
    const flag = implied({ when: { verified: [true] }, filled: ['email'], empty: [] })
    expect(reason(flag, { verified: 1 })).toBe('has no email although verified is true')
  })

  it('have one domain, subdomains and free mailers aside', () => {
    const check = sameDomain('email', 'site')
    const of = (email: string, site: string) => reason(check, { email, site })
    expect(of('a@acme.com', 'https://www.acme.com/x')).toBeUndefined()
    expect(of('a@mail.acme.com', 'acme.com')).toBeUndefined()
    expect(of('a@gmail.com', 'acme.com')).toBeUndefined()
    expect(of('a@acme.com', 'https://acme.org')).toBe('has email and site of different domains')
    expect(of('nobody', 'https://acme.org')).toBeUndefined()
  })

  it('match a pattern', () => {
    expect(reason(pattern('one', '^[A-Z]{2}$'), { one: 'de' })).toBe('does not match its pattern')
    expect(reason(pattern('one', '^[A-Z]{2}$'), { one: 'DE' })).toBeUndefined()
  })

  it('belong to the group of their domain, but not to that of a free mailer', () => {
    const check = consistent('domain(email)', 'company')
    const place = (email: string) => check?.placesOf(rowOf({ email, company: 'Acme' }))[0]
    expect(place('a@acme.com')).toEqual(place('b@ACME.com'))
    expect(place('a@gmail.com')).toBeUndefined()
    expect(consistent('lower(email)', 'company')).toBeUndefined()
  })
})

describe('every check', () => {
  const spec = qualitySpecOf(everyCheck(), 'leads')
  if (spec === undefined) throw new Error('quality is declared')
  const checks = checksOf(spec, Date.UTC(2026, 0, 1))

  it('has an id of its own, and looks at declared fields alone', () => {
    expect(new Set(checks.map(({ id }) => id)).size).toBe(checks.length)
    const names = new Set(spec.fields.map(({ name }) => name))
    for (const { reads } of checks) expect(reads.every((one) => names.has(one))).toBe(true)
  })

  const cell = fc.oneof(
    fc.constant(null),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom<Cell>('', ' ', '\0', '\u202Eabc', '{{x}}', 'a@b.co', '2024-01-01', '1e999', 'https://x.co'),
    fc.double(),
    fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }),
    fc.uint8Array({ maxLength: 8 }),
  )

  it('is total, says the same twice, and never tells the value', () => {
    const row = fc.record(Object.fromEntries(spec.fields.map(({ name }) => [name, cell])))
    fc.assert(
      fc.property(row, (cells) => {
        const secret = 'zq7secret'
        const given = rowOf({ ...cells, full_name: secret })
        for (const check of rowChecksOf(checks)) {
          const why = check.reasonOf(given)
          expect(check.reasonOf(given)).toBe(why)
          expect(why ?? '').not.toContain(secret)
        }
        for (const check of checks)
          if (check.is === 'group') expect(check.placesOf(given)).toEqual(check.placesOf(given))
      }),
      { numRuns: 300 },
    )
  })

  it('judges ten megabytes of text by their beginning, and quickly enough to go on', () => {
    const huge = `{{name}}${'x'.repeat(10_000_000)}`
    for (const check of rowChecksOf(checks)) check.reasonOf(() => huge)
    expect(reason(placeholder('one'), { one: huge })).toBeDefined()
  })
})

describe('a score', () => {
  it('is 100 exactly where nothing fails, falls with each failure, and is the mean of its rows', () => {
    const severity = fc.constantFrom<'low' | 'medium' | 'high'>('low', 'medium', 'high')
    fc.assert(
      fc.property(fc.array(severity, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 20 }), (all, rows) => {
        const failing = (count: number) =>
          scoreOf(
            all.map((one) => ({ severity: one, failing: count, weight: 1 })),
            rows,
          )
        expect(failing(0)).toBe(100)
        expect(failing(rows)).toBe(0)
        for (let count = 1; count <= rows; count += 1) expect(failing(count)).toBeLessThan(100)
      }),
    )
    expect(scoreOf([], 5)).toBe(100)
    expect(scoreOf([{ severity: 'low', failing: 0, weight: 1 }], 0)).toBe(100)
  })

  it('counts fields by their weight, and a field by itself as it is', () => {
    const email = { severity: 'low', failing: 10, weight: 3 } as const
    const company = { severity: 'low', failing: 0, weight: 1 } as const
    expect(scoreOf([email, company], 10)).toBe(25)
    expect(scoreOf([{ ...email, weight: 0 }, company], 10)).toBe(100)
    expect(fieldScoreOf([{ ...email, weight: 0 }], 10)).toBe(0)
  })
})
