/** Finds what looks like a secret in the text of the file. */

import { secretsAt } from '../scrub.ts'
import type { Finding } from './problem.ts'
import { positionsIn } from './source-text.ts'

/** How many are told. */
const findingsMax = 50

/** Everything in a text, comments included, that looks like a secret. The message says what kind, never which. */
export function secretsIn(text: string): Finding[] {
  const at = positionsIn(text)
  return secretsAt(text)
    .slice(0, findingsMax)
    .map(({ name, offset }) => ({
      at: at(offset),
      path: [],
      message: `holds what looks like ${name}; a secret is never written in this file, only { env: NAME } or { file: path }. Treat it as leaked`,
    }))
}
