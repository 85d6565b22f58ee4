/** Functions on text. Positions count from 1. */
import { type FormulaFunctions, type FormulaScope, many } from '../scope.ts'
import { type FormulaValue, fault, flat, numberOf, textOf } from '../value.ts'

/** Longest pattern and text given to a regular expression: Airtable runs RE2, this sandbox the slower one of JavaScript. */
const patternLengthMax = 500
const matchedLengthMax = 10_000

const text = (args: readonly FormulaValue[], index: number) => textOf(args[index] ?? null)
const count = (args: readonly FormulaValue[], index: number, otherwise: number) => {
  const value = args[index]
  return value === undefined ? otherwise : Math.trunc(numberOf(value) ?? Number.NaN)
}

/** A function of whole numbers is a fault when one of them is none. */
function counted(run: (args: readonly FormulaValue[]) => FormulaValue, ...indexes: number[]) {
  return (args: readonly FormulaValue[], _scope: FormulaScope) =>
    indexes.some((index) => Number.isNaN(count(args, index, 0))) ? fault : run(args)
}

function withPattern(
  args: readonly FormulaValue[],
  flags: string,
  run: (pattern: RegExp, subject: string) => FormulaValue,
) {
  const source = text(args, 1)
  const subject = text(args, 0)
  if (source.length > patternLengthMax || subject.length > matchedLengthMax) return fault
  const pattern = patternOf(source, flags)
  return pattern === undefined ? fault : run(pattern, subject)
}

function patternOf(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, `u${flags}`)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

export const textFunctions: FormulaFunctions = {
  CONCATENATE: { min: 0, max: many, run: (args) => flat(args).map(textOf).join('') },
  LOWER: { min: 1, max: 1, run: (args) => text(args, 0).toLowerCase() },
  UPPER: { min: 1, max: 1, run: (args) => text(args, 0).toUpperCase() },
  TRIM: { min: 1, max: 1, run: (args) => text(args, 0).trim() },
  LEN: { min: 1, max: 1, run: (args) => text(args, 0).length },
  T: { min: 1, max: 1, run: ([value = null]) => (typeof value === 'string' ? value : null) },
  EXACT: { min: 2, max: 2, run: (args) => text(args, 0) === text(args, 1) },
  LEFT: { min: 1, max: 2, run: counted((args) => text(args, 0).slice(0, Math.max(0, count(args, 1, 1))), 1) },
  RIGHT: {
    min: 1,
    max: 2,
    run: counted((args) => {
      const wanted = Math.max(0, count(args, 1, 1))
      return wanted === 0 ? '' : text(args, 0).slice(-wanted)
    }, 1),
  },
  MID: {
    min: 3,
    max: 3,
    run: counted(
      (args) => {
        const start = count(args, 1, 1) - 1
        return start < 0 ? fault : text(args, 0).slice(start, start + Math.max(0, count(args, 2, 0)))
      },
      1,
      2,
    ),
  },
  FIND: { min: 2, max: 3, run: counted((args) => position(args), 2) },
  // SEARCH differs from FIND in that nothing found is blank, not 0.
  SEARCH: { min: 2, max: 3, run: counted((args) => (position(args) === 0 ? null : position(args)), 2) },
  SUBSTITUTE: {
    min: 3,
    max: 4,
    run: counted((args) => {
      const [subject, old, replacement] = [text(args, 0), text(args, 1), text(args, 2)]
      if (old === '') return subject
      const pieces = subject.split(old)
      const nth = count(args, 3, 0)
      if (nth <= 0) return pieces.join(replacement)
      return nth >= pieces.length ? subject : pieces.slice(0, nth).join(old) + replacement + pieces.slice(nth).join(old)
    }, 3),
  },
  REPLACE: {
    min: 4,
    max: 4,
    run: counted(
      (args) => {
        const start = Math.max(0, count(args, 1, 1) - 1)
        const subject = text(args, 0)
        return subject.slice(0, start) + text(args, 3) + subject.slice(start + Math.max(0, count(args, 2, 0)))
      },
      1,
      2,
    ),
  },
  REPT: {
    min: 2,
    max: 2,
    run: counted((args) => {
      const times = Math.max(0, count(args, 1, 0))
      return text(args, 0).length * times > 100_000 ? fault : text(args, 0).repeat(times)
    }, 1),
  },
  ENCODE_URL_COMPONENT: { min: 1, max: 1, run: (args) => encodeURIComponent(wellFormed(text(args, 0))) },
  REGEX_MATCH: { min: 2, max: 2, run: (args) => withPattern(args, '', (pattern, subject) => pattern.test(subject)) },
  REGEX_EXTRACT: {
    min: 2,
    max: 2,
    run: (args) => withPattern(args, '', (pattern, subject) => pattern.exec(subject)?.[0] ?? fault),
  },
  REGEX_REPLACE: {
    min: 3,
    max: 3,
    run: (args) => withPattern(args, 'g', (pattern, subject) => subject.replace(pattern, text(args, 2))),
  },
}

function position(args: readonly FormulaValue[]): number {
  return text(args, 1).indexOf(text(args, 0), Math.max(0, count(args, 2, 1) - 1)) + 1
}

/** Half a surrogate pair has no encoding; it becomes the replacement character. */
function wellFormed(value: string): string {
  return Buffer.from(value, 'utf8').toString('utf8')
}
