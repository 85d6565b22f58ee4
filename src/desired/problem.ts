/** One thing that is wrong in the file: where it stands, what is wrong, what is allowed, and what was probably meant. */

import { withoutSecrets } from '../scrub.ts'

/** Names and list indexes from the top of the file to a value. */
export type Path = readonly (string | number)[]

/** Line and column, both counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** What a check finds, before it is known in which file. */
export interface Finding {
  readonly at: Position
  readonly path: Path
  /** A phrase that continues the path: `must be a duration such as 30s`. Never holds a secret. */
  readonly message: string
  readonly allowed?: readonly string[]
  readonly didYouMean?: string
}

export interface Problem extends Position {
  readonly file: string
  /** The place within the file's content, for example `tables.leads.fields.email.type`; empty for the whole file. */
  readonly path: string
  readonly message: string
  readonly allowed?: readonly string[]
  readonly didYouMean?: string
}

/** Longer names are cut in messages. */
const stepLengthMax = 80

const plainName = /^[A-Za-z_][A-Za-z0-9_-]*$/

/** `tables.leads.indexes[0].on`; names that are no plain words are quoted: `imports.x.map["Full Name"]`. */
export function pathText(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`
      if (step.length > stepLengthMax) return `[${JSON.stringify(`${step.slice(0, stepLengthMax)}…`)}]`
      if (!plainName.test(step)) return `[${JSON.stringify(step)}]`
      return index === 0 ? step : `.${step}`
    })
    .join('')
}

/** The problem that a finding is in a named file; what looks like a secret is blacked out wherever it got in. */
export function problemOf(file: string, finding: Finding): Problem {
  const { at, path, message, allowed, didYouMean } = finding
  return {
    file,
    line: at.line,
    column: at.column,
    path: withoutSecrets(pathText(path)),
    message: withoutSecrets(message),
    ...(allowed === undefined ? {} : { allowed: allowed.map(withoutSecrets) }),
    ...(didYouMean === undefined ? {} : { didYouMean: withoutSecrets(didYouMean) }),
  }
}

/** How many allowed values are printed before `…`. */
const allowedShown = 24

/**
 * `file:line:column: path: what is wrong; allowed: …; did you mean …?`, on one line.
 *
 * @example
 * problemText(problem) // desired-state.yaml:12:9: tables.leads.keys: unknown key; allowed: …; did you mean key?
 */
export function problemText(problem: Problem): string {
  const path = problem.path === '' ? '' : `${problem.path}: `
  const shown = problem.allowed?.slice(0, allowedShown) ?? []
  const more = (problem.allowed?.length ?? 0) > allowedShown ? ', …' : ''
  const allowed = shown.length === 0 ? '' : `; allowed: ${shown.join(', ')}${more}`
  const meant = problem.didYouMean === undefined ? '' : `; did you mean ${problem.didYouMean}?`
  return `${problem.file}:${problem.line}:${problem.column}: ${path}${problem.message}${allowed}${meant}`
}

/** The first of two positions in reading order comes first. */
export function inReadingOrder(one: Position, other: Position): number {
  return one.line - other.line || one.column - other.column
}
