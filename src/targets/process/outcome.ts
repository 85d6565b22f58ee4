/**
 * How a run of offloaded work ends: one answer that was heard, or one error that says why there is none. A child process
 * may have been hurt by a hostile file, so what it says is parsed.
 */
import { z } from 'zod'
import { OperationalError } from '../../errors.ts'
import { type Reply, rehydrate, type Usage } from './wire.ts'

const replySchema: z.ZodType<Reply> = z.discriminatedUnion('is', [
  z.object({ is: z.literal('progress'), done: z.number(), total: z.number() }),
  z.object({
    is: z.literal('done'),
    output: z.unknown(),
    usage: z.object({ cpuMs: z.number(), memoryBytes: z.number() }),
  }),
  z.object({
    is: z.literal('failed'),
    error: z.object({
      name: z.string(),
      message: z.string(),
      stack: z.string().optional(),
      code: z.string().optional(),
      hint: z.string().optional(),
      retryAtMs: z.number().optional(),
    }),
  }),
])

/** What is done with each kind of reply. */
export interface Hearing {
  readonly progress: ((done: number, total: number) => void) | undefined
  readonly done: (output: unknown, usage: Usage) => void
  readonly failed: (error: Error) => void
  readonly nonsense: (error: Error) => void
}

/** Parses a message and passes it on. */
export function hear(message: unknown, hearing: Hearing): void {
  const reply = replySchema.safeParse(message)
  if (!reply.success) {
    hearing.nonsense(reply.error)
    return
  }
  switch (reply.data.is) {
    case 'progress':
      hearing.progress?.(reply.data.done, reply.data.total)
      break
    case 'done':
      hearing.done(reply.data.output, reply.data.usage)
      break
    case 'failed':
      hearing.failed(rehydrate(reply.data.error))
  }
}

/** The error for a thread or process that ended, or spoke nonsense, instead of answering. */
export function died(name: string, how: string): OperationalError {
  return new OperationalError('WORKER_DIED', `${name} gave no answer: ${how}`)
}

/** The error for a run that its caller aborted: the reason of the signal where that is one of ours. */
export function stopped(name: string, signal: AbortSignal | undefined): OperationalError {
  const reason: unknown = signal?.reason
  if (reason instanceof OperationalError) return reason
  return new OperationalError('ACTION_DEADLINE', `${name} was stopped before it ended`, { cause: reason })
}
