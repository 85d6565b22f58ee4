/** Every `trueup …` that a block of the documents shows is one that the command line takes, and every npm script is there. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { markdownFiles, textOf } from './files.ts'
import { blocksOf, callsIn, commandsOf, wordsOf } from './walk/blocks.ts'
import { refusalOf } from './walk/cli.ts'

const calls = markdownFiles()
  .filter((page) => page !== 'CHANGELOG.md')
  .flatMap((page) => blocksOf(page, textOf(page)))
  .filter(({ language }) => language === 'console' || language === 'sh')
  .flatMap((block) =>
    commandsOf(block)
      .flatMap(({ text }) => callsIn(text))
      .map((call) => ({ place: `${block.page}:${block.line}`, call: call.replace(/^(sudo -u \S+ |npx )/, '') })),
  )
  .filter(({ call }) => /^trueup( |$)/.test(call))

it('the command line takes every command of every block, with its options', { timeout: 120_000 }, async () => {
  expect(calls.length).toBeGreaterThan(150)
  const refused: string[] = []
  for (const { place, call } of calls) {
    const [, ...args] = wordsOf(call.replace(/ [0-9]?>[^"']*$/, ''))
    const problem = await refusalOf(args)
    if (problem !== undefined) refused.push(`${place}: ${call}: ${problem}`)
  }
  expect(refused).toEqual([])
})

it('every npm script that a page or `.ci/run` names is one of the package', () => {
  const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(textOf('package.json')))
  const named = [...markdownFiles().filter((page) => page !== 'CHANGELOG.md'), '.ci/run'].flatMap((page) =>
    [...textOf(page).matchAll(/\bnpm (?:run (?:--silent )?([a-z][\w:-]*)|(test|start)\b)/g)].map(
      ([, script, short]) => ({ page, script: script ?? short ?? '' }),
    ),
  )
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter(({ script }) => !Object.hasOwn(scripts, script))).toEqual([])
})
