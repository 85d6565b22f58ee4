/** The figures of a large table through the API, at rest and after other programs wrote, against one count of its rows. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { z } from 'zod'
import { databasePaths } from '../demo/generate.ts'
import { type Bench, compared, type Pair, pause, type Row } from './measure.ts'
import { startController } from './product.ts'
import { atRestCopy } from './sample.ts'

const writtenRows = 100
const query = '{ statistics(table: "leads") { total filled { field count } values { field value count } } }'
const answerSchema = z.object({ statistics: z.array(z.object({ total: z.number() })) })

export const statistics: Bench = {
  name: 'statistics',
  async run(context): Promise<readonly Row[]> {
    const rows = context.rows(1_000_000)
    const folder = await atRestCopy(context, 'statistics', rows, 'light')
    const controller = await startController(folder)
    const db = new Database(join(folder, databasePaths.main), { timeout: 10_000 })
    try {
      await controller.quiet()
      await controller.request(query, answerSchema)
      const count = db.prepare<[], number>('SELECT count(*) FROM leads').pluck()
      const timed = async (work: () => unknown): Promise<number> => {
        const startMs = performance.now()
        await work()
        return performance.now() - startMs
      }
      const measure = async (before: (round: number) => void): Promise<readonly Pair[]> => {
        const pairs: Pair[] = []
        for (let round = 0; round < context.rounds; round += 1) {
          context.say(`statistics: round ${round + 1} of ${context.rounds}`)
          before(round)
          const value = await timed(() => controller.request(query, answerSchema))
          pairs.push({ value, floor: await timed(() => count.get()) })
          await pause(200)
        }
        return pairs
      }
      const atRest = await measure(() => undefined)
      const touch = db.prepare<[number, number]>(
        'UPDATE leads SET verified = 1 - coalesce(verified, 0) WHERE rowid > ? AND rowid <= ?',
      )
      const written = await measure((round) => touch.run(round * writtenRows, (round + 1) * writtenRows))
      const shared = { bench: 'statistics', peakBytes: controller.memory.peakBytes() }
      const aims = [{ of: 'figure', below: 100 } as const]
      const figure = rows.toLocaleString('en-US')
      return [
        { ...shared, ...compared('ms', atRest), what: `statistics of ${figure} leads, nothing written since`, aims },
        {
          ...shared,
          ...compared('ms', written),
          what: `statistics of ${figure} leads, right after another program wrote ${writtenRows} of them`,
          aims,
        },
      ]
    } finally {
      db.close()
      await controller.stop()
    }
  },
}
