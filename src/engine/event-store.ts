/** Events beside the journal: what happened to resources, aggregated, with a growing cursor to go on from. */
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import type { JournalStore } from '../journal/store.ts'
import { aggregate, type Event, type EventDraft, eventsMax } from './events.ts'
import { keyText, parseKey } from './resource.ts'

export interface StoredEvent extends Event {
  /** Grows with everything that happens: an event that counts up gets a new one. */
  readonly seq: number
}

export interface EventStore {
  record(draft: EventDraft): StoredEvent
  /** After a cursor, oldest first; without one the newest, newest first. */
  page(after: number | undefined, limit: number): readonly StoredEvent[]
  onEvent(listener: (event: StoredEvent) => void): () => void
}

interface EventRow {
  readonly id: string
  readonly resource: string
  readonly reason: string
  readonly message: string
  readonly severity: string
  readonly count: number
  readonly first_at_ms: number
  readonly last_at_ms: number
  readonly seq: number
  readonly template: string
}

const levelSchema = z.enum(['info', 'warning', 'error'])

export function createEventStore(journal: JournalStore): EventStore {
  const listeners = new Set<(event: StoredEvent) => void>()
  const unwritten = new Map<string, StoredEvent>()
  let known: readonly Event[] = newest(journal, eventsMax).toReversed()
  let lastSeq = journal.db.prepare<[], { seq: number | null }>('SELECT max(seq) AS seq FROM events').get()?.seq ?? 0
  return {
    record(draft) {
      const { events, event } = aggregate(known, draft)
      known = events
      lastSeq += 1
      const stored = { ...event, seq: lastSeq }
      // What could not be written is, with the next one that can be.
      unwritten.set(stored.id, stored)
      if (journal.beside((db) => writeAll(db, [...unwritten.values()]))) unwritten.clear()
      else for (const id of [...unwritten.keys()].slice(0, -eventsMax)) unwritten.delete(id)
      for (const listener of listeners) listener(stored)
      return stored
    },
    page(after, limit) {
      if (after === undefined) return newest(journal, limit)
      return journal.db
        .prepare<[number, number], EventRow>('SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?')
        .all(after, limit)
        .map(eventOf)
    },
    onEvent(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function newest(journal: JournalStore, limit: number): readonly StoredEvent[] {
  return journal.db
    .prepare<[number], EventRow>('SELECT * FROM events ORDER BY seq DESC LIMIT ?')
    .all(limit)
    .map(eventOf)
}

function writeAll(db: Database, events: readonly StoredEvent[]): void {
  const insert = db.prepare(
    `INSERT INTO events (id, resource, reason, message, severity, template, count, first_at_ms, last_at_ms, seq)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET message = excluded.message, severity = excluded.severity, count = excluded.count,
       first_at_ms = excluded.first_at_ms, last_at_ms = excluded.last_at_ms, seq = excluded.seq`,
  )
  for (const event of events) {
    insert.run(
      event.id,
      keyText(event.resource),
      event.reason,
      event.message,
      event.level,
      event.template,
      event.count,
      event.firstAtMs,
      event.lastAtMs,
      event.seq,
    )
  }
  db.prepare('DELETE FROM events WHERE seq <= (SELECT max(seq) FROM events) - ?').run(eventsMax * 10)
}

function eventOf(row: EventRow): StoredEvent {
  return {
    id: row.id,
    resource: parseKey(row.resource) ?? { kind: 'controller', name: row.resource },
    reason: row.reason,
    message: row.message,
    level: levelSchema.parse(row.severity),
    template: row.template,
    count: row.count,
    firstAtMs: row.first_at_ms,
    lastAtMs: row.last_at_ms,
    seq: row.seq,
  }
}
