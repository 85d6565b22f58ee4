/**
 * The schema of a base as it was last read, kept over restarts. It counts until it is too old for who asks, or until
 * anything told that tables, fields or choices changed.
 */
import type { Database } from 'better-sqlite3'
import { z } from 'zod'
import type { Clock } from '../../clock.ts'
import type { JsonValue } from '../../json.ts'
import { AirtableError } from './airtable-error.ts'
import type { FeedStore } from './feed-store.ts'
import type { AirtableBase, AirtableTarget, BaseSchema } from './ports.ts'
import { createTurns } from './turns.ts'

export interface SchemaCacheSettings {
  readonly db: Database
  readonly key: string
  readonly base: AirtableBase
  readonly feed: FeedStore
  readonly clock: Clock
  /** Called when a schema was read that differs from the one before. */
  readonly notify: () => void
}

export interface SchemaCache {
  readonly schema: AirtableTarget['schema']
  /** The same base, but what it is told or does to the schema is noticed here. */
  watching(base: AirtableBase): AirtableBase
}

/** Refusals that come of a schema other than the one that the request was made for. */
const ofAnOldSchema: ReadonlySet<string> = new Set([
  'UNKNOWN_FIELD_NAME',
  'INVALID_VALUE_FOR_COLUMN',
  'INVALID_MULTIPLE_CHOICE_OPTIONS',
  'INVALID_FILTER_BY_FORMULA',
  'TABLE_NOT_FOUND',
  'INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND',
])

/** The schema of one base over an open store. */
export function schemaCacheOf({ db, key, base, feed, clock, notify }: SchemaCacheSettings): SchemaCache {
  const turns = createTurns()
  const put = db.prepare('INSERT OR REPLACE INTO schemas VALUES (?, ?, ?, ?)')
  const get = db.prepare<[string], { readMs: number; json: string }>(
    'SELECT read_ms AS readMs, json FROM schemas WHERE base = ?',
  )
  const read: AirtableBase['schema'] = async (options) => {
    // Taken before the call, so that what is told meanwhile makes this reading old.
    const { schemaVersion } = feed.state()
    const atMs = clock.nowMs()
    const schema = await base.schema(options)
    const before = get.get(key)
    const json = JSON.stringify(schema)
    put.run(key, atMs, schemaVersion, json)
    if (before !== undefined && before.json !== json) notify()
    return schema
  }
  const noticing = async <Result>(work: Promise<Result>, changes: boolean): Promise<Result> => {
    try {
      const result = await work
      if (changes) feed.schemaChanged()
      return result
    } catch (error) {
      const type = error instanceof AirtableError ? error.airtableType : undefined
      // What may have been done in spite of the failure may have changed something, too.
      if (changes || (type !== undefined && ofAnOldSchema.has(type))) feed.schemaChanged()
      throw error
    }
  }
  return {
    schema: ({ maxAgeMs, ...options }) =>
      turns.take(async () => {
        const known = get.get(key)
        const ageMs = known === undefined ? Number.POSITIVE_INFINITY : clock.nowMs() - known.readMs
        if (known === undefined || ageMs < 0 || ageMs > maxAgeMs || feed.schemaIsStale()) return read(options)
        return storedSchema.parse(JSON.parse(known.json))
      }),
    watching: (plain) => ({
      ...plain,
      schema: read,
      createTable: (...given) => noticing(plain.createTable(...given), true),
      createField: (...given) => noticing(plain.createField(...given), true),
      list: (...given) => noticing(plain.list(...given), false),
      upsert: (tableId, request, options) =>
        noticing(plain.upsert(tableId, request, options), request.typecast === true),
      update: (tableId, records, options) =>
        noticing(plain.update(tableId, records, options), options.typecast === true),
      destroy: (...given) => noticing(plain.destroy(...given), false),
    }),
  }
}

const jsonSchema: z.ZodType<JsonValue> = z.json()
const storedSchema: z.ZodType<BaseSchema> = z.object({
  tables: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      primaryFieldId: z.string(),
      fields: z.array(
        z.object({
          id: z.string(),
          name: z.string(),
          type: z.string(),
          description: z.string().optional(),
          choices: z.array(z.object({ id: z.string(), name: z.string() })),
          precision: z.number().optional(),
          options: z.record(z.string(), jsonSchema),
        }),
      ),
    }),
  ),
})
