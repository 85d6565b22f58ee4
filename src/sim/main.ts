/** `npm run simulate`: runs episodes of the simulator and says what was found. Bundled by scripts/simulator.mjs. */
import { randomInt } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { preload } from './edges/offload.ts'
import { type Mode, mixed, runEpisode } from './episode.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Loads all that the product might load later: loading takes real time, which must decide nothing. */
async function loadAll(): Promise<void> {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js')).sort()
  // The entries of backups load one another, and no backup is declared in the simulated world.
  const isEntry = (file: string) => !isChunk(file) && file !== 'sim/main.js' && !/^(targets\/backup|workspace|kinds\/backup)\//.test(file)
  const isChunk = (file: string) => file.startsWith('chunks/')
  for (const file of files) if (isEntry(file)) await preload(pathToFileURL(join(root, file)))
  for (const file of files) if (isChunk(file)) await import(pathToFileURL(join(root, file)).href)
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    steps: { type: 'string', default: '2000' },
    episode: { type: 'string', default: '2000' },
    mode: { type: 'string', default: 'safety' },
    trace: { type: 'boolean', default: false },
  },
})

await loadAll()
process.setMaxListeners(0)
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
const steps = Number(values.steps)
const length = Math.min(steps, Number(values.episode))
const mode: Mode = values.mode === 'liveness' ? 'liveness' : 'safety'
Date.now = () => Date.UTC(2026, 0, 1)

let done = 0
const startedAt = process.hrtime.bigint()
for (let episode = 0; done < steps; episode += 1) {
  const own = episode === 0 ? seed : mixed(seed, episode)
  const result = await runEpisode({
    seed: own,
    steps: length,
    mode,
    ...(values.trace ? { show: (line: string) => process.stdout.write(`${line}\n`) } : {}),
  })
  done += result.steps
  process.stdout.write(`${JSON.stringify({ ...result, history: result.history.length, last: result.last.slice(-10) })}\n`)
  if (result.violation !== undefined) break
}
process.stdout.write(`${done} steps in ${Number(process.hrtime.bigint() - startedAt) / 1e9} s\n`)
