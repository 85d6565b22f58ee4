import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Split, splitRows } from './row-splitter.ts'

const limits = { lines: false, rowBytesMax: 1_000_000 }

function split(text: string | Uint8Array, chunkBytes = 7, options: Partial<typeof limits> = {}): Split[] {
  const bytes = Buffer.from(text)
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, i) =>
    bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes),
  )
  return [...splitRows(chunks, { ...limits, ...options })]
}

function texts(splits: readonly Split[]): string[] {
  return splits.map((one) =>
    one.is === 'row' ? Buffer.from(one.bytes).toString('utf8') : `! ${one.line} ${one.message}`,
  )
}

describe('rows of a JSON file', () => {
  it.each([
    ['a list', '[{"a":1}, {"a":[{}]}\n,{"a":"]}"}]', ['{"a":1}', '{"a":[{}]}', '{"a":"]}"}']],
    ['an empty list', ' [ ] ', []],
    ['an empty file', '', []],
    ['one row', '{"a":{"leads":[{"b":1}]}}', ['{"a":{"leads":[{"b":1}]}}']],
    ['rows under leads', '{"total":2,"leads":[{"a":1},{"a":2}],"page":{"n":[1]}}', ['{"a":1}', '{"a":2}']],
    ['rows under Records', '{"Records" : [ {"id":"r","fields":{"a":1}} ]}', ['{"id":"r","fields":{"a":1}}']],
    ['no rows under data', '{"data":[]}', []],
    ['a row with a list of texts under data', '{"data":["x"],"b":1}', ['{"data":["x"],"b":1}']],
    ['two wrapped lists', '{"leads":[{"a":1}],"contacts":[{"a":2}]}', ['{"a":1}', '{"a":2}']],
    ['rows one after the other', '{"a":1}\n{"a":2} {"a":3}', ['{"a":1}', '{"a":2}', '{"a":3}']],
    ['wrappers one after the other', '{"leads":[{"a":1}]}\n{"leads":[{"a":2}]}', ['{"a":1}', '{"a":2}']],
    ['other values between rows', '[1,{"a":1},"x,]",[{"b":2}],null]', ['1', '{"a":1}', '"x,]"', '[{"b":2}]', 'null']],
    ['escapes', '[{"a":"\\"}\\\\"},{"b":"\\\\\\""}]', ['{"a":"\\"}\\\\"}', '{"b":"\\\\\\""}']],
    ['a row closed with the wrong bracket', '[{"a":1],{"b":2}]', ['{"a":1]', '{"b":2}']],
    ['a byte order mark', '\ufeff[{"a":1}]', ['{"a":1}']],
    [
      'a file cut off in a row',
      '[{"a":1},\n{"b":',
      ['{"a":1}', '! 2 the file is cut off in the middle of the row that starts here'],
    ],
    ['a file cut off between rows', '[{"a":1},', ['{"a":1}', '! 1 the file is cut off between its rows']],
    ['a text alone', 'hello', ['hello']],
  ])('%s', (_, text, expected) => {
    expect(texts(split(text))).toEqual(expected)
    expect(texts(split(text, 1))).toEqual(expected)
  })

  it('gives the line that each row starts on', () => {
    expect(split('[\n{"a":\n1},\n\n{"b":2}]').map((one) => one.line)).toEqual([2, 5])
  })

  it('takes JSON Lines by line, so that a broken line spoils no other', () => {
    const text = '{"a":1}\r\n\n{"a":\n  {"a":3}'
    expect(texts(split(text, 3, { lines: true })).map((row) => row.trim())).toEqual(['{"a":1}', '{"a":', '{"a":3}'])
    expect(split(text, 3, { lines: true }).map((one) => one.line)).toEqual([1, 3, 4])
  })

  it('reports a row that is too large and reads the others', () => {
    const text = `[{"a":"${'x'.repeat(2000)}"},{"b":1}]`
    expect(texts(split(text, 100, { rowBytesMax: 1000 }))).toEqual(['! 1 the row is larger than 0.001 MB', '{"b":1}'])
  })

  it('refuses UTF-16', () => {
    expect(texts(split(Buffer.from('\ufeff[]', 'utf16le')))).toEqual(['! 1 is UTF-16 text; save it as UTF-8'])
  })

  it('finds the rows of any list in any chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
        fc.integer({ min: 1, max: 40 }),
        (rows, size) => {
          expect(texts(split(JSON.stringify(rows, null, 1), size)).map((text) => JSON.parse(text))).toEqual(
            JSON.parse(JSON.stringify(rows)),
          )
        },
      ),
    )
  })

  it('ends on any bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'[]{}",:\\ \n1a') }), fc.boolean(), (text, lines) => {
        expect(Array.isArray(split(text, 5, { lines }))).toBe(true)
      }),
    )
  })
})
