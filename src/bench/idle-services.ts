/** What a controller takes that keeps 50 services running and 50 jobs scheduled while nothing happens to them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { z } from 'zod'
import { type Bench, median, pause } from './measure.ts'
import { runTrueup, startController } from './product.ts'

const spanMs = 30_000
const count = 50
const startWaitMs = 180_000

const statesSchema = z.object({ services: z.array(z.object({ state: z.string() })) })

export const idleServices: Bench = {
  name: 'idle-services',
  async run(context) {
    const folder = join(context.folder, 'idle-services')
    mkdirSync(folder, { recursive: true })
    // One server stands for all fifty: what is measured is who asks.
    const server = createServer((_request, response) => response.end('ok'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    writeFileSync(join(folder, 'desired-state.yaml'), declaration(port))
    const controller = await startController(folder)
    try {
      const untilMs = performance.now() + startWaitMs
      for (;;) {
        const { services } = await controller.request('{ services { state } }', statesSchema)
        if (services.every(({ state }) => state === 'running')) break
        if (performance.now() > untilMs) throw new Error('the services were not all ready within three minutes')
        await pause(500)
      }
      await controller.quiet()
      const shares: number[] = []
      for (let round = 0; round < context.rounds; round += 1) {
        context.say(`idle-services: round ${round + 1} of ${context.rounds}`)
        const beforeMs = controller.cpuMs()
        const startMs = performance.now()
        await pause(spanMs)
        shares.push(((controller.cpuMs() - beforeMs) / (performance.now() - startMs)) * 100)
      }
      return [
        {
          bench: 'idle-services',
          what: `${count} services probed every 10 s and ${count} jobs, at rest for ${spanMs / 1000} s, share of a core`,
          median: { value: median(shares), unit: 'percent' },
          floor: undefined,
          ratio: undefined,
          aims: [{ of: 'figure', below: 2 }],
          peakBytes: controller.memory.peakBytes(),
          rounds: context.rounds,
        },
      ]
    } finally {
      await controller.stop()
      await runTrueup(['service', 'stop', '--all'], { folder })
      server.close()
    }
  },
}

function declaration(port: number): string {
  const names = Array.from({ length: count }, (_, index) => index + 1)
  const services = names.map(
    (index) =>
      `  s${index}: { command: [sleep, "100000"], probe: { http: "http://127.0.0.1:${port}/", every: 10s }, limits: { memory: 100MB } }`,
  )
  const jobs = names.map(
    (index) => `  j${index}: { schedule: "${index} 3 * * *", command: ["true"], succeedWithin: 26h }`,
  )
  return ['apiVersion: trueup/v1', 'name: bench', 'services:', ...services, 'jobs:', ...jobs, ''].join('\n')
}
