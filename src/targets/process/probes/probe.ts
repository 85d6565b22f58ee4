/**
 * One probe of a running program. What cannot be carried out (a command that does not exist, a file that may not be read)
 * is `unknown`: neither a sign of life nor of death.
 */
import { spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { z } from 'zod'
import type { Clock } from '../../../clock.ts'
import { messageOf, OperationalError } from '../../../errors.ts'
import { createOutgoing } from '../../outgoing/guard.ts'

export const probeOrderSchema = z.discriminatedUnion('way', [
  z.strictObject({ way: z.literal('http'), url: z.string(), timeoutMs: z.number() }),
  z.strictObject({ way: z.literal('tcp'), host: z.string(), port: z.int(), timeoutMs: z.number() }),
  z.strictObject({
    way: z.literal('exec'),
    command: z.array(z.string()),
    directory: z.string(),
    timeoutMs: z.number(),
  }),
  z.strictObject({ way: z.literal('heartbeat'), path: z.string(), maxAgeMs: z.number(), timeoutMs: z.number() }),
  z.strictObject({ way: z.literal('log'), path: z.string(), maxAgeMs: z.number(), timeoutMs: z.number() }),
])
/** What is probed and how; all paths absolute. */
export type ProbeOrder = z.output<typeof probeOrderSchema>

export interface ProbeResult {
  readonly is: 'ok' | 'failed' | 'unknown'
  /** One phrase for a person: `status 200`, `no answer within 5 s`. */
  readonly message: string
}

export interface ProbeContext {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Environment of commands. */
  readonly environment: Readonly<Record<string, string>>
}

/** Carries out one probe, within its timeout. Never throws. */
export async function probe(order: ProbeOrder, context: ProbeContext): Promise<ProbeResult> {
  switch (order.way) {
    case 'http':
      return probeHttp(order.url, order.timeoutMs, context.signal)
    case 'tcp':
      return probeTcp(order, context.signal)
    case 'exec':
      return probeCommand(order, context)
    case 'heartbeat':
    case 'log':
      return probeAge(order, context.clock)
  }
}

const ok = (message: string): ProbeResult => ({ is: 'ok', message })
const failed = (message: string): ProbeResult => ({ is: 'failed', message })
const unknown = (message: string): ProbeResult => ({ is: 'unknown', message })

/** Names that say that the probe itself is wrong, not what it probes. */
const cannotAsk = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENETUNREACH'])

const outgoing = createOutgoing()

function networkFailure(error: unknown): ProbeResult {
  if (error instanceof OperationalError && error.code === 'OUTGOING_REFUSED')
    return unknown(`it cannot be asked: ${error.message}`)
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  return cannotAsk.has(code) ? unknown(`it cannot be asked: ${code}`) : failed(code === '' ? messageOf(error) : code)
}

async function probeHttp(url: string, timeoutMs: number, signal: AbortSignal): Promise<ProbeResult> {
  try {
    const headers = { 'user-agent': 'trueup-probe' }
    // The status is enough.
    const { status } = await outgoing.request({ url, purpose: 'declared', headers, timeoutMs, answerMax: 0, signal })
    return status >= 200 && status < 400 ? ok(`status ${status}`) : failed(`status ${status}`)
  } catch (error) {
    return networkFailure(error)
  }
}

async function probeTcp(
  { host, port, timeoutMs }: Extract<ProbeOrder, { way: 'tcp' }>,
  signal: AbortSignal,
): Promise<ProbeResult> {
  try {
    const socket = await outgoing.connect({ host, port, purpose: 'declared', timeoutMs, signal })
    socket.destroy()
    return ok('it accepts connections')
  } catch (error) {
    return networkFailure(error)
  }
}

/** What a shell gives for a command that is not there, or may not be run. */
const notRunnable = new Set([126, 127])

function probeCommand(order: Extract<ProbeOrder, { way: 'exec' }>, context: ProbeContext): Promise<ProbeResult> {
  const [program = '', ...rest] = order.command
  return new Promise((resolve) => {
    const child = spawn(program, rest, {
      cwd: order.directory,
      env: context.environment,
      // A group of its own, so that a probe that hangs is ended with all that it started; its output leads nowhere.
      detached: true,
      stdio: 'ignore',
    })
    let timedOut = false
    const kill = () => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
      process.kill(-child.pid, 'SIGKILL')
    }
    const timer = setTimeout(() => {
      timedOut = true
      kill()
    }, order.timeoutMs)
    context.signal.addEventListener('abort', kill, { once: true })
    const end = (result: ProbeResult) => {
      clearTimeout(timer)
      context.signal.removeEventListener('abort', kill)
      resolve(result)
    }
    child.once('error', (error) => end(unknown(`the probe cannot be run: ${messageOf(error)}`)))
    child.once('exit', (code, name) => {
      if (timedOut) end(failed(`the probe did not end within ${secondsText(order.timeoutMs)}`))
      else if (code === 0) end(ok('the probe ended with 0'))
      else if (code !== null && notRunnable.has(code)) end(unknown(`the probe cannot be run: exit ${code}`))
      else end(failed(code === null ? `the probe was ended by ${name}` : `the probe ended with ${code}`))
    })
  })
}

/** A file from the future is fresh: the clock was set back since it was written. */
async function probeAge(
  { way, path, maxAgeMs }: Extract<ProbeOrder, { way: 'heartbeat' | 'log' }>,
  clock: Clock,
): Promise<ProbeResult> {
  const what = way === 'log' ? 'the log' : 'the heartbeat'
  try {
    const ageMs = Math.max(0, clock.nowMs() - (await stat(path)).mtimeMs)
    const text = `${what} is ${secondsText(ageMs)} old`
    return ageMs <= maxAgeMs ? ok(text) : failed(`${text}, more than ${secondsText(maxAgeMs)}`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : messageOf(error)
    return code === 'ENOENT' ? failed(`there is no ${path}`) : unknown(`${path} cannot be looked at: ${code}`)
  }
}

function secondsText(ms: number): string {
  return `${ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000)} s`
}
