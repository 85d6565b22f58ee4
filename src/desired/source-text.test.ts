import { describe, expect, it } from 'vitest'
import { standardizeRules } from '../values/rules/index.ts'
import { parseDesiredState } from './load.ts'
import { problemText } from './problem.ts'
import { fileBytesMax } from './source-text.ts'
import { aliasesMax, nestingMax, valuesMax } from './yaml-tree.ts'

function problems(source: string | Uint8Array): readonly string[] {
  const parsed = parseDesiredState(source, {
    file: 'f',
    environment: {},
    workspace: '/workspace',
    rules: standardizeRules,
  })
  return parsed.is === 'valid' ? [] : parsed.problems.map(problemText)
}

const head = 'apiVersion: trueup/v1\nname: leads\n'

describe('bytes that are no text', () => {
  it('a byte that is not UTF-8, at its place', () => {
    const bytes = Buffer.concat([Buffer.from(`${head}# gr`), Buffer.from([0xfc]), Buffer.from('n\n')])
    expect(problems(bytes)).toEqual(['f:3:5: holds a byte that is not UTF-8; save the file as UTF-8'])
  })

  it('a character that is cut off at the end', () => {
    const bytes = Buffer.from(`${head}# grü`).subarray(0, -1)
    expect(problems(bytes)).toEqual(['f:3:5: holds a byte that is not UTF-8; save the file as UTF-8'])
  })

  it('UTF-16, as some Windows programs save it', () => {
    expect(problems(Buffer.from(`\uFEFF${head}`, 'utf16le'))).toEqual(['f:1:1: is saved as UTF-16; save it as UTF-8'])
  })

  it('a database instead of a file', () => {
    expect(problems(Buffer.from('SQLite format 3\0\u0010\0'))[0]).toBe('f:1:16: holds a NUL character')
  })

  it('a character that turns the reading direction, with which a file can look unlike what it is', () => {
    expect(problems(`${head}# \u202E\n`)).toEqual(['f:3:3: holds the invisible character U+202E, which is not allowed'])
  })

  it('half of a surrogate pair', () => {
    expect(problems(`${head}# \uD800\n`)).toEqual(['f:3:3: holds the invisible character U+D800, which is not allowed'])
  })
})

describe('bounds', () => {
  it('on the size of the file', () => {
    expect(problems(head.padEnd(fileBytesMax, '#'))).toEqual([])
    expect(problems(head.padEnd(fileBytesMax + 1, '#'))).toEqual(['f:1:1: is larger than 1 MB (1,000,001 bytes)'])
    expect(problems(new Uint8Array(fileBytesMax * 3))).toEqual(['f:1:1: is larger than 1 MB (3,000,000 bytes)'])
  })

  it('on nesting: one level more than allowed is told as such', () => {
    const nested = (levels: number): string => `deep: ${'['.repeat(levels)}${']'.repeat(levels)}\n`
    const tooDeep = expect.stringContaining(`nests deeper than ${nestingMax} levels`)
    expect(problems(head + nested(nestingMax - 1))).not.toContainEqual(tooDeep)
    expect(problems(head + nested(nestingMax))).toEqual([tooDeep])
  })

  it.each([
    ['brackets', '['.repeat(fileBytesMax - 100)],
    ['braces', '{a: '.repeat(200_000)],
    ['lists in one line', '- '.repeat(400_000)],
    ['keys in one line', '? '.repeat(400_000)],
    ['indentation', Array.from({ length: 1300 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('on nesting by a million %s', (_, text) => {
    expect(problems(text)[0]).toContain(`nests deeper than ${nestingMax} levels`)
  })

  it('on aliases that stand for more and more', () => {
    const layers = Array.from(
      { length: 9 },
      (_, layer) => `l${layer + 1}: &l${layer + 1} [${`*l${layer}, `.repeat(9)}]`,
    )
    const bomb = ['l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]', ...layers].join('\n')
    const expected = expect.stringContaining(`stands for more than ${valuesMax.toLocaleString('en')} values`)
    expect(problems(head + bomb)).toEqual([expected])
  })

  it('on the number of aliases', () => {
    const many = `a: &a 1\nb: [${'*a, '.repeat(aliasesMax + 1)}]\n`
    expect(problems(head + many)).toEqual([
      `f:4:${aliasesMax * 4 + 5}: b[${aliasesMax}]: uses more than ${aliasesMax} aliases (*name)`,
    ])
  })

  it('on the fields of a table, which are the columns that SQLite allows', () => {
    const table = (fields: number): string =>
      `databases: { main: { path: a.db } }\ntables:\n  leads:\n    database: main\n    key: id\n    fields:\n${Array.from({ length: fields }, (_, index) => `      f${index}: { type: text }`).join('\n')}\n`
    expect(problems(head + table(1999))).toEqual([])
    expect(problems(head + table(2000))).toEqual([
      'f:8:5: tables.leads.fields: declares more than 1999 fields, which SQLite cannot hold',
    ])
  })

  it('none on the length of a chain of services', () => {
    const chain = Array.from(
      { length: 15_000 },
      (_, index) => `  s${index}: { command: [x], dependsOn: [s${(index + 1) % 15_000}] }`,
    )
    expect(problems(`${head}services:\n${chain.join('\n')}`)[0]).toMatch(
      /^f:15003:\d+: services\.s14999\.dependsOn: waits in a circle: s0 → s1 → /,
    )
  })

  it('on the number of problems that are told', () => {
    const many = Array.from({ length: 1000 }, (_, index) => `k${index}: 1`).join('\n')
    const told = problems(head + many)
    expect(told).toHaveLength(200)
    expect(told.at(-1)).toBe('f:202:1: has 801 problems more')
  })
})

describe('aliases', () => {
  it('stand for what their anchor holds, where problems of it are shown', () => {
    const text = `${head}databases:\n  main: &file { path: a.db }\n  other: *file\n`
    expect(problems(text)).toEqual(['f:4:23: databases.other.path: is the same file as that of the database main'])
  })

  it('take the newest anchor of their name before them', () => {
    const text = `${head}databases:\n  a: { path: &p a.db }\n  b: { path: &p b.db }\n  c: { path: *p }\n`
    expect(problems(text)).toEqual(['f:6:14: databases.c.path: is the same file as that of the database b'])
  })
})
