/** A running `trueup run` on a workspace, with a client of its API. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'

const announcementSchema = z.object({ url: z.string(), signIn: z.string(), adminToken: z.string(), pid: z.number() })

export interface RunningController {
  readonly url: string
  readonly signIn: string
  readonly pid: number
  readonly token: string
  /** `data` of a GraphQL operation. Fails when the answer holds errors. */
  query(text: string, variables?: object): Promise<Record<string, unknown>>
  /** The whole answer, errors included. */
  ask(
    text: string,
    variables?: object,
  ): Promise<{ data?: unknown; errors?: readonly { message: string }[] | undefined }>
  /** SIGTERM, and waits until it has ended; its exit status. */
  stop(): Promise<number | null>
  /** SIGKILL. */
  kill(): Promise<void>
}

const answerSchema = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.object({ message: z.string() })).optional(),
})

/** Starts a controller on the desired state in `folder`, on a free port. */
export async function startRun(folder: string): Promise<RunningController> {
  const child: ChildProcess = spawn(
    process.execPath,
    [resolve('dist/cli/main.js'), 'run', '--json', '--port', '0', '--state', `${folder}/desired-state.yaml`],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const ended = new Promise<number | null>((done) => child.on('close', done))
  const { stdout } = child
  if (stdout === null) throw new Error('the controller did not start')
  const first = await new Promise<string>((gotLine, failed) => {
    createInterface(stdout).once('line', gotLine)
    void ended.then((status) => failed(new Error(`the controller ended with ${status}`)))
  })
  const { url, signIn, adminToken, pid } = announcementSchema.parse(JSON.parse(first))
  const token = readFileSync(adminToken, 'utf8').trim()
  const ask: RunningController['ask'] = async (text, variables = {}) => {
    const response = await fetch(new URL('/graphql', url), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        // A connection that is kept is closed by the server some time later, perhaps while the next request is sent.
        connection: 'close',
      },
      body: JSON.stringify({ query: text, variables }),
    })
    return answerSchema.parse(await response.json())
  }
  return {
    url,
    signIn,
    pid,
    token,
    ask,
    async query(text, variables) {
      const { data, errors } = await ask(text, variables)
      if (errors !== undefined) throw new Error(errors.map((error) => error.message).join('; '))
      return z.record(z.string(), z.unknown()).parse(data)
    },
    stop() {
      child.kill('SIGTERM')
      return ended
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Asks until the answer is what is waited for. Fails after a minute, with the last answer. */
export async function eventually<Value>(
  ask: () => Promise<Value> | Value,
  isIt: (value: Value) => boolean,
): Promise<Value> {
  const untilMs = Date.now() + 60_000
  for (;;) {
    const value = await ask()
    if (isIt(value)) return value
    if (Date.now() > untilMs) throw new Error(`it did not come about; at last it was ${JSON.stringify(value)}`)
    await new Promise((done) => setTimeout(done, 50))
  }
}
