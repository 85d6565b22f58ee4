/** Services under a real controller: killed, killed again and again, and outliving a controller that is killed. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { startTrueup, trueup, trueupJson } from '../support/cli.ts'
import { eventually, type RunningController, startRun } from '../support/controller.ts'
import { python } from '../support/python.ts'
import { removeFolder } from '../support/remove.ts'

let folder: string
let controller: RunningController | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-services-'))
})

afterEach(async () => {
  await controller?.kill()
  controller = undefined
  // Whatever a test did, nothing of it goes on running.
  const stopped = await trueup(['service', 'stop', '--all'], { in: folder })
  expect(stopped.status, stopped.stdout + stopped.stderr).toBe(0)
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const ticker = `
  ticker:
    command: [sh, -c, "while :; do echo tick; sleep 0.1; done"]
    backoff: { from: 100ms, to: 1500ms }
    grace: 2s
`

function declare(services: string, jobs = ''): void {
  const text = `apiVersion: trueup/v1\nname: test\nservices:${services}${jobs === '' ? '' : `\njobs:${jobs}`}\n`
  writeFileSync(join(folder, 'desired-state.yaml'), text)
}

async function run(): Promise<RunningController> {
  controller = await startRun(folder)
  return controller
}

const listSchema = z.object({
  items: z.array(
    z.looseObject({
      id: z.string(),
      state: z.string(),
      pingPath: z.string().nullish(),
    }),
  ),
})
/** The state of a job, `Ok` and the like. */
async function jobState(name: string): Promise<string | undefined> {
  const data = await controller?.query('{ jobs { name state } }')
  const { jobs } = z.object({ jobs: z.array(z.object({ name: z.string(), state: z.string() })) }).parse(data)
  return jobs.find((one) => one.name === name)?.state
}
async function list() {
  return (await trueupJson(['service', 'list'], listSchema, { in: folder })).document.items
}
const servicesSchema = z.object({
  services: z.array(z.object({ name: z.string(), state: z.string(), pid: z.number().nullable(), starts: z.number() })),
})
async function serviceOf(name: string) {
  const data = await controller?.query('{ services { name state pid starts } }')
  return servicesSchema.parse(data).services.find((one) => one.name === name)
}
const resourceSchema = z.object({
  resource: z.object({ conditions: z.array(z.object({ reason: z.string(), message: z.string() })) }),
})
/** Reasons and messages of what is true of a resource, as `why` reads them. */
async function conditionsOf(kind: string, name: string): Promise<string> {
  const data = await controller?.query(
    'query ($kind: String!, $name: String!) { resource(kind: $kind, name: $name) { conditions { reason message } } }',
    { kind, name },
  )
  return resourceSchema
    .parse(data)
    .resource.conditions.map(({ reason, message }) => `${reason}: ${message}`)
    .join('\n')
}
const running = (name: string, but?: number) =>
  eventually(
    () => serviceOf(name),
    (one) => one?.state === 'running' && typeof one.pid === 'number' && one.pid !== but,
  )
/** Subscribes to the output of a program. */
async function follow(name: string): Promise<{ until(words: string): Promise<void> }> {
  const url = new URL('/graphql', controller?.url)
  url.searchParams.set('query', `subscription { programOutput(name: ${JSON.stringify(name)}) }`)
  const aborter = new AbortController()
  const headers = { accept: 'text/event-stream', authorization: `Bearer ${controller?.token}` }
  const { body } = await fetch(url, { headers, signal: aborter.signal })
  if (body === null) throw new Error('nothing is streamed')
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  return {
    async until(words) {
      for (let text = ''; !text.includes(words); ) {
        const { value, done } = await reader.read()
        if (done) throw new Error(`it ended after ${text}`)
        text += value
      }
      aborter.abort()
    },
  }
}
const why = async (resource: string) => (await trueup(['why', resource], { in: folder })).stdout

describe('a controller that is killed', () => {
  test('leaves its services running and logging; the next adopts the same processes and doubles none', async () => {
    declare(`${ticker}  other: { command: [sleep, "600"] }\n`)
    const first = await run()
    const before = [await running('ticker'), await running('other')]
    await first.kill()
    const log = join(folder, '.trueup', 'logs', 'ticker.log')
    const size = statSync(log).size
    await eventually(
      () => statSync(log).size,
      (now) => now > size + 20,
    )
    await run()
    const after = [await running('ticker'), await running('other')]
    expect(after.map((one) => [one?.pid, one?.starts])).toEqual(before.map((one) => [one?.pid, 1]))
  })
})

describe('a service that is killed', () => {
  test('runs again after its pause; killed ten times it is a crash loop with reason, last words and next try', async () => {
    declare(ticker)
    await run()
    let pid = (await running('ticker'))?.pid
    for (let kill = 0; kill < 10; kill += 1) {
      process.kill(pid ?? 0, 'SIGKILL')
      if (kill === 9) break
      pid = (await running('ticker', pid ?? undefined))?.pid
    }
    const text = await eventually(
      () => conditionsOf('service', 'ticker'),
      (one) => one.includes('failed 10 times'),
    )
    expect(text).toContain('CrashLoop: it failed')
    expect(text).toMatch(/failed 10 times in a row, last with SIGKILL after .+; its last words: ".*tick/)
    expect(text).toMatch(/next try at \d{4}-\d\d-\d\dT/)
    await running('ticker', pid ?? undefined)
  })

  test('by its failing probe is restarted, by its memory too, and says why', async () => {
    declare(`
  mute:
    command: [sleep, "600"]
    backoff: { from: 100ms, to: 100ms }
    probe: { exec: ["false"], every: 100ms, failures: 2, startup: 0s }
  greedy:
    command: [python3, -c, "import time; held = bytearray(200_000_000); time.sleep(600)"]
    backoff: { from: 30s, to: 30s }
    limits: { memory: 100MB }
`)
    await run()
    await eventually(
      () => serviceOf('mute'),
      (one) => (one?.starts ?? 0) >= 3,
    )
    expect(
      await eventually(
        () => conditionsOf('service', 'greedy'),
        (text) => text.includes('of its limit'),
      ),
    ).toMatch(/takes \d+ MB of memory, more than the 100 MB of its limit/)
    expect(
      await eventually(
        () => conditionsOf('service', 'mute'),
        (text) => text.includes('its probe failed'),
      ),
    ).toContain('the probe ended with 1')
  })
})

describe('the command line', () => {
  test('restarts, stops and starts services, runs jobs, and shows what they write while they write it', async () => {
    declare(
      ticker,
      '\n  once: { command: [sh, -c, "echo did it; exit 4"] }\n  outside: { ping: { url: true }, succeedWithin: 1h }',
    )
    const { url } = await run()
    const first = (await running('ticker'))?.pid
    const follow = startTrueup(['service', 'logs', 'ticker', '--follow', '--lines', '0'], { in: folder })
    expect((await trueup(['service', 'restart', 'ticker'], { in: folder })).status).toBe(0)
    const second = await running('ticker', first ?? undefined)
    expect((await trueup(['service', 'stop', 'ticker'], { in: folder })).status).toBe(0)
    expect((await serviceOf('ticker'))?.state).toBe('stopped')
    expect(await why('service/ticker')).toContain('StoppedByPerson')
    expect((await trueup(['service', 'start', 'ticker'], { in: folder })).status).toBe(0)
    await running('ticker', second?.pid ?? undefined)
    process.kill(follow.pid, 'SIGINT')
    expect((await follow.ended).stdout).toContain('tick\ntick\n')

    expect((await trueup(['service', 'run', 'once'], { in: folder })).status).toBe(0)
    await eventually(
      () => jobState('once'),
      (state) => state === 'Failed',
    )
    expect((await trueup(['service', 'logs', 'once'], { in: folder })).stdout).toBe('did it\n')
    expect(
      await eventually(
        () => conditionsOf('job', 'once'),
        (text) => text.includes('JobFailed'),
      ),
    ).toContain('exit 4')

    const ping = (await list()).find(({ id }) => id === 'job/outside')?.pingPath ?? ''
    expect((await fetch(new URL(ping, url))).status).toBe(200)
    expect((await fetch(new URL(`${ping.slice(0, -1)}${ping.endsWith('x') ? 'y' : 'x'}`, url))).status).toBe(404)
    await eventually(
      () => jobState('outside'),
      (state) => state === 'Ok',
    )
    expect((await fetch(new URL(`${ping}/fail`, url))).status).toBe(200)
    await eventually(
      () => jobState('outside'),
      (state) => state === 'Failed',
    )
    const refused = await trueup(['service', 'restart', 'none'], { in: folder })
    expect(refused.status).toBe(1)
    expect(refused.stderr + refused.stdout).toContain('no service is named none')
  })

  test('is told why a program that is not its own, or not there, is neither run nor restarted', async () => {
    declare(
      `
  seen: { pattern: no-such-command-line-anywhere }
`,
      `
  outside: { ping: { file: done.txt }, succeedWithin: 1h }
  long: { command: [sh, -c, "echo begun; while [ -e desired-state.yaml ] && [ ! -e stop ]; do sleep 0.1; done"] }
`,
    )
    await run()
    const output = await follow('long')
    const ask = async (mutation: string, name: string) => {
      const data = await controller?.query(
        `mutation ($name: String!) { result: ${mutation}(input: { name: $name }) { __typename ... on UserError { message } ... on ProgramRequested { state } } }`,
        { name },
      )
      return data?.result
    }
    expect(await ask('runJob', 'none')).toEqual({ __typename: 'NotFound', message: 'no job is named none' })
    expect(await ask('runJob', 'outside')).toEqual({
      __typename: 'ProgramRefused',
      message: 'Trueup does not run outside',
    })
    expect(await ask('restartService', 'seen')).toEqual({
      __typename: 'ProgramRefused',
      message: 'Trueup does not start seen',
    })
    expect(await ask('runJob', 'long')).toMatchObject({ state: 'requested' })
    expect(await ask('runJob', 'long')).toEqual({ __typename: 'ProgramRefused', message: 'long runs already' })

    // A job that an outside cron runs is told of by the file that it touches.
    expect(await jobState('outside')).toBe('New')
    writeFileSync(join(folder, 'done.txt'), '')
    expect(await jobState('outside')).toBe('Ok')
    const longAgo = new Date(Date.now() - 2 * 3_600_000)
    utimesSync(join(folder, 'done.txt'), longAgo, longAgo)
    expect(await jobState('outside')).toBe('Late')

    // What a run writes that began after it was subscribed to.
    await output.until('begun')
    writeFileSync(join(folder, 'stop'), '')
    await eventually(
      () => jobState('long'),
      (state) => state === 'Ok',
    )
  })

  test('shows no secret that a service was given', async () => {
    declare(`
  teller: { command: [sh, -c, "echo token is $TOKEN; sleep 600"], environment: { TOKEN: { file: secret.txt } } }
`)
    writeFileSync(join(folder, 'secret.txt'), 'hush-hush-12345\n')
    await run()
    await running('teller')
    const shown = await eventually(
      () => trueup(['service', 'logs', 'teller'], { in: folder }),
      ({ stdout }) => stdout.includes('token is'),
    )
    expect(shown.stdout).toBe('token is ••••••\n')
    // A changed secret waits for a person; what still runs with the old one does not show that either.
    writeFileSync(join(folder, 'secret.txt'), 'another-secret-678\n')
    expect(
      await eventually(
        () => conditionsOf('service', 'teller'),
        (text) => text.includes('ApprovalNeeded'),
      ),
    ).toContain('ApprovalNeeded')
    const later = await trueup(['service', 'logs', 'teller'], { in: folder })
    expect(later.stdout).toBe('token is ••••••\n')
    for (const file of ['journal.db', 'processes.db'])
      expect(readFileSync(join(folder, '.trueup', file)).includes('hush-hush-12345')).toBe(false)
  })
})

describe('a service that depends on a database', () => {
  test('is not started while the database cannot be used, says so, and is started when it can', async () => {
    mkdirSync(join(folder, 'leads.db'))
    writeFileSync(
      join(folder, 'desired-state.yaml'),
      `apiVersion: trueup/v1
name: test
policy: { mode: enforce, resync: 10s }
databases: { main: { path: leads.db } }
services:
  reader: { command: [sleep, "600"], dependsOn: [database/main] }
`,
    )
    await run()
    await eventually(
      () => conditionsOf('service', 'reader'),
      (text) => text.includes('database/main, on which it depends, is not usable'),
    )
    expect(await serviceOf('reader')).toMatchObject({ starts: 0, pid: null })
    removeFolder(join(folder, 'leads.db'))
    await python(
      `sqlite3.connect(sys.argv[1]).execute("CREATE TABLE leads (id TEXT)"); say('made')`,
      join(folder, 'leads.db'),
    ).line()
    await running('reader')
    expect(await serviceOf('reader')).toMatchObject({ starts: 1 })
  })
})
