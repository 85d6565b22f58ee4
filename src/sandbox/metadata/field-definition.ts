/** Checks the definition of a new field and completes its options as the server does: ids, colours, format texts. */
import { z } from 'zod'
import type { JsonObject, JsonValue } from '../../json.ts'
import type { Random } from '../../random.ts'
import { refusals } from '../http/refusal.ts'
import { mintId } from '../ids.ts'
import { colorOf } from '../records/choices.ts'
import { creatableOptions, type FieldType, fieldTypeSchema, isComputed } from './field-types.ts'

const definitionSchema = z.object({
  name: z.string(),
  type: z.string(),
  description: z.string().nullish(),
  options: z.record(z.string(), z.json()).nullish(),
})

export interface FieldDefinition {
  readonly name: string
  readonly type: FieldType
  readonly description: string | undefined
  readonly options: JsonObject | undefined
}

/**
 * A definition that may be created in a table of that name.
 *
 * @throws ApiRefusal 422 for a type that the API cannot create, for options that are missing or wrong, for no name.
 */
export function checkDefinition(tableName: string, input: JsonValue, random: Random): FieldDefinition {
  const parsed = definitionSchema.safeParse(input)
  if (!parsed.success) throw refusals.invalidRequest()
  const { name, type: typeName, description, options } = parsed.data
  if (name.trim() === '') throw refusals.duplicateFieldName(name)
  const type = fieldTypeSchema.safeParse(typeName)
  if (!type.success) throw refusals.invalidOptions(tableName, name, `unknown field type ${typeName}`)
  const schema = creatableOptions[type.data]
  if (isComputed(type.data) || schema === undefined) throw refusals.unsupportedType(tableName, name, type.data)
  const checked = schema.safeParse(options ?? undefined)
  if (!checked.success) {
    const issue = checked.error.issues[0]
    throw refusals.invalidOptions(
      tableName,
      name,
      `options.${issue?.path.join('.') ?? ''} ${issue?.message ?? 'are invalid'}`,
    )
  }
  return {
    name,
    type: type.data,
    description: description ?? undefined,
    // Attachments have an option that nobody sends [D].
    options:
      type.data === 'multipleAttachments'
        ? { isReversed: false }
        : completeOptions(type.data, options ?? undefined, random),
  }
}

const dateFormats: Readonly<Record<string, string>> = {
  local: 'l',
  friendly: 'LL',
  us: 'M/D/YYYY',
  european: 'D/M/YYYY',
  iso: 'YYYY-MM-DD',
}
const timeFormats: Readonly<Record<string, string>> = { '12hour': 'h:mma', '24hour': 'HH:mm' }

/** Options as they are stored: choices get ids and colours, date formats their pattern [D]. Others stay as given. */
export function completeOptions(
  type: FieldType,
  options: JsonObject | undefined,
  random: Random,
): JsonObject | undefined {
  if (options === undefined) return undefined
  switch (type) {
    case 'singleSelect':
    case 'multipleSelects':
      return { ...options, choices: completeChoices(options.choices, random) }
    case 'date':
    case 'dateTime':
      return {
        ...options,
        ...withPattern('dateFormat', options.dateFormat, dateFormats),
        ...withPattern('timeFormat', options.timeFormat, timeFormats),
      }
    case 'multipleRecordLinks':
      return { isReversed: false, prefersSingleRecordLink: false, ...options }
    default:
      return Object.keys(options).length === 0 ? undefined : options
  }
}

const givenChoices = z.array(z.object({ id: z.string().optional(), name: z.string(), color: z.string().optional() }))

function completeChoices(input: JsonValue | undefined, random: Random): JsonValue {
  const parsed = givenChoices.safeParse(input)
  const choices = parsed.success ? parsed.data : []
  const names = new Set(choices.map(({ name }) => name))
  if (names.size < choices.length) throw refusals.invalidRequest()
  return choices.map(({ id, name, color }, position) => ({
    id: id ?? mintId('sel', random),
    name,
    color: color ?? colorOf(position),
  }))
}

const named = z.object({ name: z.string() })

function withPattern(
  key: string,
  input: JsonValue | undefined,
  patterns: Readonly<Record<string, string>>,
): JsonObject {
  const parsed = named.safeParse(input)
  if (!parsed.success) return {}
  return { [key]: { name: parsed.data.name, format: patterns[parsed.data.name] ?? '' } }
}
