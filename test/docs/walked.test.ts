/**
 * The tutorial and the how-to pages, gone through as a reader does, with real processes. That takes a minute and more, so that
 * `npm run check:docs:all` walks all of them, and every other run one page. `DOCS=PAGE,PAGE` names some.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { markdownFiles, root, textOf } from './files.ts'
import { isChosen } from './walk/reference.ts'
import { walk } from './walk/walk.ts'

const howTo = markdownFiles().filter((page) => page.startsWith('docs/how-to/'))
const all = ['docs/tutorial.md', ...howTo]
const pages = all.filter(isChosen('docs/how-to/erase-a-person.md'))

it('there are pages to walk', () => {
  expect(howTo.length).toBeGreaterThan(6)
})

it.each(pages)('%s does and prints what it says', { timeout: 600_000 }, async (page) => {
  const folder = mkdtempSync(join(tmpdir(), 'trueup-docs-'))
  try {
    const walked = await walk({ page, markdown: textOf(page), folder, checkout: root })
    expect(walked.problems.join('\n')).toBe('')
    expect(walked.commands).toBeGreaterThan(3)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
