/**
 * The messages between the main thread and what it offloads work to. Both ends are ours, but a child process may have
 * been hurt by a hostile file, so the main thread parses what it hears.
 */
import { z } from 'zod'
import { type ErrorCode, errorTable, InvariantViolation, messageOf, OperationalError } from '../../errors.ts'

const wireErrorSchema = z.object({
  name: z.string(),
  message: z.string(),
  stack: z.string().optional(),
  code: z.string().optional(),
  hint: z.string().optional(),
  retryAtMs: z.number().optional(),
})
type WireError = z.output<typeof wireErrorSchema>

/** What a thread or child process says. */
export const replySchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('progress'), done: z.number(), total: z.number() }),
  z.object({ is: z.literal('done'), output: z.unknown() }),
  z.object({ is: z.literal('failed'), error: wireErrorSchema }),
])
export type Reply = z.output<typeof replySchema>

/** What the main thread says: one `run`, and `abort` when nobody waits for it any longer. */
export const orderSchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('run'), input: z.unknown() }),
  z.object({ is: z.literal('abort') }),
])
export type Order = z.output<typeof orderSchema>

/** An error of offloaded work that is none of ours; keeps the code of the original (`SQLITE_CORRUPT`, `ENOENT`). */
export class RemoteError extends Error {
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
