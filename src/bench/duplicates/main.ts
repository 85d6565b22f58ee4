/**
 * `npm run bench:duplicates`: the matcher on a labelled CSV file, or on generated leads of any number.
 *
 *     npm run bench:duplicates -- FILE.csv --truth COLUMN [--config FILE.yaml] [--seed N] [--json]
 *     npm run bench:duplicates -- --synthetic N [--seed N] [--json]
 */
import { parseArgs } from 'node:util'
import { messageOf, OperationalError } from '../../errors.ts'
import { inferredConfig, readConfig } from './config.ts'
import { readCsv, readLabelledSet } from './labelled-set.ts'
import { measureSet } from './measure-set.ts'
import { setJson, setText, syntheticText } from './report.ts'
import { measureSynthetic } from './synthetic.ts'

const usage = `npm run bench:duplicates -- FILE.csv --truth COLUMN [--config FILE.yaml] [--seed N] [--json]
npm run bench:duplicates -- --synthetic N [--seed N] [--json]
  --truth      the column that says which rows are one thing
  --config     YAML with the fields and duplicates sections of one table; without it fields are told from the columns
  --synthetic  generates so many leads with planted duplicates instead of reading a file
  --seed       of samples and of generated leads; default 7
  --json       one JSON document on stdout`

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      truth: { type: 'string' },
      config: { type: 'string' },
      synthetic: { type: 'string' },
      seed: { type: 'string', default: '7' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  return { ...values, files: positionals, seed: countOf(values.seed, 'seed') }
}

function countOf(text: string, option: string): number {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < 1) throw new OperationalError('USAGE', `--${option} ${text} is no count`)
  return count
}

async function main(): Promise<void> {
  const { help, files, truth, config, synthetic, seed, json } = options()
  if (help) return console.log(usage)
  if (synthetic !== undefined) {
    const report = await measureSynthetic(countOf(synthetic, 'synthetic'), seed)
    return console.log(json ? JSON.stringify(report, null, 2) : syntheticText(report))
  }
  const [file] = files
  if (file === undefined || files.length > 1 || truth === undefined)
    throw new OperationalError('USAGE', 'a labelled set is one CSV file and --truth COLUMN', { hint: usage })
  const set = readLabelledSet(file, truth)
  const bareMs = took(() => readCsv(file))
  const chosen = config === undefined ? inferredConfig(set.columns) : readConfig(config, set.columns, truth)
  const report = measureSet(set, chosen, seed)
  const peakBytes = process.resourceUsage().maxRSS * 1024
  const shown = { ...report, bareReadMs: bareMs, peakBytes, inferred: chosen.inferred }
  console.log(json ? setJson(shown) : setText(shown))
}

function took(work: () => unknown): number {
  const startMs = performance.now()
  work()
  return performance.now() - startMs
}

try {
  await main()
} catch (error) {
  process.exitCode = 1
  console.error(messageOf(error))
  if (error instanceof OperationalError) console.error(error.hint)
}
