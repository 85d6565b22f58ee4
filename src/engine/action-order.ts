/** Orders: what a kind's actions are to do, journaled as verb and input, and read back by whoever carries them out. */
import type { z } from 'zod'
import { OperationalError } from '../errors.ts'
import type { Action } from './action.ts'

/** Reads an action's verb and input. Throws ACTION_STALE when they are those of another version. */
export function readOrder<Order>(schema: z.ZodType<Order>, action: Pick<Action, 'verb' | 'input'>): Order {
  const parsed = schema.safeParse({ verb: action.verb, ...action.input })
  if (!parsed.success)
    throw new OperationalError('ACTION_STALE', `${action.verb} has a form that this version does not know`)
  return parsed.data
}
