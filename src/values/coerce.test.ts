import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { coerce, isValid, type SourceValue } from './coerce.ts'
import { type FieldType, fieldTypes } from './field-type.ts'

function shown(type: FieldType, value: SourceValue, field = {}): unknown {
  const coerced = coerce(type, value, field)
  return coerced.is === 'cell' ? coerced.cell : `!${coerced.reason}`
}

describe('coerce', () => {
  it.each<[FieldType, SourceValue, unknown]>([
    ['boolean', 'yes', 1],
    ['boolean', 'TRUE', 1],
    ['boolean', 1, 1],
    ['boolean', '0', 0],
    ['boolean', false, 0],
    ['boolean', 'perhaps', '!is no word for yes or no'],
    ['boolean', 2, '!is no word for yes or no'],
    ['integer', '1,234', 1234],
    ['integer', '12.0', 12],
    ['integer', 12.5, '!is no whole number'],
    ['integer', '9007199254740993', '!is a larger whole number than can be kept exactly'],
    ['integer', 9007199254740993n, 9007199254740993n],
    ['number', '1,234.5', 1234.5],
    ['number', '1.234,5', 1234.5],
    ['number', '€ 12', 12],
    ['number', 'many', '!cannot be read as a number'],
    ['date', '2024-01-05', '2024-01-05'],
    ['date', 1704448800, '2024-01-05'],
    ['date', 20240105, '2024-01-05'],
    ['date', '03/04/2024', '!could be day/month or month/day'],
    ['datetime', 1704448800000, '2024-01-05T10:00:00.000Z'],
    ['datetime', '2024-01-05 10:11:12.5', '2024-01-05T10:11:12.500Z'],
    ['datetime', true, '!is a yes or no, not a date'],
    ['json', { a: [1] }, '{"a":[1]}'],
    ['json', '{"a": 1}', '{"a": 1}'],
    ['json', "{'a': 1}", '!is no JSON (a Python literal, it seems)'],
    ['text', 12, '12'],
    ['text', new TextEncoder().encode('é'), 'é'],
    ['text', new Uint8Array([0xff]), '!holds bytes that are no text'],
    ['text', ['a', 'b'], 'a, b'],
    ['text', { a: 1 }, '!is an object, not text'],
    ['text', '  ', null],
    ['email', ['ann@example.com'], 'ann@example.com'],
    ['phone', 4155552671, '4155552671'],
    ['boolean', null, null],
    ['integer', '', null],
  ])('%s: %s', (type, value, expected) => {
    expect(shown(type, value)).toEqual(expected)
  })

  it('finds declared choices and refuses others', () => {
    const field = { choices: ['auto_send', 'contacted'], aliases: { sent: 'contacted' } }
    expect(shown('choice', 'Auto Send', field)).toBe('auto_send')
    expect(shown('choice', 'Sent', field)).toBe('contacted')
    expect(shown('choice', 'x', field)).toBe('!is none of auto_send, contacted')
    expect(shown('choices', ['Contacted', 'auto-send'], field)).toBe('["contacted","auto_send"]')
    expect(shown('choices', 'contacted; Auto Send', field)).toBe('["contacted","auto_send"]')
    expect(shown('choices', '["x"]', field)).toBe('!has a part that is none of auto_send, contacted')
  })

  const values: fc.Arbitrary<SourceValue> = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.maxSafeInteger(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 8 }),
    fc.array(fc.string()),
    fc.dictionary(fc.string(), fc.integer()),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  )
  /** Types that `coerce` itself brings into their form; e-mail, web and phone are brought there by their rules. */
  const exact = fieldTypes.filter((type) => type !== 'email' && type !== 'url' && type !== 'phone')

  it.each(exact)('%s: what is stored is valid and stays as it is', (type) => {
    const field = { choices: ['a', 'B c'] }
    fc.assert(
      fc.property(values, (value) => {
        const coerced = coerce(type, value, field)
        if (coerced.is === 'invalid') return
        expect(isValid(type, coerced.cell, field)).toBe(true)
        expect(coerce(type, coerced.cell, field)).toEqual(coerced)
      }),
      { numRuns: 500 },
    )
  })
})

describe('isValid', () => {
  it.each<[FieldType, string | number, boolean]>([
    ['email', 'ann@example.com', true],
    ['email', 'ann@', false],
    ['url', 'https://example.com', true],
    ['url', 'example.com', false],
    ['phone', '+14155552671', true],
    ['phone', '+14155552671 ext. 12', true],
    ['phone', 'call me', false],
    ['boolean', 1, true],
    ['boolean', 'yes', false],
    ['integer', 1.5, false],
    ['date', '2024-02-30', false],
    ['date', '2024-01-05', true],
    ['datetime', '2024-01-05T10:00:00Z', true],
    ['datetime', '2024-01-05 10:00:00', false],
    ['json', '{', false],
    ['text', 5, false],
  ])('%s %j: %s', (type, cell, expected) => {
    expect(isValid(type, cell)).toBe(expected)
  })
})
