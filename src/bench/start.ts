/** From the start of `trueup run` until every resource was looked at in full, against a start of Node that reads every cell. */
import { join } from 'node:path'
import { databasePaths } from '../demo/generate.ts'
import { runFloor } from './floor.ts'
import { type Bench, compared, type Pair, pause } from './measure.ts'
import { startController } from './product.ts'
import { atRestCopy } from './sample.ts'

const lookMaxMs = 300_000
const pollMs = 20

export const start: Bench = {
  name: 'start',
  async run(context) {
    const rows = context.rows(100_000)
    const folder = await atRestCopy(context, 'start', rows, 'light')
    const ready: Pair[] = []
    const looked: Pair[] = []
    let peakBytes = 0
    for (let round = 0; round < context.rounds; round += 1) {
      context.say(`start: round ${round + 1} of ${context.rounds}`)
      const floorFromMs = performance.now()
      await runFloor('read', join(folder, databasePaths.main))
      const floor = performance.now() - floorFromMs
      const startMs = performance.now()
      const controller = await startController(folder)
      try {
        ready.push({ value: performance.now() - startMs, floor })
        while ((await controller.fullLookAtMs()) === 0) {
          if (performance.now() - startMs > lookMaxMs) throw new Error('not all was looked at within five minutes')
          await pause(pollMs)
        }
        looked.push({ value: performance.now() - startMs, floor })
        peakBytes = Math.max(peakBytes, controller.memory.peakBytes())
      } finally {
        await controller.stop()
      }
    }
    const what = (until: string) => `${rows.toLocaleString('en-US')} rows, from the start until ${until}`
    return [
      { bench: 'start', what: what('the API answers'), ...compared('ms', ready), aims: [], peakBytes },
      { bench: 'start', what: what('all was looked at in full'), ...compared('ms', looked), aims: [], peakBytes },
    ]
  },
}
