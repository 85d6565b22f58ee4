/** How a base is described to `ensureBase`, in code and over the control API. */
import { z } from 'zod'
import type { JsonObject } from '../../json.ts'
import { type FieldType, fieldTypeSchema } from './field-types.ts'
import type { ComputeRule } from './model.ts'

interface FieldSeed {
  readonly id?: string
  readonly name: string
  readonly type: FieldType
  readonly description?: string
  /** As metadata shows them; choices get ids and colours where they have none. */
  readonly options?: JsonObject
  /** How a computed field gets its value. */
  readonly rule?: ComputeRule
}

interface ViewSeed {
  readonly id?: string
  readonly name: string
  /** Default `grid`. */
  readonly type?: string
  /** A formula. */
  readonly filter?: string
  /** Fields by name or id. */
  readonly sort?: readonly { readonly field: string; readonly direction?: 'asc' | 'desc' }[]
  readonly visibleFields?: readonly string[]
}

interface TableSeed {
  readonly id?: string
  readonly name: string
  readonly description?: string
  /** The first is the primary field. */
  readonly fields: readonly FieldSeed[]
  /** Default: one "Grid view". */
  readonly views?: readonly ViewSeed[]
  /** Added only when the table is made; cells by field name or id, read with typecast. */
  readonly records?: readonly { readonly id?: string; readonly fields: JsonObject }[]
  readonly nextAutoNumber?: number
}

export interface BaseSeed {
  /** `app` and 14 letters or digits. */
  readonly baseId: string
  /** Default: the id. */
  readonly name?: string
  /** Calls of a month are counted by workspace; default: one for all. */
  readonly workspaceId?: string
  readonly tables: readonly TableSeed[]
}

const jsonObject: z.ZodType<JsonObject> = z.record(z.string(), z.json())
const fieldSeedSchema = z.strictObject({
  id: z.string().optional(),
  name: z.string(),
  type: fieldTypeSchema,
  description: z.string().optional(),
  options: jsonObject.optional(),
  rule: z
    .strictObject({
      formula: z.string().optional(),
      recordLinkFieldId: z.string().optional(),
      fieldIdInLinkedTable: z.string().optional(),
      constant: z.string().optional(),
    })
    .default({}),
})
const viewSeedSchema = z.strictObject({
  id: z.string().optional(),
  name: z.string(),
  type: z.string().default('grid'),
  filter: z.string().optional(),
  sort: z.array(z.strictObject({ field: z.string(), direction: z.enum(['asc', 'desc']).default('asc') })).default([]),
  visibleFields: z.array(z.string()).optional(),
})
const tableSeedSchema = z.strictObject({
  id: z.string().optional(),
  name: z.string(),
  description: z.string().optional(),
  fields: z.array(fieldSeedSchema).min(1),
  views: z.array(viewSeedSchema).default([{ name: 'Grid view', type: 'grid', sort: [] }]),
  records: z.array(z.strictObject({ id: z.string().optional(), fields: jsonObject })).default([]),
  nextAutoNumber: z.number().int().min(1).optional(),
})

/** Checks a {@link BaseSeed} and fills in its defaults. */
export const baseSeedSchema = z.strictObject({
  baseId: z.string().regex(/^app[A-Za-z0-9]{14}$/),
  name: z.string().optional(),
  workspaceId: z.string().default('wspSandbox0000000'),
  tables: z.array(tableSeedSchema),
})

export type CheckedBaseSeed = z.output<typeof baseSeedSchema>
export type CheckedTableSeed = z.output<typeof tableSeedSchema>
export type CheckedViewSeed = z.output<typeof viewSeedSchema>
