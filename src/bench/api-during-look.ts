/**
 * How long a page of leads takes while everything is looked at in full, against the same page while nothing is. Requests
 * go out at a fixed rate whatever became of the earlier ones, and each is timed from the moment it was due.
 */
import { z } from 'zod'
import { type Bench, type Figure, pause, percentile, type Row } from './measure.ts'
import { type RunningController, startController } from './product.ts'
import { atRestCopy } from './sample.ts'

const perSecond = 20
const spanMs = 15_000
const page = `query { leads(first: 50) { edges { cursor node { id full_name email company title phone linkedin_url
  company_website engagement_status verified created_at updated_at } } pageInfo { hasNextPage endCursor } } }`
const pageSchema = z.object({ leads: z.object({ edges: z.array(z.object({ cursor: z.string() })).length(50) }) })
const reconcileSchema = z.object({ reconcile: z.object({ runId: z.string() }) })

export const apiDuringLook: Bench = {
  name: 'api-during-look',
  async run(context) {
    const rows = context.rows(100_000)
    const folder = await atRestCopy(context, 'api-during-look', rows, 'light')
    const controller = await startController(folder)
    try {
      const quiet: number[] = []
      const looking: number[] = []
      let looks = 0
      let lookCpuMs = 0
      context.say('api-during-look: warming up')
      await controller.quiet()
      await latencies(controller)
      for (let round = 0; round < context.rounds; round += 1) {
        context.say(`api-during-look: round ${round + 1} of ${context.rounds}`)
        await controller.quiet()
        const beforeMs = controller.cpuMs()
        quiet.push(...(await latencies(controller)))
        const betweenMs = controller.cpuMs()
        const looker = keepLooking(controller)
        looking.push(...(await latencies(controller)))
        looks += await looker.stop()
        // The pages cost the same in both; what is more is the looks.
        lookCpuMs += controller.cpuMs() - betweenMs - (betweenMs - beforeMs)
      }
      const figure = (latency: readonly number[], percent: number): Figure => ({
        value: percentile(latency, percent),
        unit: 'ms',
      })
      const row = (percent: number, aims: Row['aims']): Row => ({
        bench: 'api-during-look',
        what: `page of 50 of ${rows.toLocaleString('en-US')} leads, ${perSecond}/s, during ${looks} full looks of ${(lookCpuMs / looks).toFixed(0)} ms CPU each: p${percent}`,
        median: figure(looking, percent),
        floor: figure(quiet, percent),
        ratio: percentile(looking, percent) / percentile(quiet, percent),
        aims,
        peakBytes: controller.memory.peakBytes(),
        rounds: context.rounds,
      })
      return [row(50, []), row(99, [{ of: 'figure', below: 50 }])]
    } finally {
      await controller.stop()
    }
  },
}

async function latencies(controller: RunningController): Promise<readonly number[]> {
  const startMs = performance.now()
  const count = (spanMs / 1000) * perSecond
  return Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const dueMs = startMs + (at * 1000) / perSecond
      await pause(Math.max(0, dueMs - performance.now()))
      await controller.request(page, pageSchema, 'keep-alive')
      return performance.now() - dueMs
    }),
  )
}

/** Asks for full looks, one after the other; `stop` waits for the last one and gives how many there were. */
function keepLooking(controller: RunningController): { stop(): Promise<number> } {
  let stopping = false
  const looking = (async () => {
    let looks = 0
    while (!stopping) {
      const askedMs = Date.now()
      await controller.request(
        'mutation { reconcile(input: {}) { ... on ReconcileReceipt { runId } } }',
        reconcileSchema,
      )
      while ((await controller.fullLookAtMs()) < askedMs) await pause(100)
      looks += 1
    }
    return looks
  })()
  // Whoever stops it hears of a failure; until then it is no unhandled rejection.
  looking.catch(() => undefined)
  return {
    stop() {
      stopping = true
      return looking
    },
  }
}
