/** What goes through the pages notices a page that is wrong; else its silence would say nothing. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { removeFolder } from '../support/remove.ts'
import { root } from './files.ts'
import { type Examples, walk } from './walk/walk.ts'

const folder = mkdtempSync(join(tmpdir(), 'trueup-walker-'))
writeFileSync(join(folder, 'said.txt'), '12 leads of 3,400 here, changed 2026-01-02 03:04:05\n')
afterAll(() => removeFolder(folder))

const course = (markdown: string) => walk({ page: 'page.md', markdown, folder, checkout: root })
const block = (lines: string, word = '') => `${word}\n\n\`\`\`console\n${lines}\n\`\`\`\n`

it('of a course: what is printed, the status, the edit and the program', async () => {
  const right = await course(block('$ cat said.txt\n12 leads of 3,400 here, …'))
  expect(right).toEqual({ commands: 1, passedOver: [], problems: [] })
  const { problems } = await course(
    block('$ cat said.txt\n13 leads of 3,400 here, …') +
      block('$ cat none.txt') +
      block('$ cat said.txt', '<!-- run: exit 2 -->') +
      block('$ cat said.txt', '<!-- run: take ID from ([0-9a-f]{12}) -->') +
      block('$ no-such-program') +
      '<!-- edit: said.txt -->\n\n```diff\n-what it does not hold\n```\n',
  )
  expect(problems.map((problem) => problem.split('\n')[0])).toEqual([
    'page.md:3: cat said.txt: did not print "13 leads of 3,400 here, …" but',
    'page.md:9: cat none.txt: ended with 1, not 0:',
    'page.md:14: cat said.txt: ended with 0, not 2:',
    'page.md:19: ([0-9a-f]{12}) is not in what is printed:',
    'page.md:24: no-such-program is nothing that this test can run',
    `page.md:29: ${join(folder, 'said.txt')} has no line "what it does not hold"`,
  ])
})

it('of an example: a key may be another one', async () => {
  writeFileSync(
    join(folder, 'key.txt'),
    'the person of c419eaff-cf44-4a9e-ae8a-6aa35ab398f6, 3fa91c0b2d4e and 1a2b3c4d\n',
  )
  const shown = '$ cat key.txt\nthe person of 000da055-b49f-4254-9f3d-ad548fd7bc70, 7c1f09e2a1b3 and 000da055'
  const examples: Examples = { stand: async (line) => line, notRun: () => undefined, statusOf: () => undefined }
  const { problems } = await walk({ page: 'page.md', markdown: block(shown), folder, checkout: root, examples })
  expect(problems).toEqual([])
})

it('of an example: figures and moments may be others, words and errors not', async () => {
  const examples: Examples = {
    stand: async (line) => line,
    notRun: (line) => (line === 'ls' ? 'a reason' : undefined),
    statusOf: () => undefined,
  }
  const example = (markdown: string) => walk({ page: 'page.md', markdown, folder, checkout: root, examples })
  const right = await example(block('$ cat said.txt\n7 leads of 10 here, changed 2025-11-26 09:12:04\n$ ls'))
  expect(right).toEqual({ commands: 1, passedOver: ['page.md:3: ls: a reason'], problems: [] })
  const { problems } = await example(block('$ cat said.txt\n7 leads of 10 there, …') + block('$ cat none.txt'))
  expect(problems.map((problem) => problem.split('\n')[0])).toEqual([
    'page.md:3: cat said.txt: did not print "7 leads of 10 there, …" but',
    'page.md:9: cat none.txt: ended with 1, not 0 or 2:',
  ])
})
