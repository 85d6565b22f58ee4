/**
 * A transport to the sandbox without sockets, on whatever clock it is given: what the simulator and property tests use in
 * place of the `airtable` package. Faults of the sandbox appear as they do over a network.
 */
import { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { JsonValue } from '../json.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import {
  type AirtableRequest,
  type AirtableTransport,
  retryAfterMsOf,
  type Sent,
} from '../targets/airtable/transport.ts'

/** Opens the transport. `latencyMs` passes before a request is handled, and once more before its answer is there. */
export function inProcessTransport(sandbox: Sandbox, clock: Clock, latencyMs = 0): AirtableTransport {
  return {
    async send(request) {
      const giveUpAtMs = clock.monotonicMs() + request.deadlineMs
      if (!(await passed(clock, latencyMs, request.signal))) return ended
      const reply = sandbox.exchange({
        method: request.method,
        path: `/v0/${request.path}`,
        query: queryOf(request.query),
        authorization: `Bearer ${request.token}`,
        body: request.body === undefined || request.method === 'DELETE' ? '' : JSON.stringify(request.body),
      })
      const leftMs = giveUpAtMs - clock.monotonicMs()
      const delayMs = reply.kind === 'stalled' ? Number.POSITIVE_INFINITY : reply.delayMs + latencyMs
      if (!(await passed(clock, Math.min(delayMs, leftMs), request.signal))) return ended
      if (delayMs > leftMs) return late(request)
      switch (reply.kind) {
        case 'dropped':
          return { is: 'failure', reason: 'connection', detail: 'socket hang up', mayHaveArrived: true }
        case 'stalled':
          return late(request)
        case 'answer':
          return answerOf(reply.answer, clock.nowMs())
      }
    },
  }
}

const ended: Sent = { is: 'failure', reason: 'aborted', detail: 'ended by the caller', mayHaveArrived: true }

function late({ deadlineMs }: AirtableRequest): Sent {
  const detail = `no whole answer within ${deadlineMs / 1000} s`
  return { is: 'failure', reason: 'deadline', detail, mayHaveArrived: true }
}

async function passed(clock: Clock, delayMs: number, signal: AbortSignal): Promise<boolean> {
  if (delayMs > 0) await clock.sleep(delayMs, signal)
  return !signal.aborted
}

/** As the `airtable` package writes it. */
function queryOf(query: AirtableRequest['query']): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    typeof value === 'object' ? value.map((item) => [`${name}[]`, item]) : [[name, String(value)]],
  )
  return pairs.map(([name = '', value = '']) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&')
}

const objectSchema = z.record(z.string(), z.json())

function answerOf(
  { status, body, headers }: { status: number; body: Buffer; headers?: Readonly<Record<string, string>> },
  nowMs: number,
): Sent {
  const parsed = objectIn(body)
  const retryAfterMs = retryAfterMsOf(headers?.['retry-after'], nowMs)
  return { is: 'answer', status, body: parsed, isJson: parsed !== undefined, retryAfterMs }
}

function objectIn(body: Buffer): JsonValue | undefined {
  try {
    const parsed = objectSchema.safeParse(JSON.parse(body.toString('utf8')))
    return parsed.success ? parsed.data : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
