import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bindFormula } from './bind.ts'
import { evaluate } from './evaluate.ts'
import { parseFormula } from './parse.ts'
import type { FormulaScope } from './scope.ts'
import { FormulaError } from './syntax.ts'
import { dateValue, type FormulaValue, isFault, listValue } from './value.ts'

const createdMs = Date.UTC(2026, 0, 2, 3, 4, 5)
const nowMs = Date.UTC(2026, 0, 5, 12)
const cells: Readonly<Record<string, FormulaValue>> = {
  Name: 'Ada Lovelace',
  Empty: null,
  Zero: 0,
  Score: 7.5,
  Done: true,
  When: dateValue(Date.UTC(2026, 0, 4)),
  Tags: listValue(['red', 'green']),
  'a}b': 'braced',
}
const scope: FormulaScope = {
  recordId: 'rec00000000000001',
  createdMs,
  nowMs,
  field: (id) => cells[id] ?? null,
  modifiedMs: (ids) => (ids.includes('Empty') ? undefined : nowMs - 60_000),
}
const bind = (text: string) =>
  bindFormula(text, (reference) => (Object.hasOwn(cells, reference) ? reference : undefined))
const result = (text: string) => evaluate(bind(text).tree, scope)
const shown = (text: string) => {
  const value = result(text)
  if (isFault(value)) return '#ERROR!'
  return typeof value === 'object' && value !== null && value.kind === 'date' ? new Date(value.ms).toISOString() : value
}

describe('a formula', () => {
  it.each<[string, unknown]>([
    ['1 + 2 * 3 - 4 / 2', 5],
    ['(1 + 2) * 3', 9],
    ['-2 * -3', 6],
    ['"a" & 1 + 1 & "b" = "a2b"', true],
    ['1 < 2', true],
    ['2 <= 1', false],
    ['"b" > "a"', true],
    ['1 != 2', true],
    ['1/0', Number.POSITIVE_INFINITY],
    ['0/0', Number.NaN],
    ['"x" * 2', '#ERROR!'],
    ["'it''s' & 1", undefined],
    ["'it\\'s'", "it's"],
    ['{a\\}b}', 'braced'],
    ['Score', 7.5],
  ])('%s gives %s', (text, value) => {
    if (value === undefined) expect(() => bind(text)).toThrow(FormulaError)
    else expect(shown(text)).toEqual(value)
  })

  it.each<[string, unknown]>([
    ['{Empty} = ""', true],
    ['{Empty} = BLANK()', true],
    ['{Empty} = 0', true],
    ['{Zero} = BLANK()', true],
    ['"" = 0', false],
    ['{Name} = ""', false],
    ['{Done} = TRUE()', true],
    ['{Done} = 1', true],
    ['{Empty} = FALSE()', true],
    ['{Tags} = "red, green"', true],
    ['{When} = "2026-01-04"', true],
    ['{Score} = "7.5"', false],
  ])('compares %s as %s', (text, value) => expect(shown(text)).toBe(value))

  it.each<[string, unknown]>([
    ['IF({Done}, "yes", 1/"x")', 'yes'],
    ['IF({Empty}, "yes")', null],
    ['SWITCH({Score}, 1, "one", 7.5, "much", "other")', 'much'],
    ['SWITCH({Score}, 1, "one", "other")', 'other'],
    ['AND({Done}, {Name}, {Score})', true],
    ['AND({Done}, {Zero})', false],
    ['OR({Empty}, {Zero}, {Name})', true],
    ['XOR(1, 1, 1)', true],
    ['NOT({Empty})', true],
    ['ISERROR(ERROR())', true],
    ['ISERROR(1)', false],
    ['ERROR() & "x"', '#ERROR!'],
    ['LOWER({Name}) & UPPER("x")', 'ada lovelaceX'],
    ['TRIM("  a ")', 'a'],
    ['LEN({Name})', 12],
    ['LEFT({Name}, 3) & RIGHT({Name}, 2) & MID({Name}, 5, 4)', 'AdaceLove'],
    ['FIND("Love", {Name})', 5],
    ['FIND("x", {Name})', 0],
    ['SEARCH("x", {Name})', null],
    ['SUBSTITUTE("a-b-c", "-", "+")', 'a+b+c'],
    ['SUBSTITUTE("a-b-c", "-", "+", 2)', 'a-b+c'],
    ['REPLACE("database", 2, 5, "o")', 'dose'],
    ['CONCATENATE("a", 1, {Tags})', 'a1redgreen'],
    ['EXACT("a", "A")', false],
    ['REGEX_MATCH({Name}, "^Ada")', true],
    ['REGEX_EXTRACT({Name}, "L\\\\w+")', 'Lovelace'],
    ['REGEX_REPLACE({Name}, "[aeiou]", "")', 'Ad Lvlc'],
    ['REGEX_MATCH("a", "(")', '#ERROR!'],
    ['ROUND(1.005, 2)', 1.01],
    ['ROUNDUP(-1.1, 0) & "," & ROUNDDOWN(1.9, 0)', '-2,1'],
    ['CEILING(7, 5) + FLOOR(7, 5)', 15],
    ['MOD(-7, 3)', 2],
    ['SUM(1, 2, {Score})', 10.5],
    ['AVERAGE({Empty})', Number.NaN],
    ['MAX(1, 5, 3) - MIN(4, 2)', 3],
    ['VALUE("$1,234.50")', 1234.5],
    ['ARRAYJOIN({Tags}, "|")', 'red|green'],
    ['COUNTA({Tags}, {Empty}, 1)', 3],
    ['RECORD_ID()', 'rec00000000000001'],
  ])('computes %s as %s', (text, value) => expect(shown(text)).toEqual(value))

  it.each<[string, unknown]>([
    ['IS_AFTER({When}, "2026-01-03")', true],
    ['IS_BEFORE({When}, TODAY())', true],
    ['IS_BEFORE({Empty}, TODAY())', false],
    ['IS_SAME({When}, "2026-01-31", "month")', true],
    ['IS_SAME({When}, "2026-01-31")', false],
    ['DATETIME_DIFF(NOW(), {When}, "hours")', 36],
    ['DATETIME_DIFF({When}, NOW(), "days")', -1],
    ['DATETIME_FORMAT({When}, "dddd, MMMM Do YYYY [at] h:mm A")', 'Sunday, January 4th 2026 at 12:00 AM'],
    ['DATETIME_FORMAT(SET_TIMEZONE({When}, "America/New_York"), "YYYY-MM-DD HH:mm Z")', '2026-01-03 19:00 -05:00'],
    ['DATETIME_PARSE("1/31/2026 4:05 pm")', '2026-01-31T16:05:00.000Z'],
    ['DATEADD("2024-01-31", 1, "month")', '2024-02-29T00:00:00.000Z'],
    ['YEAR({When}) & MONTH({When}) & DAY({When}) & WEEKDAY({When})', '2026140'],
    ['CREATED_TIME()', '2026-01-02T03:04:05.000Z'],
    ['LAST_MODIFIED_TIME()', '2026-01-05T11:59:00.000Z'],
    ['LAST_MODIFIED_TIME({Empty})', null],
    ['IS_AFTER(LAST_MODIFIED_TIME(), "2026-01-05T11:58:59.000Z")', true],
    ['WORKDAY("2026-01-02", 1)', '2026-01-05T00:00:00.000Z'],
    ['YEAR("no date")', '#ERROR!'],
  ])('knows dates: %s is %s', (text, value) => expect(shown(text)).toEqual(value))

  it('names every unknown field in lower case and every unknown function', () => {
    expect(() => bind('AND({First Name}, {Nope}, {Name})')).toThrow('Unknown field names: first name, nope')
    expect(() => bind('FOO(BAR(1))')).toThrow('Unknown function names: FOO, BAR')
  })

  it.each([
    '',
    '(',
    '1 +',
    'AND(',
    '{Name',
    '"a',
    'IF(1)',
    'a b',
    '1,2',
    '=',
    'LAST_MODIFIED_TIME("x")',
    '#',
    '( '.repeat(9000),
  ])('is refused when it is none: %s', (text) => expect(() => bind(text)).toThrow(FormulaError))

  it('is parsed or refused with a FormulaError, whatever the text', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '(',
        ')',
        ',',
        '{',
        '}',
        '"',
        "'",
        '\\',
        '&',
        '=',
        '!=',
        '-',
        '+',
        'AND',
        'IF(',
        '{Name}',
        '1',
        ' ',
        'é',
      ),
      fc.string({ maxLength: 4 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        try {
          parseFormula(pieces.join(''))
        } catch (error) {
          expect(error).toBeInstanceOf(FormulaError)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('never exhausts the stack, however deep or long', () => {
    for (const text of [
      `${'-'.repeat(50_000)}1`,
      '('.repeat(50_000),
      `1${'+1'.repeat(40_000)}`,
      'NOT('.repeat(20_000),
    ]) {
      expect(() => parseFormula(text)).toThrow(FormulaError)
    }
    const many = `OR(${Array.from({ length: 500 }, (_, index) => `RECORD_ID()='rec${index}'`).join(',')})`
    expect(result(many)).toBe(false)
  })

  it('computes any tree of known functions without an exception', () => {
    const leaf = fc.constantFrom(
      '{Name}',
      '{Empty}',
      '{Score}',
      '{When}',
      '{Tags}',
      '{Done}',
      '1',
      '-3',
      '"x"',
      '""',
      '0.5',
      '1e9',
    )
    const names = [
      'AND',
      'LEFT',
      'MID',
      'FIND',
      'SUBSTITUTE',
      'REPT',
      'ROUND',
      'MOD',
      'IS_AFTER',
      'DATEADD',
      'DATETIME_DIFF',
      'DATETIME_FORMAT',
      'WORKDAY',
      'ARRAYSLICE',
      'REGEX_MATCH',
      'SWITCH',
      'IF',
      'SUM',
      'VALUE',
      'WEEKNUM',
      'EVEN',
      'LOG',
      'TIMESTR',
    ]
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc
          .tuple(fc.constantFrom(...names), fc.array(tie('tree'), { minLength: 1, maxLength: 4 }))
          .map(([name, args]) => `${name}(${args.join(',')})`),
        fc
          .tuple(tie('tree'), fc.constantFrom('+', '-', '*', '/', '&', '=', '<'), tie('tree'))
          .map((parts) => `(${parts.join('')})`),
      ),
    }))
    fc.assert(
      fc.property(tree, (text) => {
        try {
          result(text)
        } catch (error) {
          // A wrong number of arguments is refused before anything is computed.
          expect(error, text).toBeInstanceOf(FormulaError)
        }
      }),
      { numRuns: 3000 },
    )
  })
})
