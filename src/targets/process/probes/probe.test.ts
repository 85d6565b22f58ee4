import { chmodSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../../clock.ts'
import { commandLineOf, listPids } from '../supervision/proc.ts'
import { type ProbeOrder, probe } from './probe.ts'
import { notProbed, stepProbe } from './probe-state.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trueup-probe-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const ask = (order: ProbeOrder) =>
  probe(order, {
    clock: systemClock,
    signal: new AbortController().signal,
    environment: { PATH: process.env.PATH ?? '' },
  })
const exec = (command: string[], timeoutMs = 5000) => ask({ way: 'exec', command, directory: folder, timeoutMs })

async function serving(
  listen: (port: (answer: number) => void) => { close(): void },
  work: (port: number) => Promise<void>,
) {
  let server: { close(): void } | undefined
  const port = await new Promise<number>((resolve) => {
    server = listen(resolve)
  })
  try {
    await work(port)
  } finally {
    server?.close()
  }
}

function portOf(address: ReturnType<ReturnType<typeof createTcpServer>['address']>): number {
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe('http', () => {
  test('is well from 200 to 399, and fails for other answers, none, and one that never comes', async () => {
    await serving(
      (ready) => {
        const server = createServer((request, response) => {
          if (request.url === '/hang') return
          response.statusCode = Number(request.url?.slice(1))
          response.end()
        })
        server.listen(0, '127.0.0.1', () => ready(portOf(server.address())))
        return {
          close() {
            server.close()
            server.closeAllConnections()
          },
        }
      },
      async (port) => {
        const get = (path: string) => ask({ way: 'http', url: `http://127.0.0.1:${port}${path}`, timeoutMs: 500 })
        expect((await get('/200')).is).toBe('ok')
        expect((await get('/302')).is).toBe('ok')
        expect(await get('/500')).toEqual({ is: 'failed', message: 'status 500' })
        expect(await get('/hang')).toEqual({ is: 'failed', message: 'no answer within 0.5 s' })
      },
    )
    expect(await ask({ way: 'http', url: 'http://127.0.0.1:1/', timeoutMs: 500 })).toMatchObject({ is: 'failed' })
    expect(await ask({ way: 'http', url: 'http://no.such.host.invalid/', timeoutMs: 5000 })).toMatchObject({
      is: 'unknown',
    })
  })
})

test('tcp is well when the connection is accepted', async () => {
  await serving(
    (ready) => {
      const server = createTcpServer((socket) => socket.destroy())
      server.listen(0, '127.0.0.1', () => ready(portOf(server.address())))
      return server
    },
    async (port) => {
      expect(await ask({ way: 'tcp', host: '127.0.0.1', port, timeoutMs: 1000 })).toMatchObject({ is: 'ok' })
    },
  )
  expect(await ask({ way: 'tcp', host: '127.0.0.1', port: 1, timeoutMs: 1000 })).toMatchObject({ is: 'failed' })
})

describe('exec', () => {
  test('is well at 0, fails otherwise, and is unknown where it cannot be run', async () => {
    expect((await exec(['true'])).is).toBe('ok')
    expect(await exec(['false'])).toEqual({ is: 'failed', message: 'the probe ended with 1' })
    expect((await exec(['/no/such/probe'])).is).toBe('unknown')
    expect((await exec(['sh', '-c', 'no-such-command'])).is).toBe('unknown')
    writeFileSync(join(folder, 'not-executable'), 'x')
    expect((await exec([join(folder, 'not-executable')])).is).toBe('unknown')
  })

  test('that hangs fails at its timeout and leaves no process behind', async () => {
    const sleeping = `61.${process.pid}`
    expect(await exec(['sh', '-c', `sleep ${sleeping} & sleep ${sleeping}`], 300)).toMatchObject({
      is: 'failed',
      message: 'the probe did not end within 0.3 s',
    })
    const left = () => listPids().filter((pid) => commandLineOf(pid)?.includes(sleeping) === true)
    for (let turn = 0; turn < 100 && left().length > 0; turn += 1) await systemClock.sleep(20)
    expect(left()).toEqual([])
  })
})

test('a heartbeat is well while it is young; from the future too; unknown where it may not be looked at', async () => {
  const path = join(folder, 'beat')
  const beat = () => ask({ way: 'heartbeat', path, maxAgeMs: 60_000, timeoutMs: 1000 })
  expect(await beat()).toMatchObject({ is: 'failed', message: `there is no ${path}` })
  writeFileSync(path, '')
  expect((await beat()).is).toBe('ok')
  const hourMs = 3_600_000
  utimesSync(path, new Date(Date.now() + hourMs), new Date(Date.now() + hourMs))
  expect((await beat()).is).toBe('ok')
  utimesSync(path, new Date(Date.now() - hourMs), new Date(Date.now() - hourMs))
  expect((await beat()).is).toBe('failed')
  if (process.getuid?.() === 0) {
    // Root may look everywhere; a path through a file cannot be looked at by anybody.
    expect((await ask({ way: 'log', path: `${path}/x`, maxAgeMs: 1000, timeoutMs: 1000 })).is).toBe('unknown')
  } else {
    chmodSync(folder, 0)
    expect((await beat()).is).toBe('unknown')
    chmodSync(folder, 0o700)
  }
})

describe('probes in a row', () => {
  const rules = { failuresMax: 3, startupMs: 30_000 }
  const at = (ranMs: number) => ({ atMs: ranMs, ranMs })
  const failed = { is: 'failed', message: 'no' } as const

  test('count failures only after the startup time, or once one has succeeded', () => {
    let state = notProbed
    for (let turn = 0; turn < 10; turn += 1) state = stepProbe(state, failed, rules, at(1000))
    expect(state).toMatchObject({ phase: 'startup', failures: 0 })
    state = stepProbe(state, { is: 'ok', message: 'yes' }, rules, at(2000))
    expect(state.phase).toBe('ready')
    const phases = [3000, 4000, 5000].map((ranMs) => {
      state = stepProbe(state, failed, rules, at(ranMs))
      return state.phase
    })
    expect(phases).toEqual(['failing', 'failing', 'dead'])
    expect(stepProbe(notProbed, failed, { ...rules, failuresMax: 1 }, at(31_000)).phase).toBe('dead')
  })

  test('never make it dead by probes that cannot be carried out', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('ok', 'unknown'), { maxLength: 50 }), (results) => {
        let state = notProbed
        for (const is of results) state = stepProbe(state, { is, message: '' }, rules, at(60_000))
        expect(state.phase).toBe(
          results.at(-1) === undefined ? 'startup' : results.at(-1) === 'ok' ? 'ready' : 'unknown',
        )
      }),
    )
  })
})
