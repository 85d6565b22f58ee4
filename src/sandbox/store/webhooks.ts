/** Webhooks and the payloads kept for them. A payload's number only grows and is never reused. */
import type { SandboxDatabase } from './open.ts'

export interface StoredWebhook {
  readonly id: string
  readonly baseId: string
  readonly notificationUrl: string | null
  /** JSON text. */
  readonly specification: string
  readonly secret: string
  readonly expiresMs: number
  /** Number of the payload that comes next; the first is 1 [D]. */
  readonly nextNumber: number
  readonly enabled: boolean
  readonly notifications: boolean
}

interface WebhookRow {
  readonly id: string
  readonly base_id: string
  readonly notification_url: string | null
  readonly specification: string
  readonly secret: string
  readonly expires_ms: number
  readonly next_number: number
  readonly enabled: number
  readonly notifications: number
}

export interface StoredPayload {
  readonly number: number
  readonly payload: string
}

export class WebhookStore {
  readonly #database: SandboxDatabase

  constructor(database: SandboxDatabase) {
    this.#database = database
  }

  ofBase(baseId: string): StoredWebhook[] {
    return this.#database
      .prepare<[string], WebhookRow>('SELECT * FROM webhooks WHERE base_id = ? ORDER BY created_ms, rowid')
      .all(baseId)
      .map(webhookOf)
  }

  get(baseId: string, id: string): StoredWebhook | undefined {
    const row = this.#database
      .prepare<[string, string], WebhookRow>('SELECT * FROM webhooks WHERE base_id = ? AND id = ?')
      .get(baseId, id)
    return row === undefined ? undefined : webhookOf(row)
  }

  insert(webhook: StoredWebhook, createdMs: number): void {
    this.#database
      .prepare(
        `INSERT INTO webhooks (id, base_id, notification_url, specification, secret, created_ms, expires_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        webhook.id,
        webhook.baseId,
        webhook.notificationUrl,
        webhook.specification,
        webhook.secret,
        createdMs,
        webhook.expiresMs,
      )
  }

  remove(id: string): void {
    this.#database.prepare('DELETE FROM webhooks WHERE id = ?').run(id)
  }

  extend(id: string, expiresMs: number): void {
    this.#database.prepare('UPDATE webhooks SET expires_ms = ? WHERE id = ?').run(expiresMs, id)
  }

  setNotifications(id: string, on: boolean): void {
    this.#database.prepare('UPDATE webhooks SET notifications = ? WHERE id = ?').run(Number(on), id)
  }

  disable(id: string): void {
    this.#database.prepare('UPDATE webhooks SET enabled = 0 WHERE id = ?').run(id)
  }

  append(webhookId: string, atMs: number, payload: string): void {
    const number = this.#database
      .prepare<[string], { n: number }>(
        'UPDATE webhooks SET next_number = next_number + 1 WHERE id = ? RETURNING next_number - 1 AS n',
      )
      .get(webhookId)
    if (number === undefined) return
    this.#database
      .prepare('INSERT INTO webhook_payloads (webhook_id, number, at_ms, payload) VALUES (?, ?, ?, ?)')
      .run(webhookId, number.n, atMs, payload)
  }

  payloads(webhookId: string, from: number, limit: number): StoredPayload[] {
    return this.#database
      .prepare<[string, number, number], StoredPayload>(
        'SELECT number, payload FROM webhook_payloads WHERE webhook_id = ? AND number >= ? ORDER BY number LIMIT ?',
      )
      .all(webhookId, from, limit)
  }

  /** Deletes payloads made before a moment, and hooks that expired before another. */
  prune(payloadsBeforeMs: number, expiredBeforeMs: number): void {
    this.#database.prepare('DELETE FROM webhook_payloads WHERE at_ms < ?').run(payloadsBeforeMs)
    this.#database.prepare('DELETE FROM webhooks WHERE expires_ms < ?').run(expiredBeforeMs)
  }

  /** Deletes all but the last `keep` payloads of every hook. */
  loseRetention(keep: number): void {
    this.#database
      .prepare(
        `DELETE FROM webhook_payloads WHERE number <
           (SELECT next_number - ? FROM webhooks WHERE webhooks.id = webhook_payloads.webhook_id)`,
      )
      .run(keep)
  }
}

function webhookOf(row: WebhookRow): StoredWebhook {
  return {
    id: row.id,
    baseId: row.base_id,
    notificationUrl: row.notification_url,
    specification: row.specification,
    secret: row.secret,
    expiresMs: row.expires_ms,
    nextNumber: row.next_number,
    enabled: row.enabled === 1,
    notifications: row.notifications === 1,
  }
}
