/** A sandbox on a virtual clock, and a plain client for it. */
import { pino } from 'pino'
import { expect } from 'vitest'
import { z } from 'zod'
import type { Clock } from '../../src/clock.ts'
import type { JsonObject, JsonValue } from '../../src/json.ts'
import { seededRandom } from '../../src/random.ts'
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts'

export const baseId = 'appTest0000000001'
export const quiet = pino({ level: 'silent' })

/** A clock that stands until it is moved. Sleeping moves nothing: who sleeps wakes when the test moves the clock on. */
export interface VirtualClock extends Clock {
  advance(ms: number): void
  set(ms: number): void
}

export function virtualClock(startMs = Date.UTC(2026, 0, 5, 12)): VirtualClock {
  let now = startMs
  let waiting: { at: number; run: () => void }[] = []
  const move = (to: number) => {
    now = to
    const due = waiting.filter(({ at }) => at <= now)
    waiting = waiting.filter(({ at }) => at > now)
    for (const { run } of due) run()
  }
  const after = (delayMs: number, run: () => void) => {
    const entry = { at: now + delayMs, run }
    waiting.push(entry)
    return {
      cancel: () => {
        waiting = waiting.filter((other) => other !== entry)
      },
    }
  }
  return {
    nowMs: () => now,
    monotonicMs: () => now,
    after,
    sleep: (delayMs) => new Promise((resolve) => void after(delayMs, resolve)),
    advance: (ms) => move(now + ms),
    set: move,
  }
}

const objectSchema: z.ZodType<JsonObject> = z.record(z.string(), z.json())

interface TestAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: JsonValue
}

export interface TestSandbox {
  readonly sandbox: Sandbox
  readonly clock: VirtualClock
  readonly url: string
  /** Asks as a client; the clock moves a second on after each call, so that the rate limit stays out of the way. */
  ask(method: string, path: string, body?: JsonValue, token?: string): Promise<TestAnswer>
}

export async function openSandbox(options: Partial<SandboxOptions> = {}, seed = 1): Promise<TestSandbox> {
  const clock = virtualClock()
  const sandbox = createSandbox({ path: ':memory:', clock, random: seededRandom(seed), log: quiet, ...options })
  const url = await sandbox.listen()
  return {
    sandbox,
    clock,
    url,
    ask: async (method, path, body, token = 'patTest') => {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      clock.advance(1000)
      return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) }
    },
  }
}

/** The records of an answer, checked to be records. */
export function recordsIn(body: JsonValue): { id: string; createdTime: string; fields: JsonObject }[] {
  return z
    .object({ records: z.array(z.object({ id: z.string(), createdTime: z.string(), fields: objectSchema })) })
    .parse(body).records
}

/** A member of a JSON object; fails the test when it is not there. */
export function member(value: JsonValue | undefined, ...path: readonly (string | number)[]): JsonValue {
  let at: JsonValue | undefined = value
  for (const name of path) {
    if (Array.isArray(at)) at = at[Number(name)]
    else at = typeof at === 'object' && at !== null ? objectSchema.parse(at)[name] : undefined
    expect(at, `member ${path.join('.')}`).toBeDefined()
  }
  return at ?? null
}
