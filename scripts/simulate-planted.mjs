/**
 * `npm run simulate:planted -- [NAME…] [--steps N] [--seed N] [--jobs N] [--json]`: builds the simulator once for each planted
 * bug and tells after how many steps and seconds of CPU it is found. A world that breaks with the bug is played again by the
 * simulator as it is shipped: only where that one stays clean, and the invariant is one by which the bug may be noticed, the
 * bug is what was found. Exit status 1 when one is not found
 * within the steps, 2 for wrong usage or a bug that no longer fits the source.
 */
import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { source } from './bundle.mjs'
import { plantedBugs } from './planted-bugs.mjs'
import { bundleSimulator } from './simulator.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: 'string', default: '200000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
})
const stepsMax = Number(values.steps)
/** As `--episode` is without being given. */
const longestWorld = 3000
const unknown = positionals.filter((one) => !plantedBugs.some(({ name }) => name === one))
if (unknown.length > 0) refuse(`there is no planted bug ${unknown.join(', ')}; see scripts/planted-bugs.mjs`)
// All of them, not only those that are asked for: an entry that no longer fits is not left for later.
const unfit = plantedBugs.flatMap(({ name, file, from }) => {
  const times = readFileSync(join(source, file), 'utf8').split(from).length - 1
  return times === 1 ? [] : [`${name}: ${file} holds the text to be exchanged ${times} times, not once`]
})
if (unfit.length > 0) refuse(unfit.join('\n'))

const waiting = plantedBugs.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
const wanted = waiting.length
// A bundle of its own: whoever runs the simulator meanwhile builds the other anew.
const shipped = await bundleSimulator('planted/shipped', undefined)
let missed = 0
await Promise.all(Array.from({ length: Number(values.jobs) }, work))
if (!values.json) process.stdout.write(`${wanted - missed} of ${wanted} found\n`)
process.exitCode = missed === 0 ? 0 : 1

function refuse(why) {
  process.stderr.write(`${why}\n`)
  process.exit(2)
}

/** Takes one bug after another, until none is left. */
async function work() {
  for (let bug = waiting.shift(); bug !== undefined; bug = waiting.shift()) {
    const program = await bundleSimulator(`planted/${bug.name}`, bug)
    const found = await search(program, bug)
    rmSync(dirname(dirname(program)), { recursive: true })
    if (found.violation === undefined) missed += 1
    tell(bug, found)
  }
}

/** Plays worlds until one breaks as the bug would have it that does not break without it. */
async function search(program, { finds }) {
  const total = { steps: 0, cpuSeconds: 0, others: [] }
  for (let seed = Number(values.seed); total.steps < stepsMax; seed += 1) {
    const found = await play(program, seed, stepsMax - total.steps)
    total.steps += found.steps
    total.cpuSeconds += found.cpuSeconds
    if (found.violation === undefined) return total
    // As long as it was here: that follows from its seed.
    const clean = await play(shipped, found.failing, longestWorld, ['--worlds', '1'])
    const isOwn = clean.violation === undefined && finds.includes(found.violation.invariant)
    if (isOwn) return { ...total, violation: found.violation, world: found.failing }
    total.others.push({ world: found.failing, ...found.violation, isClean: clean.violation === undefined })
  }
  return total
}

/** A simulator that ends by an error has found something, too. */
async function play(program, seed, steps, more = []) {
  const options = ['--seed', String(seed), '--steps', String(Math.max(steps, longestWorld)), '--no-shrink', '--json']
  const child = spawn(process.execPath, [program, ...options, ...more], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)])
  const line = stdout.trim().split('\n').at(-1) ?? ''
  try {
    return JSON.parse(line)
  } catch {
    const error = stderr.split('\n').find((one) => /Error/.test(one)) ?? line
    const violation = { invariant: 'the simulator ends', message: error }
    return { steps: longestWorld, cpuSeconds: 0, failing: seed, violation }
  }
}

async function textOf(stream) {
  let text = ''
  for await (const part of stream.setEncoding('utf8')) text += part
  return text
}

function tell({ name }, { steps, cpuSeconds, violation, world, others }) {
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ name, found: violation !== undefined, steps, cpuSeconds, world, violation, others })}\n`,
    )
    return
  }
  const what = violation === undefined ? 'NOT FOUND' : `${violation.invariant} (world ${world})`
  const beside = others.map(({ world: other, invariant }) => `\n    beside it: ${invariant} (world ${other})`).join('')
  process.stdout.write(
    `${name.padEnd(32)} ${String(steps).padStart(7)} ${cpuSeconds.toFixed(1).padStart(7)} s  ${what}${beside}\n`,
  )
}
