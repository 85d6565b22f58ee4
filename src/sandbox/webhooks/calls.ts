/** The webhook calls: create, list, refresh, delete, and the payloads that a client polls. */
import { createHash } from 'node:crypto'
import type { JsonObject, JsonValue } from '../../json.ts'
import type { SandboxCore } from '../core.ts'
import { refusals } from '../http/refusal.ts'
import { mintId } from '../ids.ts'
import type { Base } from '../metadata/model.ts'
import { isoText } from '../records/cells/date-cells.ts'
import type { StoredWebhook } from '../store/webhooks.ts'
import { createWebhookSchema, watchedFieldIds } from './specification.ts'

/** A hook lives for 7 days after its creation, a refresh, or a list of its payloads [D]. */
const webhookLifetimeMs = 7 * 86_400_000
/** Payloads are kept for a week, and an expired hook stays readable for one more [D]. */
const payloadRetentionMs = 7 * 86_400_000
const webhooksPerBaseMax = 10
const payloadPageMax = 50

export function createWebhook(core: SandboxCore, base: Base, body: JsonValue): JsonObject {
  const parsed = createWebhookSchema.safeParse(body)
  if (!parsed.success) throw refusals.invalidRequest()
  const { specification, notificationUrl } = parsed.data
  demandKnown(base, specification.options.filters.recordChangeScope, watchedFieldIds(specification))
  const nowMs = core.clock.nowMs()
  if (core.webhooks.ofBase(base.id).filter((hook) => hook.expiresMs > nowMs).length >= webhooksPerBaseMax) {
    throw refusals.tooManyWebhooks()
  }
  const hook: StoredWebhook = {
    id: mintId('ach', core.random),
    baseId: base.id,
    notificationUrl: notificationUrl ?? null,
    specification: JSON.stringify(specification),
    secret: createHash('sha256').update(core.random.hex(32)).digest('base64'),
    expiresMs: nowMs + webhookLifetimeMs,
    nextNumber: 1,
    enabled: true,
    notifications: true,
  }
  core.webhooks.insert(hook, nowMs)
  return { id: hook.id, macSecretBase64: hook.secret, expirationTime: isoText(hook.expiresMs) }
}

/** A scope or field that is not there is refused; type and text are [?]. */
function demandKnown(base: Base, scope: string | undefined, fieldIds: readonly string[]): void {
  const known = new Set(base.tables.flatMap((table) => [table.id, ...table.views.map(({ id }) => id)]))
  if (scope !== undefined && !known.has(scope)) throw refusals.invalidRequest()
  const fields = new Set(base.tables.flatMap((table) => table.fields.map(({ id }) => id)))
  if (fieldIds.some((id) => !fields.has(id))) throw refusals.invalidRequest()
}

export function listWebhooks(core: SandboxCore, base: Base): JsonObject {
  prune(core)
  const nowMs = core.clock.nowMs()
  const webhooks = core.webhooks.ofBase(base.id).map((hook): JsonValue => {
    const specification: JsonValue = JSON.parse(hook.specification)
    return {
      id: hook.id,
      specification,
      notificationUrl: hook.notificationUrl,
      cursorForNextPayload: hook.nextNumber,
      // Pings are not sent: this sandbox opens no connection to anywhere.
      lastNotificationResult: null,
      areNotificationsEnabled: hook.notifications,
      lastSuccessfulNotificationTime: null,
      isHookEnabled: hook.enabled && hook.expiresMs > nowMs,
      expirationTime: isoText(hook.expiresMs),
    }
  })
  return { webhooks }
}

export function refreshWebhook(core: SandboxCore, base: Base, id: string): JsonObject {
  const hook = demandWebhook(core, base, id)
  // Whether an expired hook can be refreshed is [?]; here it cannot.
  if (hook.expiresMs <= core.clock.nowMs()) throw refusals.notFound()
  const expiresMs = core.clock.nowMs() + webhookLifetimeMs
  core.webhooks.extend(id, expiresMs)
  return { expirationTime: isoText(expiresMs) }
}

export function deleteWebhook(core: SandboxCore, base: Base, id: string): void {
  demandWebhook(core, base, id)
  core.webhooks.remove(id)
}

export function setNotifications(core: SandboxCore, base: Base, id: string, on: boolean): void {
  demandWebhook(core, base, id)
  core.webhooks.setNotifications(id, on)
}

/** Payloads from the cursor on; a cursor before what is kept begins at what is kept. */
export function listPayloads(
  core: SandboxCore,
  base: Base,
  id: string,
  query: { cursor: number; limit: number },
): JsonObject {
  const hook = demandWebhook(core, base, id)
  const nowMs = core.clock.nowMs()
  if (hook.expiresMs > nowMs) core.webhooks.extend(id, nowMs + webhookLifetimeMs)
  const limit = Math.min(query.limit, payloadPageMax)
  const found = core.webhooks.payloads(id, query.cursor, limit + 1)
  const page = found.slice(0, limit)
  const payloads = page.map(({ payload }): JsonValue => JSON.parse(payload))
  const last = page.at(-1)
  return {
    payloads,
    // The last payload's number is cursor − 1; without payloads the cursor comes back as it was [D].
    cursor: last === undefined ? query.cursor : last.number + 1,
    mightHaveMore: found.length > limit,
  }
}

function demandWebhook(core: SandboxCore, base: Base, id: string): StoredWebhook {
  prune(core)
  const hook = core.webhooks.get(base.id, id)
  if (hook === undefined) throw refusals.notFound()
  return hook
}

function prune(core: SandboxCore): void {
  const nowMs = core.clock.nowMs()
  core.webhooks.prune(nowMs - payloadRetentionMs, nowMs - payloadRetentionMs)
}
