import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { placeAt } from './app/editor/yaml-place.ts'

/** The place of `|` in a text. */
function at(marked: string) {
  const offset = marked.indexOf('|')
  const { is, path, taken, from } = placeAt(marked.replace('|', ''), offset)
  return { is, path: path.join('.'), taken, word: marked.slice(from, offset) }
}

describe('where a cursor stands in a desired state', () => {
  it.each([
    ['pol|', 'key', '', 'pol'],
    ['name: x\nda|', 'key', '', 'da'],
    ['policy:\n  mode: enforce\n  |', 'key', 'policy', ''],
    ['policy:\n  mode: en|', 'value', 'policy.mode', 'en'],
    ['policy:\n  mode: |', 'value', 'policy.mode', ''],
    ['policy:\n  mode: enforce\nda|', 'key', '', 'da'],
    ['tables:\n  leads:\n    fields:\n      email: { type: em|', 'value', 'tables.leads.fields.email.type', 'em'],
    ['tables:\n  leads:\n    fields:\n      email: { type: email, un|', 'key', 'tables.leads.fields.email', 'un'],
    ['tables:\n  leads:\n    fields:\n      email: { airtable: { |', 'key', 'tables.leads.fields.email.airtable', ''],
    [
      'tables:\n  leads:\n    fields:\n      email: { type: email,\n        uni|',
      'key',
      'tables.leads.fields.email',
      'uni',
    ],
    ['a: { b: [x, y|', 'value', 'a.b.[]', 'y'],
    ['a: { b: [{ c: 1, d|', 'key', 'a.b.[]', 'd'],
    ['a:\n  - name: x\n    le|', 'key', 'a.[]', 'le'],
    ['a:\n  - name: x\n  - le|', 'key', 'a.[]', 'le'],
    ['a:\n- name: x\n  ki|', 'key', 'a.[]', 'ki'],
    ['a:\n- name: x\n- name: y\nb|', 'key', '', 'b'],
    ['a: "x: { y" # no\nb: |', 'value', 'b', ''],
    ["a: { 'b': x, c|", 'key', 'a', 'c'],
  ])('%j is %s of %s', (marked, is, path, word) => {
    expect(at(marked)).toMatchObject({ is, path, word })
  })

  it.each([
    ['in a comment', 'a: 1 # po|'],
    ['behind what is complete', 'a: { b: c } |'],
  ])('is nothing %s', (_where, marked) => {
    expect(at(marked).is).toBe('nothing')
  })

  it('is nothing in a text of many lines, and goes on after it', () => {
    const text = 'a: >-\n  some: text\n  more\nb: '
    expect(placeAt(text, text.indexOf('more')).is).toBe('nothing')
    expect(placeAt(text, text.length)).toMatchObject({ is: 'value', path: ['b'] })
  })

  it('knows the names that are there already', () => {
    expect(at('policy:\n  mode: enforce\n  resync: 1m\n  |').taken).toEqual(['mode', 'resync'])
    expect(at('a: { type: text, unique: true, |').taken).toEqual(['type', 'unique'])
  })

  it('is the same with line ends of Windows', () => {
    expect(at('policy:\r\n  mode: enforce\r\n  re|')).toMatchObject({ is: 'key', path: 'policy', word: 're' })
  })

  it('finds its way through the checked-in file', () => {
    const text = readFileSync('desired-state.yaml', 'utf8')
    const fieldAt = text.search(/^ +engagement_status:/m)
    const place = placeAt(text, text.indexOf('type: ', fieldAt) + 'type: '.length)
    expect(place).toMatchObject({ is: 'value', path: ['tables', 'leads', 'fields', 'engagement_status', 'type'] })
  })

  it('gives an answer to any text', () => {
    const piece = fc.constantFrom(
      'a',
      ': ',
      '- ',
      '\n',
      '  ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '"',
      "'",
      '#',
      '|',
      '>-',
      '\r\n',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = pieces.join('')
        const place = placeAt(text, text.length)
        expect(place.from).toBeGreaterThanOrEqual(0)
        expect(place.from).toBeLessThanOrEqual(text.length)
      }),
    )
  })
})
