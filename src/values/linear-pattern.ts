/**
 * The owner's regular expressions, matched in time that grows with the text alone: whatever a pattern is, no value of a
 * table makes a look hang. The engine is RE2's; what cannot be matched so (a look ahead or behind, a back-reference) is
 * no pattern here.
 */
import { RE2JS, RE2JSException } from 're2js'

/** A pattern, ready to be looked for anywhere in a text. */
export interface LinearPattern {
  test(text: string): boolean
}

/**
 * Reads a pattern as JavaScript writes it (`\u{41}` and `\/` are understood); `.` and classes mean code points. Gives the
 * reason, as text, where it is none.
 *
 * @example linearPattern('^[A-Z]{2}-\\d+$') // { pattern }
 */
export function linearPattern(source: string): { readonly pattern: LinearPattern } | { readonly reason: string } {
  try {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(source))
    return { pattern: { test: (text) => compiled.test(text) } }
  } catch (error) {
    if (error instanceof RE2JSException) return { reason: reasonOf(error.message) }
    throw error
  }
}

/** As {@link linearPattern}, for a pattern that was accepted with the desired state. Throws a RangeError where it is none. */
export function acceptedPattern(source: string): LinearPattern {
  const read = linearPattern(source)
  if ('pattern' in read) return read.pattern
  throw new RangeError(`not a pattern that was accepted: ${read.reason}`)
}

function reasonOf(message: string): string {
  const plain = message.replace(/^error parsing regexp: /, '')
  return /`\(\?[<=!]|`\\[1-9]/.test(plain)
    ? `${plain}; looking ahead or behind and back-references are not possible, since they may take for ever`
    : plain
}
