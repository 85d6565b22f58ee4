/** A short dose of the simulator (docs/simulator.md): fixed worlds, and exact replay. Fresh ones are for `npm run simulate`, since a check of a change must not end by chance. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, expect, it } from 'vitest'
import { z } from 'zod'

const run = promisify(execFile)
const built = 'node_modules/.cache/trueup-simulator/shipped/sim/main.js'
const resultSchema = z.object({
  seed: z.number(),
  steps: z.number(),
  hash: z.string(),
  violation: z.object({ invariant: z.string(), message: z.string() }).optional(),
})
const failureSchema = z.object({ stdout: z.string(), stderr: z.string() })

async function simulate(options: string, program = built) {
  const { stdout, stderr } = await run(process.execPath, [program, ...options.split(' '), '--json']).catch(
    // Exit status 1 says that something was found, and the line of JSON what.
    (error: unknown) => failureSchema.parse(error),
  )
  if (stdout === '') throw new Error(stderr)
  return resultSchema.parse(JSON.parse(stdout))
}

// The others take what this builds.
beforeAll(() => simulate('--seed 1 --steps 1', 'scripts/simulate.mjs'))

it('the simulated world keeps every invariant: worlds that are always the same', async () => {
  const { violation } = await simulate('--seed 1 --steps 3000 --episode 750')
  expect(violation).toBeUndefined()
})

it('one seed is one run: another process has the same trace, and another seed another', async () => {
  const first = await simulate('--seed 7 --steps 300')
  const again = await simulate('--seed 7 --steps 300')
  const other = await simulate('--seed 8 --steps 300')
  expect([again.hash, again.steps]).toEqual([first.hash, first.steps])
  expect(other.hash).not.toBe(first.hash)
})
