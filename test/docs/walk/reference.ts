/**
 * Goes through pages to look something up in: each line of their blocks is run in a workspace that has something of everything, or
 * stands in a short list with the reason.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { removeFolder } from '../../support/remove.ts'
import { markdownFiles, root, textOf } from '../files.ts'
import { blocksOf, commandsOf } from './blocks.ts'
import { notRun, statuses } from './reference-lines.ts'
import { makeReferenceWorld, type ReferenceWorld } from './reference-world.ts'
import { walk } from './walk.ts'

const shells = new Set(['console', 'sh'])
/** But the tour of the README, which test/tour goes through. */
export const linesOf = (page: string): readonly string[] =>
  blocksOf(page, textOf(page))
    .filter(({ language, word }) => shells.has(language) && word?.startsWith('tour: ') !== true)
    .flatMap((block) => commandsOf(block).map(({ text }) => text))

export const referencePages: readonly string[] = markdownFiles().filter(
  (page) =>
    /^(docs\/[\w-]+|README|CONTRIBUTING)\.md$/.test(page) && page !== 'docs/tutorial.md' && linesOf(page).length > 0,
)

export const reasonFor = (line: string): string | undefined => notRun.find(([pattern]) => pattern.test(line))?.[1]

/** Whether `DOCS` names a page: `all`, or pages with commas between them. */
export function isChosen(byDefault = ''): (page: string) => boolean {
  const { DOCS = byDefault } = process.env
  const chosen = DOCS.split(',')
  return (page) => DOCS === 'all' || chosen.includes(page)
}

/** Declares a test for each of the pages that `DOCS` chooses; all of them share one workspace. */
export function walkReference(candidates: readonly string[], byDefault?: string): void {
  const pages = candidates.filter(isChosen(byDefault))
  if (pages.length === 0) return
  let folder: string
  let world: ReferenceWorld

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'trueup-reference-'))
    world = makeReferenceWorld(folder)
  })

  afterAll(async () => {
    await world.remove()
    removeFolder(folder)
  }, 60_000)

  it.each(pages)('%s: each line does what it says', { timeout: 3_600_000 }, async (page) => {
    const walked = await walk({
      page,
      markdown: textOf(page),
      folder,
      checkout: root,
      examples: {
        stand: (line) => world.stand(line),
        notRun: reasonFor,
        statusOf: (line) => statuses.find(([pattern]) => pattern.test(line))?.[1],
      },
    })
    expect(walked.problems.join('\n')).toBe('')
    expect(walked.commands + walked.passedOver.length).toBe(linesOf(page).length)
  })
}
