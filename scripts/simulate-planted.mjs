/**
 * `npm run simulate:planted -- [NAME…] [--steps N] [--seed N]`: builds the simulator once for each planted bug and tells after
 * how many steps and seconds of CPU it is found. Exit status 1 when one is not found within the steps, 2 for wrong usage.
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { plantedBugs } from './planted-bugs.mjs'
import { bundleSimulator } from './simulator.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { steps: { type: 'string', default: '200000' }, seed: { type: 'string', default: '1' } },
})
const unknown = positionals.filter((one) => !plantedBugs.some(({ name }) => name === one))
if (unknown.length > 0) {
  process.stderr.write(`there is no planted bug ${unknown.join(', ')}; see scripts/planted-bugs.mjs\n`)
  process.exit(2)
}
const wanted = plantedBugs.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
let missed = 0
for (const bug of wanted) {
  const program = await bundleSimulator('planted', bug)
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [program, '--seed', values.seed, '--steps', values.steps, '--json'],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  )
  const found = resultOf(stdout, stderr)
  const seconds = found.cpuSeconds === undefined ? '' : `${found.cpuSeconds.toFixed(1)} s`
  const what = found.violation === undefined ? 'NOT FOUND' : `${found.violation.invariant} (world ${found.failing})`
  process.stdout.write(`${bug.name.padEnd(32)} ${String(found.steps).padStart(7)} ${seconds.padStart(8)}  ${what}\n`)
  if (found.violation === undefined) missed += 1
}
process.stdout.write(`${wanted.length - missed} of ${wanted.length} found\n`)
process.exitCode = missed === 0 ? 0 : 1

/** A simulator that ends by an error has found the bug, too. */
function resultOf(stdout, stderr) {
  const line = stdout.trim().split('\n').at(-1) ?? ''
  try {
    return JSON.parse(line)
  } catch {
    const error = stderr.split('\n').find((one) => /Error/.test(one)) ?? line
    return { steps: 0, violation: { invariant: `the simulator ends: ${error}` } }
  }
}
