/** The faults that can be injected, as the control API takes them. */
import { z } from 'zod'

/** Faults of the reply: the request is carried out, unless said otherwise, and the answer goes wrong. */
const replyFaults = [
  /** The connection closes after the commit, without a byte. */
  'drop-reply',
  /** The connection closes before anything is done. */
  'drop-request',
  /** Headers and half of the body, then silence. */
  'stall-body',
  /** Silence. */
  'stall-headers',
  /** 200 with a page of HTML, as from a proxy. */
  'html',
  /** The JSON ends in the middle. */
  'truncate',
  /** 503 RETRIABLE_ERROR; carried out before when `commit`. */
  'unavailable',
  /** 500; carried out before when `commit`. */
  'server-error',
  /** 429 of either body; not carried out. */
  'rate-limit',
  /** The answer comes `delayMs` late. */
  'latency',
] as const
/** Faults of the data that a request meets. */
export const dataFaults = [
  /** All iterators expire before the request. */
  'expire-iterators',
  /** The payloads of the next action come in one piece per record. */
  'split-payloads',
  /** The payloads of the next action come twice. */
  'duplicate-payloads',
  /** Only the last `keep` payloads remain before the request. */
  'lose-retention',
  /** Every hook of the base gets an INVALID_HOOK entry and stops, before the request. */
  'invalid-hook',
] as const

export type DataFault = (typeof dataFaults)[number]

/** Which calls a fault can be limited to; see route.ts. */
const routeNames = [
  'records.list',
  'records.get',
  'records.create',
  'records.update',
  'records.delete',
  'meta.whoami',
  'meta.bases',
  'meta.tables',
  'meta.createTable',
  'meta.updateTable',
  'meta.createField',
  'meta.updateField',
  'webhooks.create',
  'webhooks.list',
  'webhooks.delete',
  'webhooks.refresh',
  'webhooks.payloads',
  'webhooks.notifications',
] as const
export type RouteName = (typeof routeNames)[number]

export const faultSchema = z.strictObject({
  kind: z.enum([...replyFaults, ...dataFaults]),
  route: z.enum(routeNames).optional(),
  method: z.enum(['GET', 'POST', 'PATCH', 'PUT', 'DELETE']).optional(),
  /** A part of the path. */
  path: z.string().optional(),
  /** Matching requests to let pass first. */
  after: z.number().int().min(0).default(0),
  /** How often it strikes; left out: until it is cleared. */
  times: z.number().int().min(1).optional(),
  /** Chance of striking at a matching request, from the sandbox's seeded chance. */
  probability: z.number().min(0).max(1).default(1),
  /** For `unavailable` and `server-error`: the request is carried out all the same. */
  commit: z.boolean().default(false),
  /** For `latency`. */
  delayMs: z.number().int().min(0).max(600_000).default(1000),
  /** For `unavailable` and `rate-limit`: sent as Retry-After. */
  retryAfterSeconds: z.number().int().min(0).optional(),
  /** For `rate-limit`. */
  body: z.enum(['documented', 'seen']).default('documented'),
  /** For `lose-retention`. */
  keep: z.number().int().min(0).default(0),
})

export type FaultInput = z.input<typeof faultSchema>
export type Fault = z.output<typeof faultSchema>
