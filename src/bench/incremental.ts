/** Another program writes 1, 100 or 10,000 rows in one commit; how soon they are in standard form, and how much work that was. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { databasePaths } from '../demo/generate.ts'
import type { MessLevel } from '../demo/mess.ts'
import { type Bench, type BenchContext, compared, pause, type Row } from './measure.ts'
import { type RunningController, startController } from './product.ts'
import { atRestCopy } from './sample.ts'

/** Written at once in the clean table; in the other one the usual number alone. */
const changes = [1, 100, 10_000]
const usualChange = 100
const idleMs = 5000
/** The work of a commit is over so long after the rows are in standard form: verification, journal, a warm thread. */
const afterMs = 2000
const latencyMaxMs = 120_000

interface Round {
  readonly latencyMs: number
  readonly commitMs: number
  readonly workMs: number
}

export const incremental: Bench = {
  name: 'incremental',
  async run(context) {
    const rows = context.rows(100_000)
    return [
      ...(await measure(context, rows, 'light', 'two leads with one e-mail address exist', [usualChange])),
      ...(await measure(
        context,
        rows,
        'clean',
        'all is as declared',
        changes.filter((changed) => changed * (context.rounds + 1) * 2 < rows),
      )),
    ]
  },
}

async function measure(
  context: BenchContext,
  rows: number,
  mess: MessLevel,
  where: string,
  changes: readonly number[],
): Promise<readonly Row[]> {
  const folder = await atRestCopy(context, `incremental-${mess}`, rows, mess)
  const controller = await startController(folder)
  const db = new Database(join(folder, databasePaths.main), { timeout: 10_000 })
  try {
    await controller.quiet()
    const idleBeforeMs = controller.cpuMs()
    await pause(idleMs)
    const idleShare = (controller.cpuMs() - idleBeforeMs) / idleMs
    const found: Row[] = []
    for (const changed of changes) {
      const about = `${changed.toLocaleString('en-US')} of ${rows.toLocaleString('en-US')} rows written, ${where}`
      // The first commit after a start also pays for code that is compiled then; a controller runs for weeks.
      context.say(`incremental: ${about}, warming up`)
      await oneRound(db, changed, context.rounds, controller, idleShare)
      const rounds: Round[] = []
      for (let round = 0; round < context.rounds; round += 1) {
        context.say(`incremental: ${about}, round ${round + 1} of ${context.rounds}`)
        await controller.quiet()
        rounds.push(await oneRound(db, changed, round, controller, idleShare))
      }
      const shared = { bench: 'incremental', peakBytes: controller.memory.peakBytes() }
      const latencies = rounds.map((one) => ({ value: one.latencyMs, floor: one.commitMs }))
      const works = rounds.map((one) => ({ value: one.workMs, floor: one.commitMs }))
      found.push(
        { ...shared, ...compared('ms', latencies), what: `${about}: until standardized`, aims: [] },
        {
          ...shared,
          ...compared('ms', works),
          what: `${about}: CPU work`,
          aims: changed === usualChange ? [{ of: 'figure', below: 100 }] : [],
        },
      )
    }
    return found
  } finally {
    db.close()
    await controller.stop()
  }
}

/** Upper-cases e-mail addresses of rows that no earlier round took, and waits until they are as they were. */
async function oneRound(
  db: Database.Database,
  changed: number,
  round: number,
  { cpuMs }: RunningController,
  idleShare: number,
): Promise<Round> {
  const rowIds = db
    .prepare<[number, number], number>(
      `SELECT rowid FROM leads WHERE email = lower(trim(email)) AND email LIKE '%_@_%._%'
        AND email NOT IN (SELECT email FROM leads WHERE email IS NOT NULL GROUP BY lower(trim(email)) HAVING count(*) > 1)
        ORDER BY rowid LIMIT ? OFFSET ?`,
    )
    .pluck()
    .all(changed, round * changed)
  const messUp = db.prepare<[number]>("UPDATE leads SET email = '  ' || upper(email) WHERE rowid = ?")
  const left = db
    .prepare<[string], number>(
      'SELECT count(*) FROM leads WHERE rowid IN (SELECT value FROM json_each(?)) AND email <> lower(trim(email))',
    )
    .pluck()
  const write = db.transaction(() => {
    for (const rowId of rowIds) messUp.run(rowId)
  })
  const cpuBeforeMs = cpuMs()
  const startMs = performance.now()
  write.immediate()
  const committedMs = performance.now()
  const names = JSON.stringify(rowIds)
  while ((left.get(names) ?? 0) > 0) {
    if (performance.now() - committedMs > latencyMaxMs)
      throw new Error(`${left.get(names)} of ${changed} rows were not standardized within two minutes`)
    await pause(5)
  }
  const latencyMs = performance.now() - committedMs
  await pause(afterMs)
  const spanMs = performance.now() - startMs
  return { latencyMs, commitMs: committedMs - startMs, workMs: Math.max(0, cpuMs() - cpuBeforeMs - idleShare * spanMs) }
}
