/**
 * `npm run simulate -- …`: bundles the simulator and runs it; see docs/simulator.md. Long runs are shared by two processes,
 * which play every other world each, and so the same worlds as one.
 */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { bundleSimulator } from './simulator.mjs'

/** From so many steps on the start of a second process is worth it. */
const stepsOfTwo = 50_000

const program = await bundleSimulator('shipped', undefined)
const given = process.argv.slice(2)
const steps = given.includes('--steps') ? Number(given[given.indexOf('--steps') + 1]) : 0
const isAlone = !(steps >= stepsOfTwo) || given.includes('--share') || availableParallelism() < 2
// Both have to begin with the same.
if (!isAlone && !given.includes('--seed')) given.push('--seed', String(randomInt(2 ** 31)))
const shares = isAlone ? [[]] : ['1/2', '2/2'].map((share) => ['--share', share])
const statuses = await Promise.all(
  shares.map(
    (share) =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, ['--enable-source-maps', program, ...given, ...share], {
          stdio: 'inherit',
        })
        child.on('exit', (code) => resolve(code ?? 1))
      }),
  ),
)
process.exitCode = Math.max(...statuses)
