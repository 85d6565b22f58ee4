/**
 * How soon the world is as declared: after the desired state was saved with one more field, and after another program wrote one
 * row. The floor is the least program that could notice and do the same: it watches the folder and adds the column, or asks for
 * the version of the file every 200 ms and mends the row.
 */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { databasePaths } from '../demo/generate.ts'
import { type Bench, type BenchContext, compared, type Pair, pause, type Row } from './measure.ts'
import { startNode } from './processes.ts'
import { startController } from './product.ts'
import { atRestCopy } from './sample.ts'

const floorScript = fileURLToPath(new URL('./convergence-floor.js', import.meta.url))
const convergedMaxMs = 60_000
const pollMs = 2
/** Rounds begin at another moment of the product's own periods each, so that a median says something of them. */
const apartMs = 1370

const stateSchema = z.looseObject({
  tables: z.looseObject({ leads: z.looseObject({ fields: z.record(z.string(), z.unknown()) }) }),
})

export const convergence: Bench = {
  name: 'convergence',
  async run(context) {
    const rows = context.rows(100_000)
    const folder = await atRestCopy(context, 'convergence', rows, 'clean')
    const floorFolder = join(context.folder, 'convergence-floor')
    cpSync(folder, floorFolder, { recursive: true })
    const controller = await startController(folder)
    const floor = await startNode([floorScript, floorFolder, databasePaths.main])
    try {
      await controller.quiet()
      const about = { bench: 'convergence', aims: [], peakBytes: controller.memory.peakBytes() }
      const count = rows.toLocaleString('en-US')
      const fields = await pairsOf(context, (round) => [saved(folder, round), saved(floorFolder, round)])
      const writes = await pairsOf(context, (round) => [written(folder, round), written(floorFolder, round)])
      const found: Row[] = [
        {
          ...about,
          ...compared('ms', fields),
          what: `${count} rows, from a save with one more field until the column is there`,
        },
        {
          ...about,
          ...compared('ms', writes),
          what: `${count} rows, from another program's write of one row until it is mended`,
        },
      ]
      return found
    } finally {
      await floor.stop()
      await controller.stop()
    }
  },
}

async function pairsOf(
  context: BenchContext,
  both: (round: number) => readonly [() => Promise<number>, () => Promise<number>],
): Promise<readonly Pair[]> {
  const pairs: Pair[] = []
  // The first one is not counted: it pays for code that is compiled then.
  for (let round = 0; round <= context.rounds; round += 1) {
    context.say(`convergence: round ${round} of ${context.rounds}`)
    const [product, floor] = both(round)
    const pair = { value: await product(), floor: await floor() }
    if (round > 0) pairs.push(pair)
    await pause(apartMs)
  }
  return pairs
}

/** Saves the desired state with one more field and waits for its column. */
function saved(folder: string, round: number): () => Promise<number> {
  return async () => {
    const path = join(folder, 'desired-state.yaml')
    const state = stateSchema.parse(parse(readFileSync(path, 'utf8')))
    const name = `added_${round}`
    state.tables.leads.fields[name] = { type: 'text' }
    return waited(folder, `SELECT count(*) FROM pragma_table_info('leads') WHERE name = '${name}'`, () =>
      writeFileSync(path, stringify(state)),
    )
  }
}

/** Upper-cases one e-mail address and waits until it is as it was. */
function written(folder: string, round: number): () => Promise<number> {
  return async () => {
    const db = new Database(join(folder, databasePaths.main), { timeout: 10_000 })
    try {
      const rowId = db
        .prepare<[number], number>("SELECT rowid FROM leads WHERE email LIKE '%_@_%' ORDER BY rowid LIMIT 1 OFFSET ?")
        .pluck()
        .get(round * 10)
      return await waited(folder, `SELECT email = lower(email) FROM leads WHERE rowid = ${rowId}`, () =>
        db.prepare('UPDATE leads SET email = upper(email) WHERE rowid = ?').run(rowId),
      )
    } finally {
      db.close()
    }
  }
}

/** Does something and waits until a question is answered with 1. @returns milliseconds since it was done */
async function waited(folder: string, sql: string, act: () => unknown): Promise<number> {
  const db = new Database(join(folder, databasePaths.main), { readonly: true })
  try {
    act()
    const fromMs = performance.now()
    while (db.prepare<[], number>(sql).pluck().get() !== 1) {
      if (performance.now() - fromMs > convergedMaxMs) throw new Error(`not within a minute: ${sql}`)
      await pause(pollMs)
    }
    return performance.now() - fromMs
  } finally {
    db.close()
  }
}
