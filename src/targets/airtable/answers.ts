/** The answers of the API as far as they are used, checked at the border and turned into what the port speaks of. */
import { z } from 'zod'
import type { JsonValue } from '../../json.ts'
import { AirtableError } from './airtable-error.ts'
import type { RecordPage, RemoteField, RemoteRecord, RemoteTable, RemoteWebhook, Upserted } from './ports.ts'

/** Parses the body of an answer. Throws AIRTABLE_PROTOCOL naming the place that is not as it must be, without its value. */
export function parsed<Output>(schema: z.ZodType<Output>, body: JsonValue | undefined, doing: string): Output {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const place = issue === undefined || issue.path.length === 0 ? 'as a whole' : `at ${issue.path.join('.')}`
  throw new AirtableError('AIRTABLE_PROTOCOL', `${doing}: the answer has an unknown form ${place}`)
}

const jsonSchema: z.ZodType<JsonValue> = z.json()
const cellsSchema = z.record(z.string(), jsonSchema)
const momentSchema = z.string().transform((text, context) => {
  const atMs = Date.parse(text)
  if (Number.isNaN(atMs)) context.addIssue({ code: 'custom', message: 'no moment' })
  return atMs
})

const recordSchema = z
  .object({ id: z.string(), createdTime: momentSchema, fields: cellsSchema })
  .transform(({ id, createdTime, fields }): RemoteRecord => ({ id, createdMs: createdTime, fields }))

export const recordsSchema = z.object({ records: z.array(recordSchema) }).transform(({ records }) => records)

export const pageSchema = z
  .object({ records: z.array(recordSchema), offset: z.string().optional() })
  .transform(({ records, offset }): RecordPage => ({ records, offset: offset === '' ? undefined : offset }))

export const upsertedSchema = z
  .object({ records: z.array(recordSchema), createdRecords: z.array(z.string()) })
  .transform(({ records, createdRecords }): Upserted => ({ records, createdIds: new Set(createdRecords) }))

export const destroyedSchema = z
  .object({ records: z.array(z.object({ id: z.string(), deleted: z.boolean() })) })
  .transform(({ records }) => records.filter(({ deleted }) => deleted).map(({ id }) => id))

const choicesSchema = z.object({ choices: z.array(z.object({ id: z.string(), name: z.string() })) })
const precisionSchema = z.object({ precision: z.number() })

export const fieldSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    type: z.string(),
    description: z.string().nullish(),
    options: cellsSchema.nullish(),
  })
  .transform(({ id, name, type, description, options }): RemoteField => {
    const choices = choicesSchema.safeParse(options)
    const precision = precisionSchema.safeParse(options)
    return {
      id,
      name,
      type,
      description: description ?? undefined,
      choices: choices.success ? choices.data.choices : [],
      precision: precision.success ? precision.data.precision : undefined,
      options: options ?? {},
    }
  })

export const tableSchema = z
  .object({ id: z.string(), name: z.string(), primaryFieldId: z.string(), fields: z.array(fieldSchema) })
  .transform((table): RemoteTable => table)

export const schemaSchema = z.object({ tables: z.array(tableSchema) })

export const basesSchema = z.object({
  bases: z.array(z.object({ id: z.string(), permissionLevel: z.string() })),
  offset: z.string().optional(),
})

export const webhooksSchema = z
  .object({
    webhooks: z.array(
      z.object({
        id: z.string(),
        cursorForNextPayload: z.int(),
        isHookEnabled: z.boolean(),
        expirationTime: momentSchema.nullish(),
      }),
    ),
  })
  .transform(({ webhooks }) =>
    webhooks.map(({ expirationTime, ...hook }): RemoteWebhook => ({ ...hook, expiresMs: expirationTime ?? undefined })),
  )

export const madeWebhookSchema = z
  .object({ id: z.string(), expirationTime: momentSchema.nullish() })
  .transform(({ id, expirationTime }) => ({ id, expiresMs: expirationTime ?? undefined }))
