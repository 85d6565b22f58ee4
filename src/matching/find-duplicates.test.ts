import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../random.ts'
import { candidateIndex } from './candidate-index.ts'
import { edgesOfChanged } from './changed-record.ts'
import { pairKey } from './cluster.ts'
import { explain } from './explain.ts'
import { type FindOptions, findDuplicates } from './find-duplicates.ts'
import { confidenceOf, judge } from './judge.ts'
import { judgedRecord } from './matcher.ts'
import { arraySource } from './source.ts'
import { peopleFields, peopleOf } from './testing-people.ts'

const find = (records: readonly (readonly string[])[], options: Partial<FindOptions> = {}) =>
  findDuplicates(arraySource(records), { fields: peopleFields, rules: [], random: seededRandom(3), ...options })

test('people that are in the table twice are found, and hardly anybody else', () => {
  const { records, truth } = peopleOf(600, 11)
  const { clusters } = find(records)
  const right = clusters.filter((group) => new Set(group.map((row) => truth[row])).size === 1)
  const twice = truth.length - new Set(truth).size
  expect(right.length).toBeGreaterThan(twice * 0.95)
  expect(right.length).toBeGreaterThan(clusters.length * 0.97)
})

test('a table that is too large to compare all pairs gives the same by its blocks', () => {
  const { records, truth } = peopleOf(2_400, 5)
  const found = find(records)
  expect(found.matcher.plan.is).toBe('keys')
  expect(found.candidates).toBeLessThan((records.length * (records.length - 1)) / 2 / 4)
  const pairs = found.edges.filter(({ one, other }) => truth[one] === truth[other])
  expect(pairs.length).toBeGreaterThan((truth.length - 2_400) * 0.95)
  expect(pairs.length).toBeGreaterThan(found.edges.length * 0.99)
})

test('the order of two records changes nothing', () => {
  const { records } = peopleOf(300, 2)
  const { matcher, recordOf } = find(records)
  fc.assert(
    fc.property(fc.nat(records.length - 1), fc.nat(records.length - 1), (one, other) => {
      const there = judge(matcher.judge, recordOf(one), recordOf(other))
      const back = judge(matcher.judge, recordOf(other), recordOf(one))
      expect(back.evidence.bits).toBeCloseTo(there.evidence.bits, 9)
      expect([...back.levels]).toEqual([...there.levels])
    }),
  )
})

test.each([
  [150, 'all-pairs'],
  [400, 'keys'],
  [2_400, 'keys'],
] as const)('of %i people, each record by itself finds what the full pass found (%s)', (count, plan) => {
  const { records } = peopleOf(count, 9)
  const rules = [
    { name: 'email', exact: ['email'], confidence: 0.97 },
    { name: 'name', fuzzy: ['first_name', 'surname'], threshold: 0.85 },
  ]
  const { matcher, edges } = find(records, { rules })
  expect(matcher.plan.is).toBe(plan)
  const index = candidateIndex(matcher)
  for (const [row, cells] of records.entries()) index.put(row, cells)
  const single = new Map<number, number>()
  for (const [row, cells] of records.entries())
    for (const edge of edgesOfChanged(matcher, { row, cells }, index))
      single.set(pairKey(edge.one, edge.other), edge.confidence)
  expect([...single.keys()].sort()).toEqual(edges.map((edge) => pairKey(edge.one, edge.other)).sort())
  for (const edge of edges) expect(single.get(pairKey(edge.one, edge.other))).toBeCloseTo(edge.confidence, 6)
})

test('a changed record leaves its old duplicates and finds its new ones', () => {
  const { records } = peopleOf(300, 4)
  const { matcher } = find(records)
  const index = candidateIndex(matcher)
  for (const [row, cells] of records.entries()) index.put(row, cells)
  const twin = records[17] ?? []
  index.put(0, twin)
  const edges = edgesOfChanged(matcher, { row: 0, cells: twin }, index)
  expect(edges.some((edge) => edge.one === 0 && edge.other === 17)).toBe(true)
  index.remove(17)
  expect(edgesOfChanged(matcher, { row: 0, cells: twin }, index).some((edge) => edge.other === 17)).toBe(false)
})

test('"not a duplicate" holds', () => {
  const { records } = peopleOf(300, 8)
  const [first] = find(records).edges
  if (first === undefined) throw new Error('nothing was found')
  const excluded = pairKey(first.one, first.other)
  const again = find(records, { isExcluded: (one, other) => pairKey(one, other) === excluded })
  expect(again.edges.map((edge) => pairKey(edge.one, edge.other))).not.toContain(excluded)
  expect(again.clusters.some((group) => group.includes(first.one) && group.includes(first.other))).toBe(false)
})

const leads = [
  [
    'Robert Miller',
    'bob.miller@acme.example',
    'Acme Inc.',
    '+1 415 555 2671',
    'https://www.linkedin.com/in/bob-miller',
  ],
  ['Bob Miller', 'BOB.MILLER@acme.example', 'ACME Incorporated', '415-555-2671', ''],
  ['Robert Miller', 'r.miller@globex.example', 'Globex', '', 'https://www.linkedin.com/in/robert-miller-77'],
  ['Anna Keller', 'anna@acme.example', 'Acme', '+1 415 555 2671', ''],
  ...Array.from({ length: 60 }, (_, at) => [
    `${['Ida', 'Kai', 'Lea', 'Max', 'Nora'][at % 5]} ${['Stone', 'Rivers', 'Hill', 'Woods'][at % 4]}${at}`,
    `p${at}@firm${at}.example`,
    `Firm ${at}`,
    `+1 212 555 ${1000 + at}`,
    '',
  ]),
]
const leadOptions: FindOptions = {
  fields: [
    { name: 'full_name', type: 'text', rules: [{ rule: 'person_name', options: {} }] },
    { name: 'email', type: 'email', rules: [] },
    { name: 'company', type: 'text', rules: [{ rule: 'company_name', options: {} }] },
    { name: 'phone', type: 'phone', rules: [{ rule: 'phone', options: { region: 'US' } }] },
    { name: 'linkedin_url', type: 'url', rules: [{ rule: 'linkedin_url', options: {} }] },
  ],
  rules: [
    { name: 'linkedin', exact: ['linkedin_url'], confidence: 1 },
    { name: 'email', exact: ['email'], confidence: 0.97 },
    { name: 'name-company', fuzzy: ['full_name', 'company'], threshold: 0.85 },
    { name: 'phone', exact: ['phone'], confidence: 0.8 },
  ],
  random: seededRandom(1),
}

test('an explanation names the rules, the levels with their weights, and says it in one sentence', () => {
  const { matcher, recordOf } = findDuplicates(arraySource(leads), leadOptions)
  const found = explain(matcher.judge, recordOf(0), recordOf(1))
  expect(found.rules).toEqual(['email', 'phone', 'name-company'])
  expect(found.confidence).toBeGreaterThan(0.99)
  expect(found.features.find((feature) => feature.name === 'company')?.level).toBe('equal')
  expect(found.sentence).toContain('email equal after standardizing')
  expect(found.sentence).toContain('company equal after suffix')
  expect(found.sentence).toContain('full_name with forms of one first name')
  const sum = found.features.reduce((bits, feature) => bits + feature.weight, found.priorBits - found.overlapBits)
  expect(found.totalBits).toBeCloseTo(sum, 9)
})

test('two different profiles are two people', () => {
  const { matcher, recordOf } = findDuplicates(arraySource(leads), leadOptions)
  const found = judge(matcher.judge, recordOf(0), recordOf(2))
  expect(found.veto).toBe('linkedin_url differs')
  expect(confidenceOf(found, matcher.judge.model.priorBits)).toBe(0)
})

test('a phone alone is less than its rule says where the names differ', () => {
  const { matcher, recordOf } = findDuplicates(arraySource(leads), leadOptions)
  const found = explain(matcher.judge, recordOf(0), recordOf(3))
  expect(found.rules).toContain('phone')
  expect(found.confidence).toBeLessThan(0.8)
})

test.each([
  ['no rows', []],
  ['one row', [['Ann', 'Lee', '', '', '', '']]],
  ['rows without a value', Array.from({ length: 50 }, () => ['', '', '', '', '', ''])],
  [
    'hostile cells',
    [
      ['\u0000', '💥'.repeat(1_000), 'مرحبا', '=1+1', '{{', '\ud800'],
      ['a', 'b', 'c', 'd', 'e', 'f'],
    ],
  ],
])('%s are no trouble', (_, records) => {
  expect(find(records).clusters).toEqual([])
})

test('colleagues whose names have nothing in common are two, however much of their firm a table comes to hold', () => {
  const text = (name: string, rule?: string) => ({
    name,
    type: 'text' as const,
    rules: rule === undefined ? [] : [{ rule, options: {} }],
  })
  const firm = ['company_website', 'location', 'industry', 'company_size', 'company_description', 'business_type']
  const fields = [text('full_name', 'person_name'), text('company', 'company_name'), ...firm.map((name) => text(name))]
  const contact = [
    { name: 'email', type: 'email' as const, rules: [] },
    { name: 'phone', type: 'phone' as const, rules: [] },
  ]
  const { records } = peopleOf(300, 4)
  const emailAt = peopleFields.findIndex(({ name }) => name === 'email')
  // What describes the firms was not known when the table was measured.
  const measured = records.map((cells, at) => {
    const name = `${cells[0]} ${cells[1]}`
    return [name, `Firm ${at}`, ...firm.map(() => ''), cells[emailAt] ?? '', `+4930${String(1_000_000 + at)}`]
  })
  const { matcher } = findDuplicates(arraySource(measured), {
    fields: [...fields, ...contact],
    rules: [],
    random: seededRandom(3),
  })
  const ofFirm = ['Lunar Learning', 'https://lunar.example', 'Leeds', 'Education', '1-10', 'Works in education.', 'B2B']
  const record = (name: string, mail: string, phone: string) =>
    judgedRecord(matcher, [name, ...ofFirm, mail, phone], () => 0)
  const noah = record('Noah Fletcher', 'noah@lunar.example', '+447462942812')
  const liam = record('Liam Mitchell', 'liam@lunar.example', '+447417355098')
  const { priorBits } = matcher.judge.model
  expect(confidenceOf(judge(matcher.judge, noah, liam), priorBits)).toBe(0)
  const again = record('Noah Fletcher', 'n.fletcher@lunar.example', '')
  expect(confidenceOf(judge(matcher.judge, noah, again), priorBits)).toBeGreaterThan(0.9)
})
