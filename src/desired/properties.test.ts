// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are written like that.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { standardizeRules } from '../values/rules/index.ts'
import { isSuspiciousShrink } from './generation.ts'
import { type ParsedDesiredState, parseDesiredState } from './load.ts'
import { editDistance, nearest } from './nearest.ts'
import { problemText } from './problem.ts'
import { resolveText } from './references.ts'

const example = readFileSync(new URL('./fixtures/example.yaml', import.meta.url), 'utf8')
const lines = example.split('\n')

function read(source: string | Uint8Array): ParsedDesiredState {
  return parseDesiredState(source, { file: 'f', environment: {}, workspace: '/workspace', rules: standardizeRules })
}

/** Valid, or at least one problem, and every problem and warning at a place that the file has. */
function expectAnswer(source: string): void {
  const answer = read(source)
  const found = answer.is === 'valid' ? answer.warnings : answer.problems
  if (answer.is === 'invalid') expect(answer.problems.length).toBeGreaterThan(0)
  const sourceLines = source.split(/\r\n|\r|\n/)
  for (const problem of found) {
    expect(problem.line).toBeGreaterThanOrEqual(1)
    expect(problem.line).toBeLessThanOrEqual(sourceLines.length)
    expect(problem.column).toBeGreaterThanOrEqual(1)
    expect(problem.column).toBeLessThanOrEqual((sourceLines[problem.line - 1] ?? '').length + 1)
    expect(problem.message).not.toMatch(/^Invalid|undefined|\[object/)
    expect(problemText(problem)).not.toContain('\n')
  }
}

const anyLine = fc.nat({ max: lines.length - 1 })
const yamlPieces = fc.array(
  fc.constantFrom(
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
    '&x ',
    '*x',
    '!t ',
    '"',
    "'",
    '#',
    '|',
    '>',
    '?',
    '1',
    'null',
    '%',
    '---\n',
    '\t',
    '<<',
  ),
  { maxLength: 60 },
)

describe('reading never throws, and answers with a place', () => {
  it('on any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), expectAnswer), { numRuns: 300 })
  })

  it('on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const answer = read(bytes)
        expect(answer.is === 'valid' || answer.problems.length > 0).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('on any pieces of YAML', () => {
    fc.assert(
      fc.property(yamlPieces, (pieces) => expectAnswer(pieces.join(''))),
      { numRuns: 1000 },
    )
  })

  it('on the example with lines dropped, doubled, swapped, cut and put in', () => {
    const edit = fc.oneof(
      fc.tuple(fc.constant('drop'), anyLine, anyLine),
      fc.tuple(fc.constant('double'), anyLine, anyLine),
      fc.tuple(fc.constant('swap'), anyLine, anyLine),
      fc.tuple(fc.constant('cut'), anyLine, anyLine),
      fc.tuple(fc.constant('indent'), anyLine, anyLine),
    )
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const edited = [...lines]
        for (const [kind, at, other] of edits) {
          const line = edited[at] ?? ''
          if (kind === 'drop') edited.splice(at, 1)
          else if (kind === 'double') edited.splice(other, 0, line)
          else if (kind === 'cut') edited[at] = line.slice(0, other % (line.length + 1))
          else if (kind === 'indent') edited[at] = ` ${line}`
          else [edited[at], edited[other]] = [edited[other] ?? '', line]
        }
        expectAnswer(edited.join('\n'))
      }),
      { numRuns: 400 },
    )
  })

  it('on the example with any value at any place', () => {
    const places = placesIn(parse(example))
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('', 'x', '../x', '${X}', '95%', '1h', 0, -1, Number.POSITIVE_INFINITY, null, true, [], {}, [[]], {
        a: {},
      }),
    )
    fc.assert(
      fc.property(fc.constantFrom(...places), value, (path, replacement) => {
        expectAnswer(stringify(replacedAt(parse(example), path, replacement)))
      }),
      { numRuns: 200 },
    )
  })

  it('on the example with any key mistyped', () => {
    const places = placesIn(parse(example)).filter((path) => typeof path.at(-1) === 'string' && path.length > 1)
    fc.assert(
      fc.property(fc.constantFrom(...places), (path) => {
        expectAnswer(stringify(renamedAt(parse(example), path, `${String(path.at(-1))}x`)))
      }),
      { numRuns: 150 },
    )
  })
})

type Place = readonly (string | number)[]

function placesIn(value: unknown, path: Place = []): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [path]
  const entries: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return [path, ...entries.flatMap(([step, item]) => placesIn(item, [...path, step]))]
}

function replacedAt(root: unknown, path: Place, replacement: unknown): unknown {
  const [first, ...rest] = path
  if (first === undefined) return replacement
  if (Array.isArray(root))
    return root.map((item, index) => (index === first ? replacedAt(item, rest, replacement) : item))
  return Object.fromEntries(
    Object.entries(root ?? {}).map(([name, item]) => [
      name,
      name === first ? replacedAt(item, rest, replacement) : item,
    ]),
  )
}

function renamedAt(root: unknown, path: Place, name: string): unknown {
  const [first, ...rest] = path
  if (Array.isArray(root)) return root.map((item, index) => (index === first ? renamedAt(item, rest, name) : item))
  return Object.fromEntries(
    Object.entries(root ?? {}).map(([key, item]) => {
      if (key !== first) return [key, item]
      return rest.length === 0 ? [name, item] : [key, renamedAt(item, rest, name)]
    }),
  )
}

describe('a valid state', () => {
  it('is the same whatever the order of its sections', () => {
    const sections: Record<string, unknown> = parse(example)
    const state = stateOf(example)
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.keys(sections), { minLength: Object.keys(sections).length }), (order) => {
        expect(stateOf(stringify(Object.fromEntries(order.map((name) => [name, sections[name]]))))).toEqual(state)
      }),
      { numRuns: 20 },
    )
  })

  it('is never a suspicious shrink of itself', () => {
    const state = stateOf(example)
    expect(isSuspiciousShrink(state, state)).toEqual({ is: 'plausible' })
  })
})

function stateOf(source: string) {
  const answer = read(source)
  if (answer.is === 'invalid') throw new Error(answer.problems.map(problemText).join('\n'))
  return answer.state
}

describe('suggestions', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '_', 'A'), minLength: 1, maxLength: 12 })

  it('the distance is symmetric, zero only for equal words, and at most the longer length', () => {
    fc.assert(
      fc.property(word, word, (one, other) => {
        const distance = editDistance(one, other)
        expect(distance).toBe(editDistance(other, one))
        expect(distance === 0).toBe(one === other)
        expect(distance).toBeLessThanOrEqual(Math.max(one.length, other.length))
      }),
    )
  })

  it('are one of the candidates, and never the word itself', () => {
    fc.assert(
      fc.property(word, fc.array(word), (one, candidates) => {
        const found = nearest(one, candidates)
        expect(found === undefined || (candidates.includes(found) && found !== one)).toBe(true)
      }),
    )
  })

  it.each([
    ['emial', 'email'],
    ['Email', 'email'],
    ['full-name', 'full_name'],
    ['company', 'companies'],
    ['days', 'day'],
  ])('%s is taken for %s', (written, meant) => {
    expect(nearest(written, ['email', 'full_name', 'companies', 'day'])).toBe(meant)
  })

  it('are not given for words that are merely short', () => {
    expect(nearest('a', ['b'])).toBeUndefined()
    expect(nearest('to', ['of'])).toBeUndefined()
  })
})

describe('references', () => {
  const name = fc.stringMatching(/^[A-Z][A-Z0-9]{0,8}X$/)

  it('any text without a dollar sign stays as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('$'))
        expect(resolveText(text, {})).toEqual({ text, faults: [] })
      }),
    )
  })

  it('a variable is taken once: what it holds is not read for references again', () => {
    fc.assert(
      fc.property(name, fc.string({ minLength: 1 }), (variable, value) => {
        fc.pre(!value.includes('\0'))
        expect(resolveText(`a\${${variable}}b`, { [variable]: value })).toEqual({ text: `a${value}b`, faults: [] })
      }),
    )
  })

  it('a default stands in exactly when the variable is not set or empty', () => {
    expect(resolveText('${DIR:-data}/x', {}).text).toBe('data/x')
    expect(resolveText('${DIR:-data}/x', { DIR: '' }).text).toBe('data/x')
    expect(resolveText('${DIR:-data}/x', { DIR: 'd' }).text).toBe('d/x')
    expect(resolveText('${DIR:-}/x', {}).text).toBe('/x')
  })

  it('$${ stands for the characters themselves', () => {
    expect(resolveText('echo $${HOME} ${DIR}', { DIR: 'd' })).toEqual({ text: 'echo ${HOME} d', faults: [] })
  })

  it('no name reaches what an object inherits', () => {
    expect(resolveText('${constructor}', {}).faults).toHaveLength(1)
  })
})
