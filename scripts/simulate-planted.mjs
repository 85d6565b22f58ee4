/**
 * `npm run simulate:planted -- [NAME…] [--steps N] [--seed N]`: builds the simulator once for each planted bug and tells after
 * how many steps it is found. Exit status 1 when one is not found within the steps.
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { plantedBugs } from './planted-bugs.mjs'
import { bundleSimulator } from './simulator.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { steps: { type: 'string', default: '200000' }, seed: { type: 'string', default: '1' } },
})
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
  const text =
    found.violation === undefined
      ? `NOT FOUND in ${found.steps}`
      : `${String(found.steps).padStart(7)}  ${found.violation.invariant}`
  process.stdout.write(`${bug.name.padEnd(32)} ${text}\n`)
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
    return {
      steps: 0,
      violation: { invariant: `it ends: ${stderr.split('\n').find((one) => /Error/.test(one)) ?? line}` },
    }
  }
}
