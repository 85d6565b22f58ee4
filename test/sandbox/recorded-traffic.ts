/** The recorded traffic: 240 requests and answers of a test base, December 2021 to January 2022. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { z } from 'zod'
import type { JsonObject, JsonValue } from '../../src/json.ts'
import { fieldTypeSchema } from '../../src/sandbox/metadata/field-types.ts'

const folder = resolve(process.cwd(), '../shared/data/airtable-recorded')

/** Whether the recordings are on this machine. */
export const isRecorded = existsSync(folder)

const objectSchema: z.ZodType<JsonObject> = z.record(z.string(), z.json())
const pairsSchema = z.array(
  z.object({
    recording: z.string(),
    method: z.string(),
    path: z.string(),
    query: z.record(z.string(), z.union([z.string(), z.array(z.string())])).default({}),
    requestBody: z.json(),
    status: z.number(),
    contentType: z.string(),
    responseBody: z.json(),
  }),
)

export interface RecordedPair {
  readonly recording: string
  readonly method: string
  /** With the query, as it was sent. */
  readonly address: string
  readonly path: string
  readonly requestBody: JsonValue
  readonly status: number
  readonly contentType: string
  readonly body: JsonValue
}

export function readPairs(): RecordedPair[] {
  const pairs = pairsSchema.parse(JSON.parse(readFileSync(resolve(folder, 'pairs.json'), 'utf8')))
  return pairs.map(({ query, responseBody, ...pair }) => {
    const parts = Object.entries(query).flatMap(([name, value]) => [value].flat().map((each) => `${name}=${each}`))
    const address = parts.length === 0 ? pair.path : `${pair.path}?${parts.join('&')}`
    return { ...pair, address, body: decoded(responseBody) }
  })
}

/** Compressed answers were kept as hexadecimal text. */
function decoded(body: JsonValue): JsonValue {
  const chunks = z.array(z.string()).safeParse(body)
  if (!chunks.success) return body
  const value: JsonValue = JSON.parse(gunzipSync(Buffer.from(chunks.data.join(''), 'hex')).toString('utf8'))
  return value
}

const tablesSchema = z.object({
  tables: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      fields: z.array(
        z.object({ id: z.string(), name: z.string(), type: fieldTypeSchema, options: objectSchema.optional() }),
      ),
      views: z.array(z.object({ id: z.string(), name: z.string(), type: z.string() })),
    }),
  ),
})
export type RecordedTable = z.output<typeof tablesSchema>['tables'][number]

/** The schema of the base, as one recording shows it. */
export function recordedTables(pairs: readonly RecordedPair[]): RecordedTable[] {
  const pair = pairs.find(({ path, status }) => path.endsWith('/tables') && status === 200)
  return tablesSchema.parse(pair?.body).tables
}

const recordsSchema = z.object({
  records: z.array(z.object({ id: z.string(), createdTime: z.string(), fields: objectSchema })),
})
export type RecordedRecord = z.output<typeof recordsSchema>['records'][number]

/** The records in an answer; none where it has none. */
export function recordsOf(body: JsonValue): RecordedRecord[] {
  const parsed = recordsSchema.safeParse(body)
  return parsed.success ? parsed.data.records : []
}
