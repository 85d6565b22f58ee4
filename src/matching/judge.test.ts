import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bitsOfRules,
  confidenceOf,
  isDuplicate,
  type Judge,
  type Judgement,
  judge,
  ruleBitsOf,
  rulesMet,
} from './judge.ts'
import { bitsOf } from './model.ts'
import type { Role } from './role.ts'
import { type DeclaredRule, rulesOf } from './rules.ts'
import { modelOf, recordOf } from './testing-model.ts'

/** A judge of fields that are named after their roles. */
const judgeOf = (roles: readonly Role[], rules: readonly DeclaredRule[] = [], over: Partial<Judge> = {}): Judge => ({
  model: modelOf(roles),
  roles,
  rules: rulesOf(rules, roles),
  regions: roles.map(() => undefined),
  duplicateFrom: 0.8,
  unnamedFrom: 0.95,
  ...over,
})
const judged = (by: Judge, one: readonly string[], other: readonly string[]): Judgement => {
  const there = judge(by, recordOf(one), recordOf(other))
  expect(judge(by, recordOf(other), recordOf(one))).toEqual(there)
  return there
}
const meets = (by: Judge, one: readonly string[], other: readonly string[]) =>
  judged(by, one, other).exact.map(({ name }) => name)
const exactly = (...columns: Role[]): DeclaredRule => ({
  name: columns.join(' and '),
  exact: columns,
  confidence: 0.97,
})

describe('an exact rule', () => {
  it('is met where all its fields name the same, filled in both', () => {
    const by = judgeOf(['company', 'place'], [exactly('company', 'place')])
    expect(meets(by, ['acme', 'berlin'], ['acme', 'berlin'])).toEqual(['company and place'])
    expect(meets(by, ['acme', 'berlin'], ['acme', 'hamburg'])).toEqual([])
    expect(meets(by, ['acme', 'berlin'], ['other', 'berlin'])).toEqual([])
    expect(meets(by, ['acme', ''], ['acme', ''])).toEqual([])
    expect(meets(by, ['acme', 'berlin'], ['acme', ''])).toEqual([])
  })

  it('is met by nothing where it names no field of the table', () => {
    const by = judgeOf(['company'], [exactly('place')])
    expect(meets(by, ['acme'], ['acme'])).toEqual([])
  })

  it.each<[Role, string, string, boolean, string]>([
    ['email', 'a.nn@gmail.com', 'ann@gmail.com', true, 'one mailbox, written twice'],
    ['email', 'ann@firm.example', 'ann@firm.example', true, 'equal addresses'],
    ['email', 'no address', 'no address', false, 'equal, and no addresses'],
    ['email', 'ann@firm.example', 'ann@firm.test', false, 'two addresses'],
    ['phone', '+49 30 1234567', '0049301234567', true, 'one number with its country'],
    ['phone', '030 1234567', '030/1234567', true, 'the same digits'],
    ['phone', '123456', '123456', false, 'too few digits to be a number of one person'],
    ['phone', 'none', 'none', false, 'no digits'],
    ['phone', '1234567', '1234568', false, 'other digits'],
    ['person', 'Dr. Anna Weber', 'anna weber', true, 'one name, with a title'],
    ['person', 'Anna Weber', 'Anna Krause', false, 'two names'],
    ['text', 'Gold Member', 'gold  member', true, 'one text, folded'],
    ['ignored', 'Gold Member', 'gold  member', true, 'a field that matching ignores otherwise'],
    ['ignored', 'Gold Member', 'silver', false, 'another text of such a field'],
    ['ignored', '', '', false, 'nothing'],
  ])('by %s takes %s and %s for the same: %s %s %s', (role, one, other, same) => {
    // No feature is compared, so that the values themselves decide.
    const by = judgeOf([role], [exactly(role)], { model: modelOf([]) })
    expect(meets(by, [one], [other])).toEqual(same ? [role] : [])
  })

  it('reads a national number by the region of its field', () => {
    const by = (region: string | undefined) =>
      judgeOf(['phone'], [exactly('phone')], { model: modelOf([]), regions: [region] })
    expect(meets(by('DE'), ['030 12345678'], ['+49 30 12345678'])).toEqual(['phone'])
    expect(meets(by(undefined), ['030 12345678'], ['+49 30 12345678'])).toEqual([])
  })

  it('asks no further where readings are equal that are themselves the key, and asks the values where they are not', () => {
    for (const role of ['linkedin', 'company', 'url', 'code', 'date', 'number', 'category', 'place'] as const)
      expect(meets(judgeOf([role], [exactly(role)]), ['x'], ['x'])).toEqual([role])
    const email = judgeOf(['email'], [exactly('email')])
    expect(meets(email, ['ann@firm.example'], ['ann@firm.example'])).toEqual(['email'])
    expect(meets(email, ['ann firm.example'], ['ann firm.example'])).toEqual([])
    expect(meets(email, ['ann@firm.example'], ['anna@firm.example'])).toEqual([])
  })

  it('needs each part of a field that both fill to be equal', () => {
    const features = (['given', 'family'] as const).map((role, at) => ({
      name: `person.${role}`,
      column: 0,
      role,
      read: (cell: string) => cell,
      part: (cell: string) => cell.split(' ')[at] ?? '',
    }))
    const by = judgeOf(['person'], [exactly('person')], { model: { ...modelOf(['given', 'family']), features } })
    const record = (name: string) => ({ ...recordOf(name.split(' ')), cells: [name] })
    const rules = (one: string, other: string) => judge(by, record(one), record(other)).exact.length
    expect(rules('anna weber', 'anna weber')).toBe(1)
    expect(rules('anna weber', 'anna krause')).toBe(0)
    expect(rules('anna weber', 'otto weber')).toBe(0)
    expect(rules('', '')).toBe(0)
  })

  it('says no more of its own fields than its confidence, and others make it surer or less sure', () => {
    const by = judgeOf(
      ['company', 'category', 'place'],
      [exactly('company'), { ...exactly('category'), confidence: 0.9 }],
    )
    const { evidence, ruleBits } = judged(by, ['acme', 'gold', 'berlin'], ['acme', 'silver', 'berlin'])
    const [, category = 0, place = 0] = evidence.features.map(({ weight }) => weight)
    expect(category).toBeLessThan(0)
    expect(place).toBeGreaterThan(0)
    expect(ruleBits).toBeCloseTo(bitsOf(0.97) + category + place, 9)
  })

  it('counts by the best of those that are met, less what is said twice, and not at all where none is', () => {
    const by = judgeOf(['company', 'category'], [{ ...exactly('company'), confidence: 0.9 }, exactly('category')])
    const evidence = { features: [], overlapBits: 2, bits: 0 }
    expect(ruleBitsOf(by, by.rules.exact, evidence)).toBeCloseTo(bitsOf(0.97) - 2, 9)
    expect(ruleBitsOf(by, [...by.rules.exact].reverse(), evidence)).toBeCloseTo(bitsOf(0.97) - 2, 9)
    expect(ruleBitsOf(by, by.rules.exact, { ...evidence, overlapBits: -2 })).toBeCloseTo(bitsOf(0.97), 9)
    expect(ruleBitsOf(by, [], evidence)).toBeUndefined()
  })

  it('is kept as one bit for each that is met', () => {
    const { exact } = judgeOf(
      ['company', 'category', 'place'],
      [exactly('company'), exactly('category'), exactly('place')],
    ).rules
    expect(bitsOfRules(exact, [])).toBe(0)
    expect(bitsOfRules(exact, exact.slice(1))).toBe(0b110)
    expect(bitsOfRules(exact, exact.slice(0, 1))).toBe(0b001)
  })
})

describe('a fuzzy rule', () => {
  const by = (threshold: number) =>
    judgeOf(['family', 'place'], [{ name: 'alike', fuzzy: ['family'], threshold }, exactly('place')])
  const met = (threshold: number, one: readonly string[], other: readonly string[]) =>
    rulesMet(by(threshold), judged(by(threshold), one, other), recordOf(one), recordOf(other))

  it('is met from its threshold on, and named behind the exact ones', () => {
    // By Jaro-Winkler 0.961.
    expect(met(0.96, ['martha', 'berlin'], ['marhta', 'berlin'])).toEqual(['place', 'alike'])
    expect(met(0.97, ['martha', 'berlin'], ['marhta', 'berlin'])).toEqual(['place'])
    expect(met(1, ['martha', ''], ['martha', ''])).toEqual(['alike'])
    expect(met(0.5, ['', ''], ['martha', ''])).toEqual([])
  })
})

describe('the confidence', () => {
  const judgement = (over: Partial<Judgement>): Judgement => ({
    levels: new Uint8Array(),
    evidence: { features: [], overlapBits: 0, bits: 10 },
    exact: [],
    ruleBits: undefined,
    veto: undefined,
    ...over,
  })

  it('is that of all evidence, against how rare duplicates are, or of an exact rule where that is surer', () => {
    expect(confidenceOf(judgement({}), -10)).toBe(0.5)
    expect(confidenceOf(judgement({}), -12)).toBeCloseTo(0.2, 9)
    expect(confidenceOf(judgement({ ruleBits: 2 }), -10)).toBeCloseTo(0.8, 9)
    expect(confidenceOf(judgement({ ruleBits: -3 }), -10)).toBe(0.5)
  })

  it('is nothing where anything shows that they are two', () => {
    expect(confidenceOf(judgement({ ruleBits: 9, veto: 'linkedin differs' }), 0)).toBe(0)
  })
})

describe('a pair is a duplicate', () => {
  const named = judgeOf(['company'], [exactly('company')])
  const yes = () => true
  const no = () => false

  it('from the threshold on where a rule names it, and from a higher one on where none does', () => {
    expect(isDuplicate(named, 0.8, yes)).toBe(true)
    expect(isDuplicate(named, 0.79, yes)).toBe(false)
    expect(isDuplicate(named, 0.94, no)).toBe(false)
    expect(isDuplicate(named, 0.95, no)).toBe(true)
  })

  it('from the threshold on where there are no rules at all', () => {
    expect(isDuplicate(judgeOf(['company']), 0.8, no)).toBe(true)
    expect(isDuplicate(judgeOf(['company']), 0.79, no)).toBe(false)
    expect(isDuplicate(judgeOf(['company'], [{ name: 'alike', fuzzy: ['company'], threshold: 0.9 }]), 0.8, no)).toBe(
      false,
    )
  })
})

describe('two profiles', () => {
  const veto = (one: string, other: string, rules: readonly DeclaredRule[] = []) =>
    judged(judgeOf(['linkedin', 'email'], rules), [one, 'ann@firm.example'], [other, 'ann@firm.example']).veto

  it('are two people where they differ by more than a typing mistake', () => {
    expect(veto('in/ann-weber', 'in/otto-krause')).toBe('linkedin differs')
    expect(veto('in/ann-weber', 'in/ann-webxyz')).toBe('linkedin differs')
    expect(veto('in/ann-weber', 'in/ann-webxy')).toBeUndefined()
    expect(veto('in/ann-weber', 'in/ann-weber')).toBeUndefined()
    expect(veto('in/ann-weber', '')).toBeUndefined()
  })

  it('are told apart as profiles of persons only', () => {
    expect(veto('in/ann-weber', 'company/acme')).toBeUndefined()
    expect(veto('company/acme', 'company/other')).toBeUndefined()
  })

  it('are one where a rule says so that its owner is sure of', () => {
    expect(veto('in/ann-weber', 'in/otto-krause', [{ ...exactly('email'), confidence: 1 }])).toBeUndefined()
    expect(veto('in/ann-weber', 'in/otto-krause', [exactly('email')])).toBe('linkedin differs')
    expect(
      veto('in/ann-weber', 'in/otto-krause', [exactly('email'), { ...exactly('email'), confidence: 1 }]),
    ).toBeUndefined()
  })

  it('say nothing in a field that is none', () => {
    expect(judged(judgeOf(['text', 'email']), ['in/ann-weber', ''], ['in/otto-krause', '']).veto).toBeUndefined()
  })
})

describe('two people of one firm', () => {
  const roles = ['given', 'family', 'email', 'phone', 'linkedin', 'code', 'date', 'company'] as const
  const firm = ['', '', '', '', '', '', '', 'acme'] as const
  const colleague = (over: Partial<Record<Role, string>>) => roles.map((role, at) => over[role] ?? firm[at] ?? '')
  const veto = (
    one: Partial<Record<Role, string>>,
    other: Partial<Record<Role, string>>,
    rules: readonly DeclaredRule[] = [],
  ) => judged(judgeOf(roles, rules), colleague(one), colleague(other)).veto
  const ann = { given: 'anna', family: 'weber' }
  const otto = { given: 'otto', family: 'krause' }

  it('are two where their names have nothing in common and nothing else that is one person’s agrees', () => {
    expect(veto(ann, otto)).toBe("family differs, and nothing else that is one person's agrees")
    expect(veto({ given: 'anna' }, { given: 'otto' })).toBe(
      "given differs, and nothing else that is one person's agrees",
    )
    expect(veto({ ...ann, email: 'ann@firm.example' }, { ...otto, email: 'otto@firm.example' })).toContain(
      'family differs',
    )
  })

  it('may be one where a name is alike, stands crosswise, or is missing', () => {
    expect(veto(ann, { given: 'anna', family: 'krause' })).toBeUndefined()
    expect(veto(ann, { given: 'otto', family: 'wever' })).toBeUndefined()
    expect(veto(ann, { given: 'weber', family: 'anna' })).toBeUndefined()
    expect(veto({}, otto)).toBeUndefined()
    expect(veto({}, {})).toBeUndefined()
  })

  it.each([
    ['email', 'office@acme.example'],
    ['phone', '49301234567'],
    ['linkedin', 'in/weber'],
    ['code', 'abc123'],
    ['date', '19800511'],
  ] as const)('may be one where their %s agrees', (role, value) => {
    expect(veto({ ...ann, [role]: value }, { ...otto, [role]: value })).toBeUndefined()
  })

  it('may be one where an exact rule says so', () => {
    expect(veto(ann, otto, [exactly('company')])).toBeUndefined()
  })
})

describe('whatever two records hold', () => {
  const roles = [
    'given',
    'family',
    'email',
    'phone',
    'linkedin',
    'company',
    'address',
    'place',
    'code',
    'date',
    'number',
  ] as const
  const cell = fc.oneof(
    fc.constantFrom(
      '',
      '',
      'anna',
      'weber',
      'wever',
      'w',
      'ana',
      'acme',
      'acme west',
      'acme est 12',
      'in/anna',
      'in/otto-weber',
    ),
    fc.constantFrom(
      'ann@acme.example',
      'ana@acme.example',
      '49301234567',
      '19800511',
      '19801105',
      '100',
      '-97',
      'ab12',
      'ab13',
    ),
    fc.string({ maxLength: 8 }),
  )
  const record = fc.array(cell, { minLength: roles.length, maxLength: roles.length })
  const rules = [
    exactly('email'),
    exactly('given', 'family'),
    { ...exactly('code'), confidence: 1 },
    { name: 'alike', fuzzy: ['family', 'company'], threshold: 0.85 },
  ]

  it('they are judged the same whichever comes first, with a confidence from 0 to 1', () => {
    const by = judgeOf(roles, rules)
    fc.assert(
      fc.property(record, record, (one, other) => {
        const judgement = judged(by, one, other)
        const confidence = confidenceOf(judgement, by.model.priorBits)
        expect(confidence).toBeGreaterThanOrEqual(0)
        expect(confidence).toBeLessThanOrEqual(1)
        expect(rulesMet(by, judgement, recordOf(one), recordOf(other))).toEqual(
          rulesMet(by, judgement, recordOf(other), recordOf(one)),
        )
      }),
      { numRuns: 2_000 },
    )
  })

  it('a record that is told twice is never two', () => {
    const by = judgeOf(roles, rules)
    fc.assert(
      fc.property(record, (one) => {
        const { veto, evidence } = judged(by, one, one)
        expect(veto).toBeUndefined()
        for (const { level } of evidence.features) expect(level).toBe(0)
      }),
    )
  })
})
