/** What a controller takes that has nothing to do, against a bare watch of the same file. */
import { join } from 'node:path'
import { databasePaths } from '../demo/generate.ts'
import { runFloor } from './floor.ts'
import { type Bench, compared, type Pair, pause } from './measure.ts'
import { startController } from './product.ts'
import { atRestCopy } from './sample.ts'

const spanMs = 10_000

export const idle: Bench = {
  name: 'idle',
  async run(context) {
    const rows = context.rows(100_000)
    const folder = await atRestCopy(context, 'idle', rows, 'light')
    const controller = await startController(folder)
    try {
      await controller.quiet()
      const pairs: Pair[] = []
      for (let round = 0; round < context.rounds; round += 1) {
        context.say(`idle: round ${round + 1} of ${context.rounds}`)
        const floor = await runFloor('watch', join(folder, databasePaths.main), `${spanMs / 1000}`)
        const beforeMs = controller.cpuMs()
        const startMs = performance.now()
        await pause(spanMs)
        const share = (controller.cpuMs() - beforeMs) / (performance.now() - startMs)
        pairs.push({ value: share * 100, floor: (floor.cpuMs / floor.wallMs) * 100 })
      }
      return [
        {
          bench: 'idle',
          what: `controller at rest for ${spanMs / 1000} s, share of a core`,
          ...compared('percent', pairs),
          aims: [{ of: 'figure', below: 1 }],
          peakBytes: controller.memory.peakBytes(),
        },
      ]
    } finally {
      await controller.stop()
    }
  },
}
