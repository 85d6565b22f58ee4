/** `npm run bench:compare BASE`: the benchmarks of this program and of another commit, in turns on one machine. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { messageOf } from '../../errors.ts'
import { runNode } from '../processes.ts'
import { type BenchOutput, benchOutputSchema, changesOf } from './change.ts'
import { checkOut, commitOf, removeCheckout } from './checkout.ts'
import { changesText } from './table.ts'

const usage = `npm run bench:compare -- BASE [--turns N] [--json] [options of npm run bench]
  BASE      a commit, branch or tag: what the program as it lies here is compared with
  --turns   how often each of both is measured, in turns; default 3. With 1 nothing is called clear
  --json    one JSON document on stdout instead of the table
  --only, --rows, --rounds, --seed   as for npm run bench
Example: npm run bench:compare -- main --only incremental --rows 100000`

const passedOn = ['only', 'rows', 'rounds', 'seed'] as const

interface Options {
  readonly base: string
  readonly turns: number
  readonly json: boolean
  readonly benchArgv: readonly string[]
}

function optionsOf(): Options | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      turns: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      rows: { type: 'string' },
      rounds: { type: 'string', default: '1' },
      seed: { type: 'string' },
    },
  })
  if (values.help) return undefined
  const [base, ...more] = positionals
  const turns = Number(values.turns)
  if (base === undefined || more.length > 0) throw new Error(`one BASE to compare with\n${usage}`)
  if (!Number.isSafeInteger(turns) || turns < 1)
    throw new Error(`--turns ${values.turns} is no whole number from 1\n${usage}`)
  const benchArgv = passedOn.flatMap((name) => [values[name] ?? []].flat().flatMap((value) => [`--${name}`, value]))
  return { base, turns, json: values.json, benchArgv }
}

async function measure(root: string, argv: readonly string[]): Promise<BenchOutput> {
  const { stdout } = await runNode([join(root, 'dist/bench/main.js'), ...argv, '--json'], { folder: root })
  return benchOutputSchema.parse(JSON.parse(stdout))
}

async function main(): Promise<void> {
  const options = optionsOf()
  if (options === undefined) return console.log(usage)
  const { base, turns, json, benchArgv } = options
  const say = (message: string) => console.error(`… ${message}`)
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  const commit = commitOf(base, root)
  const scratch = mkdtempSync(join(tmpdir(), 'trueup-compare-'))
  const other = join(scratch, 'base')
  // Ctrl-C must leave no worktree behind.
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  process.once('exit', () => {
    removeCheckout(root, other)
    rmSync(scratch, { recursive: true, force: true })
  })
  say(`checking ${base} out (${commit.slice(0, 12)})`)
  checkOut(commit, root, other, say)
  const before: BenchOutput[] = []
  const now: BenchOutput[] = []
  for (let turn = 1; turn <= turns; turn += 1) {
    say(`turn ${turn} of ${turns}: ${base}`)
    before.push(await measure(other, benchArgv))
    say(`turn ${turn} of ${turns}: as it is`)
    now.push(await measure(root, benchArgv))
  }
  const changes = changesOf(before, now)
  console.log(json ? JSON.stringify({ base: commit, turns, items: changes }, null, 2) : changesText(changes))
}

try {
  await main()
} catch (error) {
  process.exitCode = 1
  console.error(messageOf(error))
}
