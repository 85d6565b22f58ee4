import { describe, expect, it } from 'vitest'
import { noSiblings, type RuleField, type StandardizeValue } from '../rule.ts'
import { standardizeRules } from './index.ts'

function ruleOf(name: string, options: unknown = {}, field: RuleField = {}): StandardizeValue {
  const rule = standardizeRules.get(name)
  if (rule === undefined) throw new Error(`no rule ${name}`)
  return rule.prepare(options, field)
}

/** What is stored afterwards, or `!` and the reason. */
function shown(standardize: StandardizeValue, value: string, siblings: Readonly<Record<string, string>> = {}): string {
  const outcome = standardize(value, { sibling: (field) => siblings[field] })
  return outcome.is === 'changed' ? outcome.value : outcome.is === 'canonical' ? value : `!${outcome.reason}`
}

describe('email', () => {
  it.each([
    ['ann@example.com', 'ann@example.com'],
    ['  Ann.Lee@Example.COM ', 'ann.lee@example.com'],
    ['mailto:ann@example.com?subject=Hi', 'ann@example.com'],
    ['Ann Lee <ann@example.com>', 'ann@example.com'],
    ['"Lee, Ann" <Ann@example.com>;', 'ann@example.com'],
    ['<ann@example.com>', 'ann@example.com'],
    ['ann@example.com.', 'ann@example.com'],
    ['ann@example.com,', 'ann@example.com'],
    ['[ann@example.com](mailto:ann@example.com)', 'ann@example.com'],
    ['ann\u200b@example.com', 'ann@example.com'],
    ['ann+news@gmail.com', 'ann+news@gmail.com'],
    ['ann@gmial.com', 'ann@gmial.com'],
    ['"Ann Lee"@example.com', '!has a space inside'],
    ['jürgen@müller.de', 'jürgen@müller.de'],
    ['ann', '!has no @'],
    ['ann@', '!has no domain after the @'],
    ['@example.com', '!has nothing before the @'],
    ['ann@@example.com', '!has more than one @'],
    ['ann@example', '!has a domain without a dot'],
    ['ann@example..com', '!has a dot too many in its domain'],
    ['ann lee@example.com', '!has a space inside'],
    ['ann@example.com, bob@example.com', '!holds several addresses'],
    ['ann@example.com;bob@example.com', '!holds several addresses'],
    ['ann@-example.com', '!has a forbidden character in its domain'],
    ['ann@example.123', '!has no top-level domain at its end'],
    ['a..b@example.com', '!has two dots in a row before the @'],
    ['N/A', '!is a placeholder, not an e-mail address'],
  ])('%j gives %j', (value, expected) => {
    expect(shown(ruleOf('email'), value)).toBe(expected)
  })

  it('mends misspelt domains only when asked to', () => {
    expect(shown(ruleOf('email', { fixTypos: true }), 'Ann@gmial.com')).toBe('ann@gmail.com')
  })

  it('can leave the case before the @', () => {
    expect(shown(ruleOf('email', { case: 'domain' }), 'Ann@Example.com')).toBe('Ann@example.com')
  })
})

describe('person_name', () => {
  it.each([
    ['JOHN SMITH', 'John Smith'],
    ['john smith', 'John Smith'],
    ['JOHN smith', 'John Smith'],
    ['  John   Smith ', 'John Smith'],
    ['SMITH, JOHN', 'John Smith'],
    ['Smith, John', 'John Smith'],
    ['DE LA CRUZ, MARIA', 'Maria de la Cruz'],
    ['smith, john, jr', 'John Smith Jr.'],
    ['Smith, Jr.', 'Smith, Jr.'],
    ['John Smith, PhD', 'John Smith, PhD'],
    ['JOHN SMITH, PHD', 'John Smith, PhD'],
    ['JANE DOE MD', 'Jane Doe MD'],
    ['ludwig van beethoven', 'Ludwig van Beethoven'],
    ['VAN MORRISON', 'Van Morrison'],
    ['OMAR AL-FARSI', 'Omar al-Farsi'],
    ['angus mcdonald', 'Angus McDonald'],
    ["CONAN O'BRIEN", "Conan O'Brien"],
    ['beverly d’angelo', 'Beverly D’Angelo'],
    ['JEAN-PIERRE DUPONT', 'Jean-Pierre Dupont'],
    ['j.r.r. tolkien', 'J.R.R. Tolkien'],
    ['MARTIN L. KING JR', 'Martin L. King Jr.'],
    ['Martin King jr', 'Martin King Jr.'],
    ['HENRY FORD III', 'Henry Ford III'],
    ['DR. JANE DOE', 'Dr. Jane Doe'],
    ['dr jane doe', 'Dr. Jane Doe'],
    ['JD SALINGER', 'JD Salinger'],
    ['ANDREW NG', 'Andrew Ng'],
    ['josé garcía', 'José García'],
    ['ŁUKASZ ŻÓŁĆ', 'Łukasz Żółć'],
    ['Dwight van der Berg', 'Dwight van der Berg'],
    ['DeShawn MacIntyre', 'DeShawn MacIntyre'],
    ['李小龙', '李小龙'],
    ['ИВАН ПЕТРОВ', 'ИВАН ПЕТРОВ'],
    ['JD', 'JD'],
    ['"Ann Lee"', 'Ann Lee'],
    ['ann@example.com', '!is an address, not a name'],
    ['null', '!is a placeholder, not a name'],
    ['---', '!holds no letter'],
  ])('%j gives %j', (value, expected) => {
    expect(shown(ruleOf('person_name'), value)).toBe(expected)
  })

  it('drops titles when asked to', () => {
    expect(shown(ruleOf('person_name', { titles: 'remove' }), 'PROF. DR. JANE DOE')).toBe('Jane Doe')
  })
})

describe('company_name', () => {
  it.each([
    ['Acme Inc', 'Acme Inc.'],
    ['Acme, Inc.', 'Acme Inc.'],
    ['Acme incorporated', 'Acme Inc.'],
    ['ACME CORPORATION', 'ACME Corp.'],
    ['GLOBEX CORPORATION', 'Globex Corp.'],
    ['acme corp', 'Acme Corp.'],
    ['Acme Limited', 'Acme Ltd.'],
    ['Acme L.L.C.', 'Acme LLC'],
    ['Siemens A.G.', 'Siemens AG'],
    ['SIEMENS AG', 'Siemens AG'],
    ['müller gesellschaft mit beschränkter haftung', 'Müller GmbH'],
    ['Müller GmbH & Co KG', 'Müller GmbH & Co. KG'],
    ['Philips NV', 'Philips N.V.'],
    ['Fiat SpA', 'Fiat S.p.A.'],
    ['Serenity Day Spa', 'Serenity Day Spa'],
    ['SERENITY DAY SPA', 'Serenity Day Spa'],
    ['Telmex SA de CV', 'Telmex S.A. de C.V.'],
    ['Woodside Pty. Ltd.', 'Woodside Pty Ltd'],
    ['Infosys Private Limited', 'Infosys Pvt. Ltd.'],
    ['Toyota Kabushiki Kaisha', 'Toyota K.K.'],
    ['Orlen sp. z o. o.', 'Orlen Sp. z o.o.'],
    ['Novo Nordisk A/S', 'Novo Nordisk A/S'],
    ['The Walt Disney Company', 'The Walt Disney Company'],
    ['IBM', 'IBM'],
    ['SAP SE', 'SAP SE'],
    ['3M', '3M'],
    ['IBM GLOBAL SERVICES', 'IBM Global Services'],
    ['AT&T', 'AT&T'],
    ['BANK OF AMERICA', 'Bank of America'],
    ['adidas', 'Adidas'],
    ['eBay', 'eBay'],
    ['bol.com', 'bol.com'],
    ['Inc.', 'Inc.'],
    ['株式会社トヨタ', '株式会社トヨタ'],
    ['N/A', '!is a placeholder, not a company'],
    ['--', '!holds neither letter nor digit'],
  ])('%j gives %j', (value, expected) => {
    expect(shown(ruleOf('company_name'), value)).toBe(expected)
  })

  it('drops legal forms when asked to, all or some', () => {
    expect(shown(ruleOf('company_name', { suffix: 'remove' }), 'Acme, Inc.')).toBe('Acme')
    expect(shown(ruleOf('company_name', { removeSuffixes: ['Inc.', 'LLC'] }), 'Acme incorporated')).toBe('Acme')
    expect(shown(ruleOf('company_name', { removeSuffixes: ['Inc.', 'LLC'] }), 'Acme gmbh')).toBe('Acme GmbH')
  })

  it('keeps spelling and case when asked to', () => {
    expect(shown(ruleOf('company_name', { suffix: 'keep', case: 'keep' }), 'ACME WIDGETS INC')).toBe('ACME WIDGETS INC')
  })
})

describe('url', () => {
  it.each([
    ['example.com', 'https://example.com'],
    ['http://Example.COM/', 'https://example.com'],
    ['HTTPS://www.Example.com/About/', 'https://www.example.com/About'],
    ['https://example.com/?utm_source=x&id=7&fbclid=abc', 'https://example.com?id=7'],
    ['//example.com/a', 'https://example.com/a'],
    ['htp://example.com', 'https://example.com'],
    ['http//example.com', 'https://example.com'],
    ['https://http://example.com', 'https://example.com'],
    ['http:/example.com', 'https://example.com'],
    ['http://example.com:8080/x', 'http://example.com:8080/x'],
    ['example.com:8443', 'https://example.com:8443'],
    ['example.com.', 'https://example.com'],
    ['bücher.de', 'https://xn--bcher-kva.de'],
    ['Acme', '!has a host without a top-level domain'],
    ['12345', '!is a number, not a host name'],
    ['n/a', '!is a placeholder, not a web address'],
    ['ann@example.com', '!is an e-mail address'],
    ['mailto:ann@example.com', '!is no address of the web (http or https)'],
    ['javascript:alert(1)', '!is no address of the web (http or https)'],
    ['https://user:pw@example.com', '!carries a user name or a password'],
    ['a.com, b.com', '!has a space inside'],
    ['a.com,b.com', '!holds several addresses'],
  ])('%j gives %j', (value, expected) => {
    expect(shown(ruleOf('url'), value)).toBe(expected)
  })

  it('follows its options', () => {
    expect(shown(ruleOf('url', { protocol: 'keep' }), 'http://example.com')).toBe('http://example.com')
    expect(shown(ruleOf('url', { protocol: 'http' }), 'https://example.com')).toBe('http://example.com')
    expect(shown(ruleOf('url', { trailingSlash: 'add' }), 'example.com/about')).toBe('https://example.com/about/')
    expect(shown(ruleOf('url', { trailingSlash: 'add' }), 'example.com/a.html')).toBe('https://example.com/a.html')
    expect(shown(ruleOf('url', { www: 'remove' }), 'www.example.com')).toBe('https://example.com')
    expect(shown(ruleOf('url', { tracking: 'keep' }), 'example.com?utm_id=1')).toBe('https://example.com?utm_id=1')
  })
})

describe('linkedin_url', () => {
  it.each([
    ['https://www.linkedin.com/in/ann-lee', 'https://www.linkedin.com/in/ann-lee'],
    ['http://de.linkedin.com/in/Ann-Lee/?trk=x', 'https://www.linkedin.com/in/ann-lee'],
    ['linkedin.com/in/ann-lee/en', 'https://www.linkedin.com/in/ann-lee'],
    ['m.linkedin.com/in/ann-lee#about', 'https://www.linkedin.com/in/ann-lee'],
    ['in/ann-lee', 'https://www.linkedin.com/in/ann-lee'],
    ['https://www.linkedin.com/in/j%C3%BCrgen-m', 'https://www.linkedin.com/in/jürgen-m'],
    ['https://www.linkedin.com/in/j%25C3%25BCrgen', 'https://www.linkedin.com/in/jürgen'],
    ['https://www.linkedin.com/company/Acme/about/', 'https://www.linkedin.com/company/acme'],
    [
      'https://www.linkedin.com/pub/ann-lee/1/2b/3c4',
      '!is an old public profile (/pub/), whose present address only LinkedIn knows',
    ],
    ['https://www.linkedin.com/sales/lead/ACwAAAB,x', '!is a Sales Navigator address, which names no public profile'],
    [
      'https://www.linkedin.com/in/ACoAAAbCdEfGhIjKlMnOpQrStUv',
      '!is an internal LinkedIn id, which is case-sensitive and names no public profile',
    ],
    ['https://lnkd.in/abc', '!is a short link, which only LinkedIn can resolve'],
    ['https://notlinkedin.com/in/ann', '!is no address of LinkedIn'],
    ['https://www.linkedin.com/feed/', '!is no profile and no company page'],
    ['https://www.linkedin.com/in/', '!names no profile'],
    ['ann-lee', '!has a host without a top-level domain'],
  ])('%j gives %j', (value, expected) => {
    expect(shown(ruleOf('linkedin_url'), value)).toBe(expected)
  })

  it('can be held to profiles', () => {
    const standardize = ruleOf('linkedin_url', { pages: 'profile' })
    expect(shown(standardize, 'linkedin.com/company/acme')).toBe('!is a company page, not a profile')
  })
})

describe('phone', () => {
  it.each([
    ['(415) 555-2671', '+14155552671'],
    ['+1 415.555.2671', '+14155552671'],
    ['tel:+1-415-555-2671', '+14155552671'],
    ['4155552671.0', '+14155552671'],
    ['+44 (0)20 7946 0958', '+442079460958'],
    ['0044 20 7946 0958', '+442079460958'],
    ['415-555-2671 ext. 12', '+14155552671 ext. 12'],
    ['555-2671', '!has the wrong length for a number of its country'],
    ['(555) 155-2671', '!is no number that its country has given out'],
    ['123', '!has the wrong length for a number of its country'],
    ['4.15E+09', '!was rounded by a spreadsheet'],
    ['call me', '!holds no digit'],
    ['415-555-2671 / 415-555-2672', '!may hold several numbers'],
  ])('with region US, %j gives %j', (value, expected) => {
    expect(shown(ruleOf('phone', { region: 'US' }), value)).toBe(expected)
  })

  it('never guesses a country', () => {
    expect(shown(ruleOf('phone'), '(415) 555-2671')).toBe('!has no country code, and no region is declared')
    expect(shown(ruleOf('phone'), '+1 (415) 555-2671')).toBe('+14155552671')
  })

  it('takes the country of a sibling before the region', () => {
    const standardize = ruleOf('phone', { region: 'US', regionFrom: 'location' })
    expect(shown(standardize, '030 901820', { location: 'Berlin, Germany' })).toBe('+4930901820')
    expect(shown(standardize, '(415) 555-2671', { location: 'somewhere' })).toBe('+14155552671')
    expect(standardizeRules.get('phone')?.siblings({ regionFrom: 'location' })).toEqual(['location'])
  })
})

describe('choice', () => {
  const field: RuleField = { type: 'choice', choices: ['auto_send', 'manual_review', 'contacted', 'responded'] }
  const options = { aliases: { 'Auto Send': 'auto_send', replied: 'responded' } }

  it.each([
    ['auto_send', 'auto_send'],
    ['Auto Send', 'auto_send'],
    ['AUTO-SEND', 'auto_send'],
    [' Manual  review', 'manual_review'],
    ['Replied', 'responded'],
    ['maybe', '!is none of the declared choices'],
  ])('%j gives %j', (value, expected) => {
    expect(shown(ruleOf('choice', options, field), value)).toBe(expected)
  })

  it('writes lists of choices as JSON', () => {
    const standardize = ruleOf('choice', {}, { ...field, type: 'choices' })
    expect(shown(standardize, 'Contacted; auto send, contacted')).toBe('["contacted","auto_send"]')
  })
})

describe('date and datetime', () => {
  it.each([
    ['2024-01-05', '2024-01-05'],
    ['2024/1/5', '2024-01-05'],
    ['20240105', '2024-01-05'],
    ['05.01.2024', '2024-01-05'],
    ['13/01/2024', '2024-01-13'],
    ['01/13/2024', '2024-01-13'],
    ['Jan 5, 2024', '2024-01-05'],
    ['5 January 2024', '2024-01-05'],
    ['Fri, 05 Jan 2024 10:00:00 GMT', '2024-01-05'],
    ['2024-01-05T23:30:00-05:00', '2024-01-06'],
    ['1704448800', '2024-01-05'],
    ['1704448800000', '2024-01-05'],
    ['03/04/2024', '!could be day/month or month/day'],
    ['1/5/24', '!has a year of two digits'],
    ['2024-02-30', '!has a day that does not exist'],
    ['45000', '!cannot be read as a date'],
    ['yesterday', '!cannot be read as a date'],
  ])('date: %j gives %j', (value, expected) => {
    expect(shown(ruleOf('date'), value)).toBe(expected)
  })

  it.each([
    ['2024-01-05 10:11:12', '2024-01-05T10:11:12.000Z'],
    ['2024-01-05T10:11:12.123456', '2024-01-05T10:11:12.123Z'],
    ['2024-01-05T10:11:12+02:00', '2024-01-05T08:11:12.000Z'],
    ['2024-01-05 10:11:12 UTC', '2024-01-05T10:11:12.000Z'],
    ['13/01/2024 3:05 PM', '2024-01-13T15:05:00.000Z'],
    ['2024-01-05', '2024-01-05T00:00:00.000Z'],
    ['1704448800.25', '2024-01-05T10:00:00.250Z'],
    ['2024-01-05T25:00:00Z', '!has a time that does not exist'],
  ])('datetime: %j gives %j', (value, expected) => {
    expect(shown(ruleOf('datetime'), value)).toBe(expected)
  })

  it('reads an ambiguous date as declared', () => {
    expect(shown(ruleOf('date', { order: 'mdy' }), '03/04/2024')).toBe('2024-03-04')
    expect(shown(ruleOf('date', { order: 'dmy' }), '03/04/2024')).toBe('2024-04-03')
  })
})

describe('boolean, number, text', () => {
  it.each([
    ['boolean', 'Yes', '1'],
    ['boolean', 'FALSE', '0'],
    ['boolean', 'maybe', '!is no word for yes or no'],
    ['number', '$1,234.50', '1234.5'],
    ['number', '1.234,5', '1234.5'],
    ['number', 'many', '!cannot be read as a number'],
    ['trim', '  a  b ', 'a  b'],
    ['whitespace', ' a \n b\u00a0c ', 'a b c'],
    ['lowercase', ' ABC ', 'abc'],
  ])('%s: %j gives %j', (rule, value, expected) => {
    expect(shown(ruleOf(rule), value)).toBe(expected)
  })

  it('whitespace can keep lines', () => {
    expect(shown(ruleOf('whitespace', { lines: 'keep' }), 'a  b \r\n\n\n\n c ')).toBe('a b\n\nc')
  })
})

it('every outcome that is canonical leaves the value as it is', () => {
  expect(ruleOf('email')('ann@example.com', noSiblings)).toEqual({ is: 'canonical' })
})
