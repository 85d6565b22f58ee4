/** `npm run drill`: databases are destroyed and brought back, to know how much would be lost and how long it takes. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '../../errors.ts'
import { seededRandom } from '../../random.ts'
import { type Disaster, disasters } from './disaster.ts'
import { type DrillResult, drill } from './drill.ts'
import { metricsText, resultsText } from './report.ts'

const usage = `npm run drill -- [--only DISASTER] [--seconds N] [--every N] [--seed N] [--metrics FILE] [--json]
  --only     one of: ${disasters.join(', ')}; may be given more than once; without it all
  --seconds  how long a program writes before each; default 15
  --every    seconds between two backup sets; default 5
  --seed     of what is written and destroyed; without it another one each time, which is printed
  --metrics  a file for the textfile collector of the Prometheus node exporter, replaced as a whole
  --json     one JSON document on stdout`

interface Options {
  readonly only: readonly Disaster[]
  readonly seconds: number
  readonly every: number
  readonly seed: number
  readonly metrics: string | undefined
  readonly json: boolean
}

function positive(text: string, option: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1)
    throw new Error(`--${option} ${text} is no whole number from 1\n${usage}`)
  return number
}

function optionsOf(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      seconds: { type: 'string', default: '15' },
      every: { type: 'string', default: '5' },
      seed: { type: 'string' },
      metrics: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(`${usage}\n`)
    process.exit(0)
  }
  const only = (values.only ?? disasters).map((name) => {
    const found = disasters.find((one) => one === name)
    if (found === undefined) throw new Error(`--only ${name} is no disaster\n${usage}`)
    return found
  })
  return {
    only,
    seconds: positive(values.seconds, 'seconds'),
    every: positive(values.every, 'every'),
    seed: positive(values.seed ?? String(1 + Math.floor(Math.random() * 999_999)), 'seed'),
    metrics: values.metrics,
    json: values.json,
  }
}

async function run(): Promise<void> {
  const { only, seconds, every, seed, metrics, json } = optionsOf()
  const say = (text: string) => process.stderr.write(`${text}\n`)
  say(`seed ${seed}`)
  const random = seededRandom(seed)
  const results: DrillResult[] = []
  for (const disaster of only) {
    const folder = mkdtempSync(join(tmpdir(), 'trueup-drill-'))
    const result = await drill({ folder, disaster, seconds, setEverySeconds: every, seed, random, say })
    results.push(result)
    if (result.problems.length === 0) rmSync(folder, { recursive: true })
    else say(`${disaster}: the workspace is kept in ${folder}`)
  }
  process.stdout.write(json ? `${JSON.stringify({ seed, items: results })}\n` : resultsText(results))
  if (metrics !== undefined) {
    writeFileSync(`${metrics}.part`, metricsText(results, Date.now()))
    renameSync(`${metrics}.part`, metrics)
  }
  if (results.some(({ problems }) => problems.length > 0)) process.exitCode = 1
}

try {
  await run()
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = 1
}
