/**
 * The messages between the main thread and what it offloads work to, and errors in the form that survives the way.
 * Loads nothing but the error table, since every child process loads it anew.
 */
import { type ErrorCode, errorTable, InvariantViolation, messageOf, OperationalError } from '../../errors.ts'

export interface WireError {
  readonly name: string
  readonly message: string
  readonly stack?: string | undefined
  readonly code?: string | undefined
  readonly hint?: string | undefined
  readonly retryAtMs?: number | undefined
}

/** What a thread or child process has used so far. */
export interface Usage {
  /** 0 for a thread, of which it does not matter. */
  readonly cpuMs: number
  readonly memoryBytes: number
}

/** What a thread or child process says. */
export type Reply =
  | { readonly is: 'progress'; readonly done: number; readonly total: number }
  | { readonly is: 'done'; readonly output: unknown; readonly usage: Usage }
  | { readonly is: 'failed'; readonly error: WireError }

/** What the main thread says: one `run`, and `abort` when nobody waits for it any longer. */
export type Order = { readonly is: 'run'; readonly entry: string; readonly input: unknown } | { readonly is: 'abort' }

/** Reads an order; undefined for anything else. */
export function parseOrder(message: unknown): Order | undefined {
  if (typeof message !== 'object' || message === null || !('is' in message)) return undefined
  if (message.is === 'abort') return { is: 'abort' }
  if (message.is !== 'run' || !('input' in message)) return undefined
  return 'entry' in message && typeof message.entry === 'string'
    ? { is: 'run', entry: message.entry, input: message.input }
    : undefined
}

/** What a thread is given when it starts. */
export interface ThreadData {
  /** How far it stands back behind the main thread, 0 to 19. */
  readonly niceness: number
  /** Whose work is done once before the first run. */
  readonly before?: { readonly entry: string; readonly input: unknown } | undefined
}

/** Reads what a thread was given; undefined for anything else. */
export function parseThreadData(data: unknown): ThreadData | undefined {
  if (typeof data !== 'object' || data === null || !('niceness' in data)) return undefined
  const { niceness } = data
  if (typeof niceness !== 'number' || !Number.isInteger(niceness) || niceness < 0 || niceness > 19) return undefined
  if (!('before' in data) || data.before === undefined) return { niceness }
  const { before } = data
  if (typeof before !== 'object' || before === null || !('entry' in before) || !('input' in before)) return undefined
  return typeof before.entry === 'string'
    ? { niceness, before: { entry: before.entry, input: before.input } }
    : undefined
}

/** An error of offloaded work that is none of ours; keeps the code of the original (`SQLITE_CORRUPT`, `ENOENT`). */
class RemoteError extends Error {
  override readonly name: string
  readonly code: string | undefined

  constructor(name: string, message: string, code: string | undefined, stack: string | undefined) {
    super(message)
    this.name = name
    this.code = code
    if (stack !== undefined) this.stack = stack
  }
}

/** An error in the form that survives the way between threads and processes. */
export function dehydrate(error: unknown): WireError {
  if (!(error instanceof Error)) return { name: 'Error', message: messageOf(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return {
    name: error.name,
    message: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(code === undefined ? {} : { code }),
    ...(error instanceof OperationalError ? { hint: error.hint } : {}),
    ...(error instanceof OperationalError && error.retryAtMs !== undefined ? { retryAtMs: error.retryAtMs } : {}),
  }
}

/** The error as it was thrown there: an OperationalError with its code, an InvariantViolation, or a RemoteError. */
export function rehydrate(wire: WireError): Error {
  if (wire.name === 'InvariantViolation') return new InvariantViolation(wire.message)
  if (wire.name === 'OperationalError' && isErrorCode(wire.code)) {
    return new OperationalError(wire.code, wire.message, {
      ...(wire.hint === undefined ? {} : { hint: wire.hint }),
      ...(wire.retryAtMs === undefined ? {} : { retryAtMs: wire.retryAtMs }),
    })
  }
  return new RemoteError(wire.name, wire.message, wire.code, wire.stack)
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return code !== undefined && Object.hasOwn(errorTable, code)
}
