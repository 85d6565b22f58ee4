/** The command line and the controller as processes of their own, spoken to as any program would. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { pause } from './measure.ts'
import { type MemoryWatch, runNode, startNode, type Taken, treeCpuMs, watchMemory } from './processes.ts'

const commandLine = fileURLToPath(new URL('../cli/main.js', import.meta.url))

/** Runs `trueup` in a workspace. Throws where it ends with a status that is not allowed. */
export function runTrueup(
  argv: readonly string[],
  options: { readonly folder: string; readonly allowed?: readonly number[] },
): Promise<Taken> {
  return runNode([commandLine, ...argv], options)
}

/** `trueup run` on a workspace. */
export interface RunningController {
  readonly memory: MemoryWatch
  /** CPU time so far, of all its threads and children. */
  cpuMs(): number
  /** One operation of the API; gives its `data`. Throws for an answer with errors. */
  request<Data>(query: string, schema: z.ZodType<Data>, connection?: 'keep-alive' | 'close'): Promise<Data>
  /** When the resource that was looked at in full longest ago was, milliseconds since the epoch. */
  fullLookAtMs(): Promise<number>
  /** Waits until every resource was looked at and the process has been at rest for two seconds. */
  quiet(): Promise<void>
  stop(): Promise<void>
}

const startedSchema = z.object({ url: z.string(), adminToken: z.string(), pid: z.number() })
const answerSchema = z.object({ data: z.unknown(), errors: z.array(z.object({ message: z.string() })).optional() })
const looksSchema = z.object({
  resources: z.array(z.object({ fullLookAt: z.string().nullable() })),
})

/** Less CPU time than this in half a second is rest, in milliseconds: a controller at rest takes some for its timers. */
const restMs = 40
const stepMs = 500
const restSteps = 4
const quietStepsMax = 1200

/** Starts it on a free port and waits for its address. */
export async function startController(folder: string): Promise<RunningController> {
  const started = await startNode([commandLine, 'run', '--port', '0', '--json'], { folder })
  const { url, adminToken, pid } = startedSchema.parse(JSON.parse(started.line))
  const token = readFileSync(adminToken, 'utf8').trim()
  const memory = watchMemory(pid)

  const request: RunningController['request'] = async (query, schema, connection = 'close') => {
    const response = await fetch(new URL('/graphql', url), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        // A kept connection that rests may be closed by the server in the moment it is used again.
        connection,
      },
      body: JSON.stringify({ query }),
    })
    const { data, errors } = answerSchema.parse(await response.json())
    if (errors !== undefined) throw new Error(`the API refused: ${errors.map((one) => one.message).join('; ')}`)
    return schema.parse(data)
  }
  const fullLookAtMs = async () => {
    const { resources } = await request('{ resources { fullLookAt } }', looksSchema)
    return Math.min(...resources.map(({ fullLookAt }) => (fullLookAt === null ? 0 : Date.parse(fullLookAt))))
  }
  return {
    memory,
    request,
    fullLookAtMs,
    cpuMs: () => treeCpuMs(pid),
    async quiet() {
      let resting = 0
      for (let step = 0; resting < restSteps; step += 1) {
        if (step > quietStepsMax) throw new Error('the controller did not come to rest within ten minutes')
        const beforeMs = treeCpuMs(pid)
        await pause(stepMs)
        const isResting = treeCpuMs(pid) - beforeMs < restMs && (await fullLookAtMs()) > 0
        resting = isResting ? resting + 1 : 0
      }
    },
    async stop() {
      memory.stop()
      await started.stop()
    },
  }
}
