/**
 * `npm run bench`: the product against the least that could do the same work, both measured in turns in one run.
 *
 *     npm run bench -- [--rows N] [--only NAME] [--rounds N] [--seed N] [--json]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '../errors.ts'
import { apiDuringLook } from './api-during-look.ts'
import { apiPages } from './api-pages.ts'
import { backup } from './backup.ts'
import { convergence } from './convergence.ts'
import { idle } from './idle.ts'
import { idleServices } from './idle-services.ts'
import { importRows } from './import.ts'
import { incremental } from './incremental.ts'
import type { Bench, BenchContext, Row } from './measure.ts'
import { pageRate } from './page-rate.ts'
import { plan } from './plan.ts'
import { requireProc } from './processes.ts'
import { circumstances, reportJson, reportText } from './report.ts'
import { standardize } from './standardize.ts'
import { start } from './start.ts'
import { statistics } from './statistics.ts'
import { sync } from './sync.ts'

const benches: readonly Bench[] = [
  plan,
  incremental,
  convergence,
  start,
  apiDuringLook,
  apiPages,
  pageRate,
  standardize,
  statistics,
  importRows,
  backup,
  idle,
  idleServices,
  sync,
]

const usage = `npm run bench -- [--rows N] [--only NAME] [--rounds N] [--seed N] [--json]
  --rows    rows of every table; without it 1,000,000 for plan, 10,000 for sync and 100,000 for the others
  --only    one of: ${benches.map((bench) => bench.name).join(', ')}; may be given more than once
  --rounds  how often each thing is measured, in turns with its floor; default 3
  --seed    of the generated workspaces; default 7
  --json    one JSON document on stdout instead of the table`

function countOf(text: string, option: string): number {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < 1) throw new Error(`--${option} ${text} is no count\n${usage}`)
  return count
}

function options() {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string' },
      only: { type: 'string', multiple: true },
      rounds: { type: 'string', default: '3' },
      seed: { type: 'string', default: '7' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const only = values.only ?? benches.map((bench) => bench.name)
  const unknown = only.find((name) => benches.every((bench) => bench.name !== name))
  if (unknown !== undefined) throw new Error(`there is no benchmark ${unknown}\n${usage}`)
  return {
    rows: values.rows === undefined ? undefined : countOf(values.rows, 'rows'),
    chosen: benches.filter((bench) => only.includes(bench.name)),
    rounds: countOf(values.rounds, 'rounds'),
    seed: countOf(values.seed, 'seed'),
    json: values.json,
    help: values.help,
  }
}

async function main(): Promise<void> {
  const { rows, chosen, rounds, seed, json, help } = options()
  if (help) return console.log(usage)
  requireProc()
  const about = circumstances(new Date(), seed, rounds)
  const folder = mkdtempSync(join(tmpdir(), 'trueup-bench-'))
  // Ctrl-C must not leave gigabytes behind; children hear of it themselves.
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const context: BenchContext = {
    rows: (usual) => rows ?? usual,
    rounds,
    seed,
    folder,
    say: (message) => console.error(`… ${message}`),
  }
  const found: Row[] = []
  for (const bench of chosen) {
    try {
      found.push(...(await bench.run(context)))
    } catch (error) {
      // What the others found is worth reading all the same.
      process.exitCode = 1
      const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : ''
      console.error(`${bench.name} broke: ${messageOf(error)}${cause}`)
    }
  }
  console.log(json ? reportJson(found, about) : reportText(found, about))
}

try {
  await main()
} catch (error) {
  process.exitCode = 1
  console.error(messageOf(error))
}
