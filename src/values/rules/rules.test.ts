import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { noSiblings, type RuleField } from '../rule.ts'
import { isBlank } from '../whitespace.ts'
import { standardizeRules } from './index.ts'

/** Every rule under the options that change its outcome. */
const variants: readonly { rule: string; options: unknown; field?: RuleField }[] = [
  { rule: 'email', options: {} },
  { rule: 'email', options: { case: 'domain', fixTypos: true } },
  { rule: 'person_name', options: {} },
  { rule: 'person_name', options: { titles: 'remove' } },
  { rule: 'company_name', options: { suffix: 'canonical' } },
  { rule: 'company_name', options: { suffix: 'remove' } },
  { rule: 'company_name', options: { suffix: 'keep', removeSuffixes: ['Inc.'] } },
  { rule: 'company_name', options: { case: 'keep' } },
  { rule: 'url', options: {} },
  { rule: 'url', options: { protocol: 'http', trailingSlash: 'add', www: 'remove' } },
  { rule: 'url', options: { protocol: 'keep', trailingSlash: 'keep', tracking: 'keep' } },
  { rule: 'linkedin_url', options: {} },
  { rule: 'phone', options: {} },
  { rule: 'phone', options: { region: 'US' } },
  { rule: 'phone', options: { region: 'DE', accept: 'possible', extension: 'remove' } },
  { rule: 'choice', options: { aliases: { replied: 'responded' } }, field: { choices: ['auto_send', 'responded'] } },
  { rule: 'choice', options: {}, field: { type: 'choices', choices: ['a b', 'A-c'] } },
  { rule: 'date', options: {} },
  { rule: 'date', options: { order: 'mdy' } },
  { rule: 'datetime', options: { order: 'dmy' } },
  { rule: 'boolean', options: {} },
  { rule: 'number', options: {} },
  { rule: 'trim', options: {} },
  { rule: 'whitespace', options: {} },
  { rule: 'whitespace', options: { lines: 'keep' } },
  { rule: 'lowercase', options: {} },
]

const fragments = fc.constantFrom(
  ...[
    'Acme',
    'INC.',
    'inc',
    ',',
    '.',
    ' ',
    '  ',
    'GmbH',
    '& Co. KG',
    'S.A.',
    'sa',
    'Spa',
    'AB',
    'co',
    'Ltd',
    'IBM',
    '3m',
  ],
  ...[
    'O',
    "'",
    'brien',
    'MC',
    'mcdonald',
    'van',
    'de',
    'al-',
    '-',
    'JR',
    'jr.',
    'III',
    'Dr',
    'dr.',
    'PhD',
    '"',
    'smith',
    'İ',
  ],
  ...[
    '@',
    'gmail.com',
    'mailto:',
    '<',
    '>',
    'a',
    'B',
    'é',
    'ß',
    'www.',
    'http://',
    'https:/',
    'example.com',
    '/',
    '?',
    '#',
  ],
  ...[
    'utm_source=x',
    '&',
    '=',
    '%',
    '%20',
    '%C3%BC',
    'linkedin.com',
    '/in/',
    '/company/',
    'in/',
    '/pub/',
    'de.',
    ':8080',
  ],
  ...[
    '+',
    '1',
    '415',
    '5552671',
    '(',
    ')',
    'ext',
    '00',
    '49',
    '030',
    '2024',
    '-01-',
    '05',
    'T10:00',
    'Z',
    'PM',
    'Jan',
    '1704448800',
  ],
  ...[
    'auto',
    '_',
    'send',
    'responded',
    'replied',
    '[',
    ']',
    ';',
    'yes',
    '1,234',
    '\u200b',
    '\u00a0',
    '\n',
    'ʼ',
    'ŉ',
    'ſ',
    'ﬁ',
    '中',
  ],
)

/** Text as the world writes it: arbitrary Unicode, addresses, and pieces that the rules look for in any order. */
const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.emailAddress(),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc.array(fragments, { maxLength: 8 }).map((parts) => parts.join('')),
  fc.array(fragments, { maxLength: 5 }).map((parts) => parts.join(' ')),
  fc.array(fragments, { maxLength: 5 }).map((parts) => parts.join(' ').toUpperCase()),
)

describe.each(variants)('$rule with $options', ({ rule: name, options, field }) => {
  const rule = standardizeRules.get(name)
  if (rule === undefined) throw new Error(`no rule ${name}`)
  const standardize = rule.prepare(options, field)

  it('answers for any text, is idempotent and never empties', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const outcome = standardize(text, noSiblings)
        if (outcome.is !== 'changed') return
        expect(outcome.value).not.toBe(text)
        expect(isBlank(outcome.value)).toBe(false)
        expect(standardize(outcome.value, noSiblings)).toEqual({ is: 'canonical' })
      }),
      { numRuns: 1500 },
    )
  })

  it('gives the same form to the same text between white space', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const outcome = standardize(text, noSiblings)
        if (outcome.is === 'unmendable' || isBlank(text)) return
        const form = outcome.is === 'changed' ? outcome.value : text
        const spaced = standardize(` ${form} `, noSiblings)
        expect(spaced.is === 'changed' ? spaced.value : spaced).toBe(form)
      }),
      { numRuns: 1500 },
    )
  })

  it('leaves blank values to others', () => {
    for (const blank of ['', ' ', '\t\n', '\u00a0', '\u200b \ufeff']) {
      expect(standardize(blank, noSiblings)).toEqual({ is: 'canonical' })
    }
  })
})

describe('options of rules', () => {
  it.each([...standardizeRules.values()].map((rule) => [rule.name, rule] as const))(
    '%s refuses an option that it does not know',
    (_, rule) => {
      expect(() => rule.prepare({ nonsense: 1 })).toThrow(/nonsense/)
      expect(rule.optionsSchema.safeParse({ nonsense: 1 }).success).toBe(false)
    },
  )

  it('refuse an alias for a choice that is not declared', () => {
    expect(() => standardizeRules.get('choice')?.prepare({ aliases: { a: 'gone' } }, { choices: ['x'] })).toThrow(
      /gone/,
    )
  })

  it('refuse a region that does not exist', () => {
    expect(() => standardizeRules.get('phone')?.prepare({ region: 'XX' })).toThrow(/ISO 3166/)
  })
})

describe('a quick answer', () => {
  const word = fc.constantFrom(
    ...[
      'Anna',
      'Álvaro',
      'Łukasz',
      'Günther',
      "O'Brien",
      "D'Angelo",
      'McDonald',
      'Jr',
      'Sr',
      'Snr',
      'Professor',
      'Von',
    ],
    ...[
      'No',
      'Name',
      'Tom-Ng',
      'Al-Rashid',
      'Ing',
      'Phd',
      'Mba',
      'Xx',
      'G.',
      'De',
      'Ii',
      'Inc',
      'Test',
      'Cpa',
      'Ñuñez',
    ],
  )
  const name = fc
    .tuple(fc.array(word, { minLength: 1, maxLength: 4 }), fc.constantFrom(' ', '-'))
    .map(([words, joint]) => words.join(joint))

  it.each(['keep', 'remove'])('that a name is in standard form is what the whole rule says (titles: %s)', (titles) => {
    const rule = standardizeRules.get('person_name')?.prepare({ titles })
    fc.assert(
      fc.property(name, (text) => {
        // With a blank behind it, the value takes the long way.
        const long = rule?.(`${text} `, noSiblings)
        if (rule?.(text, noSiblings).is === 'canonical') expect(long).toMatchObject({ is: 'changed', value: text })
      }),
      { numRuns: 3000 },
    )
  })
})
