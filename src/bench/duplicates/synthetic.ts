/** The benchmark on generated leads: quality, time as a ratio to the bare read, and memory, at any number of rows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { median } from '../measure.ts'
import { runNode } from '../processes.ts'

const pairwiseSchema = z.object({
  precision: z.number(),
  recall: z.number(),
  f1: z.number(),
  truePairs: z.number(),
  foundPairs: z.number(),
  correctPairs: z.number(),
})
const readSchema = z.object({ rows: z.number(), cpuMs: z.number() })
const passSchema = z.object({
  rows: z.number(),
  passCpuMs: z.number(),
  peakBytes: z.number(),
  candidates: z.number(),
  compared: z.number(),
  oversizedBlocks: z.number(),
  groups: pairwiseSchema,
  automatic: pairwiseSchema,
  mergeAutomaticallyFrom: z.number(),
  keys: z.array(z.string()),
})

const lookSchema = z.object({
  lookCpuMs: z.number(),
  restBytes: z.number(),
  peakBytes: z.number(),
  automatic: z.number(),
  waiting: z.number(),
})

export interface SyntheticReport extends z.output<typeof passSchema> {
  /** The full look of the kind, which works out every merge and keeps what it found. */
  readonly look: z.output<typeof lookSchema>
  readonly bareReadCpuMs: number
  /** Processor time of the pass to that of the bare read of the same eight columns. */
  readonly ratio: number
}

/** Reads before and after the pass, so that a change of the machine's load shows in both. */
const readsAround = 2

/** Generates, reads and searches, each in a process of its own. */
export async function measureSynthetic(rows: number, seed: number): Promise<SyntheticReport> {
  const folder = mkdtempSync(join(tmpdir(), 'trueup-duplicates-'))
  const file = join(folder, 'leads.db')
  const entry = fileURLToPath(import.meta.resolve('./synthetic-entry.js'))
  const lookEntry = fileURLToPath(import.meta.resolve('./look-entry.js'))
  const run = async (...operands: readonly string[]) => (await runNode([entry, ...operands], { folder })).stdout
  try {
    await run('write', file, String(rows), String(seed))
    const reads: number[] = []
    const readAround = async () => {
      for (let round = 0; round < readsAround; round += 1)
        reads.push(readSchema.parse(JSON.parse(await run('read', file))).cpuMs)
    }
    await readAround()
    const pass = passSchema.parse(JSON.parse(await run('pass', file, String(seed))))
    await readAround()
    const look = lookSchema.parse(JSON.parse((await runNode([lookEntry, file, folder], { folder })).stdout))
    const bareReadCpuMs = median(reads)
    return { ...pass, look, bareReadCpuMs, ratio: pass.passCpuMs / bareReadCpuMs }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
