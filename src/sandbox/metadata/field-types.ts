/** Every field type: whether the API creates it, with which options, and whether its cells are computed. */
import { z } from 'zod'
import { isTimeZone } from '../formula/date-format.ts'

const writableTypes = [
  'singleLineText',
  'multilineText',
  'richText',
  'email',
  'url',
  'phoneNumber',
  'barcode',
  'number',
  'percent',
  'currency',
  'rating',
  'duration',
  'checkbox',
  'singleSelect',
  'multipleSelects',
  'date',
  'dateTime',
  'multipleRecordLinks',
  'multipleAttachments',
  'singleCollaborator',
  'multipleCollaborators',
] as const
const computedTypes = [
  'formula',
  'rollup',
  'count',
  'multipleLookupValues',
  'createdTime',
  'lastModifiedTime',
  'createdBy',
  'lastModifiedBy',
  'autoNumber',
  'button',
] as const

export type WritableType = (typeof writableTypes)[number]
export type ComputedType = (typeof computedTypes)[number]
export type FieldType = WritableType | ComputedType

export const fieldTypeSchema = z.enum([...writableTypes, ...computedTypes])

const computed: ReadonlySet<string> = new Set(computedTypes)

/** Whether the cells of a type are computed and cannot be written. */
export function isComputed(type: FieldType): type is ComputedType {
  return computed.has(type)
}

const choice = z.object({ name: z.string().min(1), color: z.string().optional() })
const choices = z.object({ choices: z.array(choice) })
const dateFormat = z.object({
  name: z.enum(['local', 'friendly', 'us', 'european', 'iso']),
  format: z.string().optional(),
})
const precision = (max: number) => z.number().int().min(0).max(max)
const checkboxIcon = z.enum(['check', 'xCheckbox', 'star', 'heart', 'thumbsUp', 'flag', 'dot'])
const ratingIcon = z.enum(['star', 'heart', 'thumbsUp', 'flag', 'dot'])
const brightColor = z
  .string()
  .regex(/^(yellow|orange|red|pink|purple|blue|cyan|teal|green|gray)Bright$/, 'must be a bright color')
const none = z.undefined().or(z.object({}))

/** The options that a type must have to be created [D]. A type that is not here cannot be created [O]. */
export const creatableOptions: Readonly<Partial<Record<FieldType, z.ZodType>>> = {
  singleLineText: none,
  multilineText: none,
  richText: none,
  email: none,
  url: none,
  phoneNumber: none,
  barcode: none,
  singleSelect: choices,
  multipleSelects: choices,
  number: z.object({ precision: precision(8) }),
  percent: z.object({ precision: precision(8) }),
  currency: z.object({ precision: precision(7), symbol: z.string() }),
  checkbox: z.object({ icon: checkboxIcon, color: brightColor }),
  rating: z.object({ icon: ratingIcon, max: z.number().int().min(1).max(10), color: brightColor }),
  date: z.object({ dateFormat }),
  dateTime: z.object({
    dateFormat,
    timeFormat: z.object({ name: z.enum(['12hour', '24hour']), format: z.string().optional() }),
    // The upper-case "UTC" is refused [O].
    timeZone: z.string().refine((zone) => zone !== 'UTC' && isTimeZone(zone), 'is not a time zone'),
  }),
  duration: z.object({ durationFormat: z.enum(['h:mm', 'h:mm:ss', 'h:mm:ss.S', 'h:mm:ss.SS', 'h:mm:ss.SSS']) }),
  multipleAttachments: none,
  multipleRecordLinks: z.object({ linkedTableId: z.string(), viewIdForRecordSelection: z.string().optional() }),
  singleCollaborator: none,
  multipleCollaborators: none,
}

/** Types whose cells upsert can merge on [D]; e-mail, URL and phone count as text [?]. */
export const mergeTypes: ReadonlySet<FieldType> = new Set<FieldType>([
  'number',
  'singleLineText',
  'multilineText',
  'singleSelect',
  'multipleSelects',
  'date',
  'email',
  'url',
  'phoneNumber',
])
