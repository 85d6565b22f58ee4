import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checksOf, demandsDeclared } from './checks.ts'
import { columnPart, columnParts, columnsBefore, editCreateTable, parseCreateTable, tableForm } from './create-sql.ts'
import { mentions, tokensOf } from './sql-tokens.ts'

const awkward = `CREATE TABLE "odd, table" (
  id TEXT PRIMARY KEY, -- a comment, with a comma
  "the ""name""" VARCHAR(40) COLLATE NOCASE NOT NULL DEFAULT 'it''s, (so)',
  [price] DECIMAL(10, 2) DEFAULT -1.5 CHECK ([price] > 0),
  owner TEXT CONSTRAINT own REFERENCES people(id) ON DELETE SET NULL ON UPDATE SET DEFAULT NOT DEFERRABLE,
  status TEXT NOT NULL DEFAULT "new" CHECK (status IN ("new", 'old')),
  total REAL GENERATED ALWAYS AS (price * 2) STORED, /* last */
  CONSTRAINT both UNIQUE (id, owner),
  CHECK (length(id) < 40)
) STRICT`

describe('parseCreateTable', () => {
  test('tells columns and their constraints from commas in texts, comments and parentheses', () => {
    const table = parseCreateTable(awkward)
    expect(table?.name).toBe('odd, table')
    expect(table?.options).toBe('STRICT')
    expect(table && columnParts(table).map(({ name, type }) => [name, type])).toEqual([
      ['id', 'TEXT'],
      ['the "name"', 'VARCHAR(40)'],
      ['price', 'DECIMAL(10, 2)'],
      ['owner', 'TEXT'],
      ['status', 'TEXT'],
      ['total', 'REAL'],
    ])
    expect(table && columnParts(table).map(({ constraints }) => constraints.map(({ is }) => is))).toEqual([
      ['primary-key'],
      ['collate', 'not-null', 'default'],
      ['default', 'check'],
      ['references'],
      ['not-null', 'default', 'check'],
      ['generated'],
    ])
  })

  test('gives nothing for what is no table with columns', () => {
    expect(parseCreateTable('CREATE VIEW v AS SELECT 1')).toBeUndefined()
    expect(parseCreateTable('')).toBeUndefined()
  })

  test('splits any text into tokens that lie one after the other', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('a', "'", '"', '(', ')', ',', '-', '/', '*', ' ', '[', ']', '1', '.', '\n'),
        }),
        (text) => {
          let at = 0
          for (const token of tokensOf(text)) {
            expect(token.start).toBeGreaterThanOrEqual(at)
            expect(text.slice(token.start, token.end)).toBe(token.text)
            at = token.end
          }
          parseCreateTable(`CREATE TABLE t (${text})`)
        },
      ),
    )
  })
})

describe('editCreateTable', () => {
  test('changes one column and keeps the rest letter for letter', () => {
    const edited = editCreateTable(awkward, 'new', [
      { column: 'ID', before: 'id text primary key', after: 'id TEXT PRIMARY KEY NOT NULL', follows: [] },
    ])
    expect(edited).toContain('CREATE TABLE "new" (\n  id TEXT PRIMARY KEY NOT NULL, -- a comment, with a comma')
    expect(edited).toContain('REFERENCES people(id) ON DELETE SET NULL ON UPDATE SET DEFAULT NOT DEFERRABLE')
    expect(edited).toContain(') STRICT')
  })

  test('turns double-quoted texts into strings, which other builds take them for', () => {
    expect(editCreateTable(awkward, 'new', [])).toContain(`DEFAULT 'new' CHECK (status IN ('new', 'old'))`)
  })

  test('gives nothing where a column is not as it was', () => {
    expect(
      editCreateTable(awkward, 'new', [{ column: 'id', before: 'id INTEGER', after: null, follows: [] }]),
    ).toBeUndefined()
    expect(
      editCreateTable(awkward, 'new', [{ column: 'id', before: null, after: 'id TEXT', follows: [] }]),
    ).toBeUndefined()
  })

  test('takes a column out and puts it back at its place, wherever that is', () => {
    const table = parseCreateTable(awkward)
    for (const part of table === undefined ? [] : columnParts(table)) {
      const follows = table === undefined ? [] : columnsBefore(table, part)
      const gone = editCreateTable(awkward, 't', [{ column: part.name, before: part.text, after: null, follows: [] }])
      expect(gone === undefined ? undefined : parseCreateTable(gone)?.parts.length).toBe((table?.parts.length ?? 0) - 1)
      const back = editCreateTable(gone ?? '', 't', [{ column: part.name, before: null, after: part.text, follows }])
      expect(tableForm(back ?? '')).toBe(tableForm(editCreateTable(awkward, 't', []) ?? ''))
    }
  })
})

describe('checksOf', () => {
  const field = {
    name: 'c',
    type: 'choice',
    choices: ['a', 'b'],
    required: false,
    unique: false,
    default: null,
    onUpdate: false,
    renamedFrom: null,
    absent: false,
  } as const
  const declares = (check: string, column = 'c') => {
    const table = parseCreateTable(`CREATE TABLE t (c TEXT ${check})`)
    const part = table && columnPart(table, column)
    return table && part ? checksOf(table, part).map(({ demand }) => demandsDeclared(field, demand)) : []
  }
  test.each([
    [`CHECK (c IN ('a', 'b'))`, [true]],
    [`CHECK (("C" in ('b','a','a')))`, [true]],
    [`CHECK (c IS NULL OR c IN ('a', 'b'))`, [true]],
    [`CHECK (c IN ("a", "b") OR c IS NULL)`, [true]],
    [`CHECK (c IN ('a'))`, [false]],
    [`CHECK (c NOT IN ('a', 'b'))`, []],
    [`CHECK (c IN ('a', 'b') AND length(c) > 0)`, []],
    [`CHECK (c IN (SELECT 1))`, []],
    [`, CHECK (c IN ('a', 'b'))`, [true]],
  ])('%s', (check, expected) => {
    expect(declares(check)).toEqual(expected)
  })
})

test('a name in a string or comment is no mention', () => {
  expect(mentions(`SELECT 'email' -- email\n FROM t`, 'email')).toBe(false)
  expect(mentions(`SELECT "Email" FROM t`, 'email')).toBe(true)
})
