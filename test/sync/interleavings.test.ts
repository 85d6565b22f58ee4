/**
 * Random histories of both sides with crashes and faults, on the real engine, kind and client. A few here; thousands by
 * `npm run soak:sync`, which prints its seed.
 */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { historyArbitrary, play } from './interleavings.ts'

const runs = Number(process.env.SYNC_HISTORIES ?? '40')
const seed = Number(process.env.SYNC_SEED ?? Date.now() % 1_000_000_000)
process.stderr.write(`interleavings: SYNC_SEED=${seed}\n`)

it('whatever happens, both sides become equal, nothing is doubled, and no edit vanishes without a trace', async () => {
  const result = await fc.check(fc.asyncProperty(historyArbitrary, play), {
    numRuns: runs,
    endOnFailure: false,
    ...(seed === undefined ? {} : { seed }),
  })
  const told = `${fc.defaultReportMessage(result)}\n${String(result.errorInstance)}`
  expect(result.failed ? told : 'all histories came out right').toBe('all histories came out right')
}, 3_600_000)
