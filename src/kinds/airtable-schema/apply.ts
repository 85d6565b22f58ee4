/**
 * Carries the repairs of a base out, each with one call. Whether one took effect is told by name: Airtable lets no two
 * tables or fields have the same, so that nothing is made twice. Only a webhook has no mark of its maker: one whose id a crash
 * lost is left alone and ends by itself within a week, unpolled.
 */
import type { Applied, Checkpoint, EffectContext } from '../../engine/kind.ts'
import { OperationalError } from '../../errors.ts'
import type { AirtableTarget, BaseSchema, RemoteWebhook } from '../../targets/airtable/ports.ts'
import { evidenceOf, isMade, type Order } from './actions.ts'
import type { Refusal, RefusedPart } from './refusals.ts'

export interface ApplyPorts {
  readonly target: AirtableTarget
  /** Remembers what Airtable said no to. */
  readonly refuse: (part: RefusedPart, refusal: Refusal) => void
  /** The next look must not use what was read before. */
  readonly lookAnew: () => void
  /** What a look has just read, if it has. */
  readonly justRead: BaseSchema | undefined
}

const done: Applied = { changed: 1, skipped: [], skippedCount: 0, failed: [] }
/** Airtable's limit of webhooks in a base (documented). */
const webhooksMax = 10
/**
 * The evidence as it is now. What the look before it has read tells as much as another call: Airtable itself refuses a second
 * table or field of one name. Nothing needs to be kept.
 */
export async function checkpointBase(
  order: Order,
  { target, justRead }: ApplyPorts,
  { signal }: EffectContext,
): Promise<Checkpoint> {
  const schema = isOfWebhook(order) ? { tables: [] } : (justRead ?? (await target.schema({ maxAgeMs: 0, signal })))
  return { evidence: evidenceOf(order, schema, target.feed.webhook()?.id), images: 0 }
}

function isOfWebhook(order: Order): order is Extract<Order, { verb: 'create-webhook' | 'delete-webhook' }> {
  return order.verb === 'create-webhook' || order.verb === 'delete-webhook'
}

/** Makes the change. */
export async function applyBase(order: Order, ports: ApplyPorts, { signal }: EffectContext): Promise<Applied> {
  const { base, feed } = ports.target
  switch (order.verb) {
    case 'create-table':
      return making(order, ports, () => base.createTable(order.name, order.fields, { signal }))
    case 'create-field':
      return making(order, ports, () => base.createField(order.tableId, order.field, { signal }))
    case 'create-webhook':
      return createWebhook(order, ports, signal)
    case 'delete-webhook':
      await base.deleteWebhook(order.id, { signal })
      feed.doWithout('the webhook was taken back by a person')
      return done
  }
}

async function making(
  order: Extract<Order, { verb: 'create-table' | 'create-field' }>,
  ports: ApplyPorts,
  make: () => Promise<unknown>,
): Promise<Applied> {
  // Whatever comes of it, what was read before tells nothing any more.
  ports.lookAnew()
  try {
    await make()
    return done
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    if (error.code === 'AIRTABLE_FORBIDDEN') {
      const remedy = 'Give the token the scope schema.bases:write, and its owner the role Creator in the base.'
      ports.refuse('creation', { reason: 'Airtable lets this token make no tables and fields', remedy })
      throw new OperationalError(error.code, error.message, { hint: remedy, cause: error })
    }
    if (error.code === 'AIRTABLE_REFUSED' && isPath(order.path)) {
      ports.refuse(order.path, {
        reason: error.message,
        remedy: 'Compare its options in Airtable with the desired state.',
      })
    }
    throw error
  }
}

function isPath(path: string): path is `tables.${string}` {
  return path.startsWith('tables.')
}

/** Where there can be none, that is no failure: changes are then asked for in another way, and a person is told. */
async function createWebhook(
  order: Extract<Order, { verb: 'create-webhook' }>,
  { target, refuse }: ApplyPorts,
  signal: AbortSignal,
): Promise<Applied> {
  const { base, feed } = target
  if (feed.webhook() !== undefined) return done
  try {
    feed.adopt(await base.createWebhook({ signal }))
    return done
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const refusal = await webhookRefusal(error, order, target, signal)
    if (refusal === undefined) throw error
    feed.doWithout(refusal.reason)
    refuse('webhook', refusal)
    return { changed: 0, skipped: ['webhook'], skippedCount: 1, failed: [] }
  }
}

async function webhookRefusal(
  error: OperationalError,
  order: Extract<Order, { verb: 'create-webhook' }>,
  { base }: AirtableTarget,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  switch (error.code) {
    case 'AIRTABLE_FORBIDDEN':
      return {
        reason: 'Airtable lets this token make no webhook',
        remedy:
          'Give the token the scopes webhook:manage and data.records:read, and its owner the role Creator in the base. It is tried again when a look is asked for, and once a day.',
      }
    case 'AIRTABLE_NOT_FOUND':
      return {
        reason: 'the endpoint knows no webhooks',
        remedy: 'Nothing needs doing. A server that has them saves calls.',
      }
    case 'AIRTABLE_REFUSED': {
      const hooks = await base.webhooks({ signal })
      return hooks.length < webhooksMax ? undefined : tooMany(hooks, order)
    }
    default:
      return undefined
  }
}

function tooMany(hooks: readonly RemoteWebhook[], { connection }: Extract<Order, { verb: 'create-webhook' }>): Refusal {
  const endpoint = connection.endpoint ?? 'https://api.airtable.com'
  const token = 'env' in connection.token ? `$${connection.token.env}` : `$(cat ${connection.token.file})`
  const list = hooks.map(({ id, isHookEnabled }) => (isHookEnabled ? id : `${id} (disabled)`)).join(', ')
  return {
    reason: `the base has ${hooks.length} webhooks already, and Airtable allows ${webhooksMax}`,
    remedy: `Delete one that nobody needs, of ${list}: curl -X DELETE -H "Authorization: Bearer ${token}" ${endpoint}/v0/bases/${connection.base}/webhooks/ID`,
  }
}

/** After a crash: did it take effect? */
export async function probeBase(
  order: Order,
  { target }: ApplyPorts,
  { signal }: EffectContext,
): Promise<'applied' | 'not-applied'> {
  switch (order.verb) {
    case 'create-webhook':
      return target.feed.webhook() === undefined ? 'not-applied' : 'applied'
    case 'delete-webhook': {
      const hooks = await target.base.webhooks({ signal })
      if (hooks.some(({ id }) => id === order.id)) return 'not-applied'
      if (target.feed.webhook()?.id === order.id) target.feed.doWithout('the webhook was taken back by a person')
      return 'applied'
    }
    default:
      return isMade(order, await target.schema({ maxAgeMs: 0, signal })) ? 'applied' : 'not-applied'
  }
}
