/** Parses the bodies and queries of the record calls; keys that are not known are ignored, as airtable.js sends some. */
import { z } from 'zod'
import type { JsonValue } from '../../json.ts'
import { isTimeZone } from '../formula/date-format.ts'
import { type ApiRefusal, refusals } from '../http/refusal.ts'

/** Records of one request [D]. */
export const batchMax = 10
const pageSizeMax = 100

const cells: z.ZodType<Record<string, JsonValue>> = z.record(z.string(), z.json())
/** `true`, `1` and their texts; clients send both [L]. */
const flag = z
  .union([z.boolean(), z.literal(['true', 'false', '1', '0', '']), z.literal([0, 1])])
  .transform((value) => value === true || value === 'true' || value === '1' || value === 1)

const writeOptions = { typecast: flag.default(false), returnFieldsByFieldId: flag.default(false) }
const oneSchema = z.object({ ...writeOptions, fields: cells })
const createSchema = z.object({
  ...writeOptions,
  records: z
    .array(z.object({ fields: cells }))
    .min(1)
    .max(batchMax),
})
const updateSchema = z.object({
  ...writeOptions,
  records: z
    .array(z.object({ id: z.string(), fields: cells }))
    .min(1)
    .max(batchMax),
})
const upsertSchema = z.object({
  ...writeOptions,
  performUpsert: z.object({ fieldsToMergeOn: z.array(z.string()).min(1).max(3) }),
  records: z
    .array(z.object({ id: z.string().optional(), fields: cells }))
    .min(1)
    .max(batchMax),
})

/** Whether a body is of the shape for several records. */
export function isBatch(body: JsonValue): boolean {
  return typeof body === 'object' && body !== null && 'records' in body
}

/** Whether a body asks for an upsert. */
export function isUpsert(body: JsonValue): boolean {
  return typeof body === 'object' && body !== null && 'performUpsert' in body
}

export const parseOne = (body: JsonValue) => parsed(oneSchema, body, refusals.invalidRequest)
export const parseCreate = (body: JsonValue) => parsed(createSchema, body, refusals.invalidRecords)
export const parseUpdate = (body: JsonValue) => parsed(updateSchema, body, refusals.invalidRecords)
export const parseUpsert = (body: JsonValue) => parsed(upsertSchema, body, refusals.invalidRecords)

const whole = (min: number, max: number) =>
  z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.number().int().min(min).max(max))
const texts = z.union([z.string().transform((value) => [value]), z.array(z.string())])

const listSchema = z.object({
  pageSize: whole(1, pageSizeMax).optional(),
  /** Deprecated name of pageSize, sent by `list()` of airtable.js [M]. */
  limit: whole(1, pageSizeMax).optional(),
  maxRecords: whole(1, Number.MAX_SAFE_INTEGER).optional(),
  offset: z.string().optional(),
  view: z.string().optional(),
  filterByFormula: z.string().optional(),
  fields: texts.optional(),
  sort: z.array(z.object({ field: z.string(), direction: z.enum(['asc', 'desc']).default('asc') })).optional(),
  cellFormat: z.enum(['json', 'string']).default('json'),
  timeZone: z.string().optional(),
  userLocale: z.string().optional(),
  returnFieldsByFieldId: flag.default(false),
  recordMetadata: texts.optional(),
})

export type ListQuery = z.output<typeof listSchema>

/** @throws ApiRefusal 422 for a parameter out of its range, and for cellFormat=string without zone and locale. */
export function parseList(parameters: JsonValue): ListQuery {
  const query = parsed(listSchema, parameters, refusals.invalidRequest)
  if (query.timeZone !== undefined && !isTimeZone(query.timeZone)) throw refusals.invalidRequest()
  if (query.cellFormat === 'string' && (query.timeZone === undefined || query.userLocale === undefined)) {
    throw refusals.invalidRequest()
  }
  return query
}

const getSchema = z.object({
  cellFormat: z.enum(['json', 'string']).default('json'),
  timeZone: z.string().optional(),
  userLocale: z.string().optional(),
  returnFieldsByFieldId: flag.default(false),
  /** Refused on a single record [O]. */
  fields: z.undefined().optional(),
})

export type GetQuery = z.output<typeof getSchema>

export function parseGet(parameters: JsonValue): GetQuery {
  const query = parsed(getSchema, parameters, refusals.invalidRequest)
  if (query.timeZone !== undefined && !isTimeZone(query.timeZone)) throw refusals.invalidRequest()
  if (query.cellFormat === 'string' && (query.timeZone === undefined || query.userLocale === undefined)) {
    throw refusals.invalidRequest()
  }
  return query
}

const deleteSchema = z.object({ records: z.array(z.string()).min(1).max(batchMax) })

export function parseDelete(parameters: JsonValue): readonly string[] {
  return parsed(deleteSchema, parameters, refusals.invalidRecords).records
}

function parsed<Schema extends z.ZodType>(
  schema: Schema,
  value: JsonValue,
  refusal: () => ApiRefusal,
): z.output<Schema> {
  const result = schema.safeParse(value)
  if (!result.success) throw refusal()
  return result.data
}
