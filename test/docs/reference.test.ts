/**
 * The pages to look something up in: each line of their blocks is run in a workspace that has something of everything, or stands in
 * a short list with the reason. One page is gone through in every run, all of them with `npm run check:docs:all`.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { removeFolder } from '../support/remove.ts'
import { markdownFiles, root, textOf } from './files.ts'
import { blocksOf, commandsOf } from './walk/blocks.ts'
import { notRun, statuses } from './walk/reference-lines.ts'
import { makeReferenceWorld, type ReferenceWorld } from './walk/reference-world.ts'
import { walk } from './walk/walk.ts'

const shells = new Set(['console', 'sh'])
/** But the tour of the README, which test/tour goes through. */
const linesOf = (page: string): readonly string[] =>
  blocksOf(page, textOf(page))
    .filter(({ language, word }) => shells.has(language) && word?.startsWith('tour: ') !== true)
    .flatMap((block) => commandsOf(block).map(({ text }) => text))

const reference = markdownFiles().filter(
  (page) =>
    /^(docs\/[\w-]+|README|CONTRIBUTING)\.md$/.test(page) && page !== 'docs/tutorial.md' && linesOf(page).length > 0,
)
const { DOCS: chosen = 'docs/test-data.md' } = process.env
const pages = reference.filter((page) => chosen === 'all' || page === chosen)
const reasonFor = (line: string): string | undefined => notRun.find(([pattern]) => pattern.test(line))?.[1]

let folder: string
let world: ReferenceWorld

beforeAll(() => {
  if (pages.length === 0) return
  folder = mkdtempSync(join(tmpdir(), 'trueup-reference-'))
  world = makeReferenceWorld(folder)
})

afterAll(async () => {
  if (pages.length === 0) return
  await world?.remove()
  removeFolder(folder)
}, 60_000)

it('there are pages with lines to run, and the list of others names none that is not there', () => {
  expect(reference.length).toBeGreaterThan(12)
  const lines = reference.flatMap(linesOf)
  expect(notRun.filter(([pattern]) => !lines.some((line) => pattern.test(line)))).toEqual([])
  expect(statuses.filter(([pattern]) => !lines.some((line) => pattern.test(line)))).toEqual([])
  expect(lines.filter((line) => reasonFor(line) === undefined).length).toBeGreaterThan(120)
})

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
