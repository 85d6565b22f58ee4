/** docs/cli.md has as many lines as all other pages together, so that it has a workspace and a process of its own. */
import { expect, it } from 'vitest'
import { linesOf, referencePages, walkReference } from './walk/reference.ts'

const page = 'docs/cli.md'

it('docs/cli.md has lines to run', () => {
  expect(referencePages).toContain(page)
  expect(linesOf(page).length).toBeGreaterThan(100)
})

walkReference([page])
