/**
 * Looks through restored copies: SQLite's own check in full, and every row counted and hashed. Of a large one both go on at the
 * same time, each in a thread of its own, since either takes longer than to make the copy. For a child process.
 */
import { statSync } from 'node:fs'
import { z } from 'zod'
import { OperationalError } from '../../errors.ts'
import { entryUrl } from '../process/entry-url.ts'
import { createRunnerPool } from '../process/runner-pool.ts'
import { threadRunners } from '../process/thread-runner.ts'
import { checkCopy, contentOf } from './content.ts'
import type { ContentOrder } from './content-entry.ts'
import { type TableFacts, tableSchema } from './manifest.ts'

export interface Inspection {
  readonly tables: TableFacts[]
  /** DATABASE_CORRUPT with what the check found in a copy whose rows can be read all the same; undefined as a rule. */
  readonly problem: OperationalError | undefined
}

export interface Inspector {
  /** @param known what the copy is to be compared with; null where its rows are hashed for the first time */
  inspect(path: string, name: string, known: TableFacts[] | null): Promise<Inspection>
}

/** Below this size, in bytes, two threads take longer to start than they save. */
const threadedMin = 16 << 20
const heapMaxMiB = 320

/** The threads are gone when it settles. */
export async function withInspector<Result>(work: (inspector: Inspector) => Promise<Result>): Promise<Result> {
  const pool = createRunnerPool({ start: threadRunners(heapMaxMiB, 0), abortGraceMs: 0, warmMax: 2, warmMs: 3000 })
  const entry = entryUrl('./content-entry', import.meta.url)
  const run = async (order: ContentOrder) => z.array(tableSchema).parse(await pool.run(entry, order, {}))
  const inspect: Inspector['inspect'] = async (path, name, known) => {
    if (statSync(path).size < threadedMin) {
      const problem = await problemOf(async () => checkCopy(path, name, 'full'))
      return { tables: contentOf(path, known ?? undefined), problem }
    }
    const checking = problemOf(() => run({ path, name, check: 'full', rows: null }))
    const hashing = run({ path, name, check: 'none', rows: { known } })
    // Both to their end, whichever fails: the file is removed afterwards.
    await Promise.allSettled([checking, hashing])
    return { problem: await checking, tables: await hashing }
  }
  try {
    return await work({ inspect })
  } finally {
    await pool.close()
  }
}

async function problemOf(check: () => Promise<unknown>): Promise<OperationalError | undefined> {
  try {
    await check()
    return undefined
  } catch (error) {
    if (error instanceof OperationalError && error.code === 'DATABASE_CORRUPT') return error
    throw error
  }
}
