import { z } from 'zod'
import { OperationalError } from '../errors.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import type { ChainedRow } from './chain.ts'
import { actionEntryTypes, type Entry, otherEntryTypes } from './entry.ts'

const jsonSchema: z.ZodType<JsonValue> = z.json()
const bodySchema: z.ZodType<JsonObject> = z.record(z.string(), jsonSchema)
const typeSchema = z.enum([...actionEntryTypes, ...otherEntryTypes])

/** Reads a stored row. Throws JOURNAL_BROKEN for one that no Trueup wrote. */
export function entryOf(row: ChainedRow): Entry {
  const type = typeSchema.safeParse(row.type)
  if (!type.success) throw new OperationalError('JOURNAL_BROKEN', `entry ${row.seq} has the unknown type ${row.type}`)
  return {
    seq: row.seq,
    atMs: row.at_ms,
    type: type.data,
    actor: row.actor,
    resource: row.resource,
    actionId: row.action_id,
    runId: row.run_id,
    body: parseBody(row.body),
    hash: row.hash,
  }
}

/** Parses JSON text that must be an object. */
export function parseBody(text: string): JsonObject {
  return bodySchema.parse(JSON.parse(text))
}
