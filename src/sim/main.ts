/** `npm run simulate`: runs episodes of the simulator and says what was found. Bundled by scripts/simulator.mjs. */
import { randomInt } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { preload } from './edges/offload.ts'
import { type Episode, type Mode, runEpisode } from './episode.ts'
import { mixed } from './mixed.ts'
import { shrink } from './shrink.ts'

const help = `Usage: npm run simulate -- [options]

Plays the real engine against a simulated world and checks its invariants after every step.

  --seed N          where chance begins; without it one is drawn and printed
  --steps M         timers, effects and deeds in all (2000)
  --episode K       steps of the longest worlds; others have a half, a quarter or an eighth of them (3000)
  --worlds N        so many worlds at most
  --mode MODE       safety, liveness: longer rests in which nobody asks for a look, or mixed: each world one of them (mixed)
  --share I/N       plays every Nth world only, from the Ith on, for one Nth of the steps: N processes play them all (1/1)
  --keep 3,7,…      the only turns in which something is done, as a shrunken history names them; none: of no turn
  --acts 0,3,…      the only last acts that are played, by their places; none: no act
  --turns N         the world comes to rest after so many turns, if not before
  --trace           every line of what happens
  --no-shrink       tells the history as it was found
  --json            one line of JSON in the end

Exit status: 0 nothing was found, 1 an invariant does not hold, 2 wrong usage.
`

const numbersSchema = z
  .string()
  .regex(/^(none|\d+(,\d+)*)$/)
  .transform((text) => new Set(text === 'none' ? [] : text.split(',').map(Number)))

const optionsSchema = z.object({
  seed: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .optional(),
  steps: z.coerce.number().int().min(1).default(2000),
  episode: z.coerce.number().int().min(1).default(3000),
  worlds: z.coerce.number().int().min(1).default(Number.MAX_SAFE_INTEGER),
  mode: z.enum(['safety', 'liveness', 'mixed']).default('mixed'),
  share: z
    .string()
    .regex(/^[1-9]\d?\/[1-9]\d?$/)
    .default('1/1')
    .transform((text) => text.split('/').map(Number)),
  keep: numbersSchema.optional(),
  acts: numbersSchema.optional(),
  turns: z.coerce.number().int().min(0).optional(),
})

/** So many steps of worlds are played for a short history: one or two minutes of CPU. */
const shrinkStepsMax = 150_000

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    steps: { type: 'string' },
    episode: { type: 'string' },
    worlds: { type: 'string' },
    mode: { type: 'string' },
    share: { type: 'string' },
    keep: { type: 'string' },
    acts: { type: 'string' },
    turns: { type: 'string' },
    trace: { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const parsed = optionsSchema.safeParse(values)
if (values.help || !parsed.success) {
  process.stdout.write(parsed.success ? help : `${z.prettifyError(parsed.error)}\n\n${help}`)
  process.exit(parsed.success ? 0 : 2)
}
process.exitCode = await simulate(parsed.data)

async function simulate({
  seed = randomInt(2 ** 31),
  steps,
  episode,
  worlds,
  mode,
  share: [first = 1, every = 1],
  keep,
  acts,
  turns,
}: z.output<typeof optionsSchema>): Promise<number> {
  await loadAll()
  // The wall clock of this machine must decide nothing.
  Date.now = () => Date.UTC(2026, 0, 1)
  process.setMaxListeners(0)
  const begunAt = process.hrtime.bigint()
  const cpuBefore = process.cpuUsage()
  const longest = Math.min(steps, episode)
  const goesOn = () => total.steps < steps / every && total.episodes < worlds && found === undefined
  const total = { steps: 0, episodes: 0, lives: 0, virtualMs: 0 }
  let found: Episode | undefined
  let hash = ''
  for (let world = first - 1; goesOn(); world += every) {
    const own = world === 0 ? seed : mixed(seed, world)
    const result = await runEpisode({
      seed: own,
      steps: lengthOf(longest, own),
      mode: modeOf(mode, own),
      ...(keep === undefined ? {} : { keep }),
      ...(acts === undefined ? {} : { acts }),
      ...(turns === undefined ? {} : { turns }),
      ...(values.trace ? { show: (line: string) => void process.stdout.write(`${line}\n`) } : {}),
    })
    total.episodes += 1
    total.steps += result.steps
    total.lives += result.lives
    total.virtualMs += result.virtualMs
    hash = result.hash
    if (result.violation !== undefined) found = result
  }
  const seconds = Number(process.hrtime.bigint() - begunAt) / 1e9
  const used = process.cpuUsage(cpuBefore)
  const cpuSeconds = (used.user + used.system) / 1e6
  if (values.json) {
    const { violation, seed: failing } = found ?? {}
    process.stdout.write(`${JSON.stringify({ seed, mode, ...total, seconds, cpuSeconds, hash, violation, failing })}\n`)
  } else {
    const days = (total.virtualMs / 3_600_000).toFixed(1)
    const what = `${total.steps} steps, ${total.episodes} worlds, ${total.lives} lives, ${days} h of virtual time`
    process.stdout.write(
      `seed ${seed}, ${mode}: ${what}, ${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of CPU), trace ${hash}\n`,
    )
    if (found !== undefined) await tell(found, longest, modeOf(mode, found.seed))
  }
  return found === undefined ? 0 : 1
}

/** Of mixed ones every fourth world is left to itself in the end. */
function modeOf(mode: Mode | 'mixed', seed: number): Mode {
  if (mode !== 'mixed') return mode
  return mixed(seed, 0) % 4 === 0 ? 'liveness' : 'safety'
}

/** How long a world is before it comes to rest: what shows in the end only is met oftener where many are short. */
function lengthOf(longest: number, seed: number): number {
  return Math.ceil(longest / 2 ** (mixed(seed, 1) % 4))
}

/** Seed, step, invariant and the shortest history that was found. */
async function tell(found: Episode, longest: number, mode: Mode): Promise<void> {
  const { seed, violation } = found
  const out = (text: string) => void process.stdout.write(`${text}\n`)
  out(`\nBROKEN at step ${violation?.step}: ${violation?.invariant}\n  ${violation?.message}\n`)
  const command = `npm run simulate -- --seed ${seed} --steps ${longest} --worlds 1 --mode ${mode}`
  out(`again: ${command}`)
  let shown = found
  // What was kept by hand is not shrunken further.
  const isByHand = values.keep !== undefined || values.acts !== undefined || values.turns !== undefined
  if (!values['no-shrink'] && !isByHand) {
    const { episode, keep, acts, turns, ...effort } = await shrink(
      found,
      { seed, steps: lengthOf(longest, seed), mode },
      shrinkStepsMax,
    )
    shown = episode
    out(
      `shrunk from ${found.history.length} deeds to ${episode.history.length} and from ${found.turns} turns to ${turns} (${effort.runs} runs, ${effort.steps} steps${effort.isWhole ? '' : ', and then given up'}):`,
    )
    out(`  ${command} --turns ${turns} --keep ${listOf(keep)} --acts ${listOf(acts)}`)
    out(`  ${episode.violation?.message}`)
  }
  out('\nhistory (turn, virtual time):')
  for (const { turn, atMs, name, what } of shown.history)
    out(`  ${String(turn).padStart(5)} ${(atMs / 1000).toFixed(1).padStart(9)} s  ${name}: ${what}`)
  for (const { place, atMs, name } of shown.acts)
    out(`  act ${place} ${(atMs / 1000).toFixed(1).padStart(9)} s  ${name}`)
  out('\nlast lines of the trace:')
  for (const line of shown.last.slice(-25)) out(`  ${line}`)
}

function listOf(numbers: readonly number[]): string {
  return numbers.length === 0 ? 'none' : numbers.join()
}

/** Loads all that the product might load later: loading takes real time, which must decide nothing. */
async function loadAll(): Promise<void> {
  const root = dirname(dirname(fileURLToPath(import.meta.url)))
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .sort()
  const isChunk = (file: string) => file.startsWith('chunks/')
  // The entries of backups load one another, and no backup is declared in the simulated world.
  const isEntry = (file: string) =>
    !isChunk(file) &&
    file !== 'sim/main.js' &&
    !/^(targets\/backup|workspace|kinds\/backup)\/(?!verify-journal-entry)/.test(file)
  for (const file of files) if (isEntry(file)) await preload(pathToFileURL(join(root, file)))
  for (const file of files) if (isChunk(file)) await import(pathToFileURL(join(root, file)).href)
}
