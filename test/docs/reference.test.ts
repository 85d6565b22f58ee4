/**
 * The pages to look something up in, but the one of the command line, which reference-cli.test.ts goes through at the same time. One page
 * is gone through in every run, all of them with `npm run check:docs:all`.
 */
import { expect, it } from 'vitest'
import { linesOf, reasonFor, referencePages, walkReference } from './walk/reference.ts'
import { notRun, statuses } from './walk/reference-lines.ts'

it('there are pages with lines to run, and the list of others names none that is not there', () => {
  expect(referencePages.length).toBeGreaterThan(12)
  const lines = referencePages.flatMap(linesOf)
  expect(notRun.filter(([pattern]) => !lines.some((line) => pattern.test(line)))).toEqual([])
  expect(statuses.filter(([pattern]) => !lines.some((line) => pattern.test(line)))).toEqual([])
  expect(lines.filter((line) => reasonFor(line) === undefined).length).toBeGreaterThan(120)
})

walkReference(
  referencePages.filter((page) => page !== 'docs/cli.md'),
  'docs/test-data.md',
)
