/** What a webhook asks for, and whether a change is its business. */
import { z } from 'zod'

const filtersSchema = z.object({
  dataTypes: z.array(z.enum(['tableData', 'tableFields', 'tableMetadata'])).min(1),
  recordChangeScope: z.string().optional(),
  changeTypes: z.array(z.enum(['add', 'remove', 'update'])).optional(),
  fromSources: z.array(z.string()).optional(),
  watchDataInFieldIds: z.array(z.string()).optional(),
  watchSchemasOfFieldIds: z.array(z.string()).optional(),
})
const includesSchema = z.object({
  includeCellValuesInFieldIds: z.union([z.literal('all'), z.array(z.string())]).optional(),
  includePreviousCellValues: z.boolean().optional(),
  includePreviousFieldDefinitions: z.boolean().optional(),
})

export const specificationSchema = z.object({
  options: z.object({ filters: filtersSchema, includes: includesSchema.optional() }),
})
export type Specification = z.output<typeof specificationSchema>

export const createWebhookSchema = z.object({
  notificationUrl: z.string().nullish(),
  specification: specificationSchema,
})

/** Whether a hook wants changes of that type; without a list it wants all. */
export function wantsType(specification: Specification, type: 'add' | 'remove' | 'update'): boolean {
  return specification.options.filters.changeTypes?.includes(type) ?? true
}

/** Ids of fields that the hook depends on: when one is deleted, the hook is of no use any more. */
export function watchedFieldIds(specification: Specification): string[] {
  const { filters, includes } = specification.options
  const included = includes?.includeCellValuesInFieldIds
  return [
    ...(filters.watchDataInFieldIds ?? []),
    ...(filters.watchSchemasOfFieldIds ?? []),
    ...(Array.isArray(included) ? included : []),
  ]
}
