/** What the README says of the first start, `npm start`, and of the edit that it asks for; in a folder with the checked-in file. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { blocksOf, commandsOf } from '../docs/walk/blocks.ts'
import { runInShell } from '../docs/walk/shell.ts'
import { trueup } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'
import { removeFolder } from '../support/remove.ts'

const folder = mkdtempSync(join(tmpdir(), 'trueup-start-'))
const file = join(folder, 'desired-state.yaml')
// With a port of its own for the one service that has one: the demo of another test has the usual one at the same time.
const scraperPort = await freePort()
const checkedIn = readFileSync('desired-state.yaml', 'utf8')
const declaredHere = checkedIn
  .replace('127.0.0.1:9101', `127.0.0.1:${scraperPort}`)
  .replace(/(website_scraper\.py\](?:.*\n){1,4}? +environment: \{ )/, `$1SCRAPER_PORT: "${scraperPort}", `)
writeFileSync(file, declaredHere)

const blocks = blocksOf('README.md', readFileSync('README.md', 'utf8'))
const shown = (blocks.find(({ word }) => word === 'start: prints')?.lines ?? []).filter((line) => line !== '…')
const asked = blocks.filter(({ word }) => word === 'start: after the edit').flatMap(commandsOf)

const child = spawn(process.execPath, [resolve('dist/cli/main.js'), 'run', '--demo', '--port', '0'], {
  cwd: folder,
  env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' },
})
const ended = new Promise<number | null>((done) => child.once('close', done))
let text = ''
for (const stream of [child.stdout, child.stderr])
  stream.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
const says = async (words: RegExp): Promise<void> => {
  while (!words.test(text)) {
    if (child.exitCode !== null) throw new Error(`it ended: ${text}`)
    await new Promise((wait) => setTimeout(wait, 50))
  }
}

afterAll(async () => {
  child.kill('SIGTERM')
  await ended
  await trueup(['service', 'stop', '--all'], { in: folder })
  removeFolder(folder)
}, 60_000)

/**
 * Figures, moments and ids are others each time: the services of the sample write while it is mended. The first look is
 * seconds ago, or minutes on a machine that has much else to do.
 */
const patternOf = (line: string): RegExp =>
  new RegExp(
    `^(\\d\\d:\\d\\d:\\d\\d )?${line
      .trim()
      .replace(/^\d\d:\d\d:\d\d /, '')
      .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll(/\b[0-9a-f]{12}\b/g, '\\w{12}')
      .replaceAll('…', '.*')
      .replaceAll(/(?<![\w{])\d+(?:(?:,|\\\.)\d+)*(?!\w|\})/g, '[\\d.,]+')
      .replace(/ s ago(?!\w)/, ' (?:s|min) ago')}$`,
    'm',
  )

it('makes the sample, repairs what it may, and says what it did and what waits, as the page shows', async () => {
  expect(shown.length).toBeGreaterThan(5)
  const missing = () => {
    // Of what is still under way at the first look the page shows nothing.
    const said = text.replaceAll(/,? [\d,]+ (is|are) being repaired(?=,)/g, '')
    return shown.filter((line) => !patternOf(line).test(said))
  }
  const untilMs = Date.now() + 300_000
  while (missing().length > 0 && child.exitCode === null && Date.now() < untilMs)
    await new Promise((wait) => setTimeout(wait, 500))
  expect(missing(), `it said at last:\n${text.slice(-2000)}`).toEqual([])
}, 600_000)

it('makes the column of a copied line a second after it is saved, and the API answers with it', async () => {
  const declared = readFileSync(file, 'utf8')
  writeFileSync(file, declared.replace(/^( +)location: .*$/m, '$&\n$1region: { type: text, airtable: Region }'))
  await says(/✓ table\/leads: Add column region \(TEXT\) to table leads/)
  await says(/✓ airtable-schema\/base: Add the field “Region”/)
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? []
  expect(asked.length).toBeGreaterThan(0)
  for (const command of asked) {
    const told = await runInShell(command.text.replace('http://127.0.0.1:4000', url), {
      in: folder,
      variables: { PATH: process.env.PATH ?? '' },
      timeoutMs: 60_000,
    })
    expect(told.stdout).toMatch(/^\{"data":\{"leads":\{"totalCount":\d+,"nodes":\[\{"full_name":".*","region":/)
  }
}, 600_000)
