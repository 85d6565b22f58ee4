/** Makes sure that a base exists, as the demo and the tests describe it; what is there already is left as it is. */
import { z } from 'zod'
import { pageUser } from '../access/tokens.ts'
import { changeBase } from '../change-base.ts'
import type { SandboxCore } from '../core.ts'
import { mintId } from '../ids.ts'
import type { RecordWriter } from '../records/writer.ts'
import { completeOptions } from './field-definition.ts'
import { fieldTypeSchema } from './field-types.ts'
import { fieldOf } from './model.ts'

const cells = z.record(z.string(), z.json())
const fieldSeedSchema = z.strictObject({
  id: z.string().optional(),
  name: z.string(),
  type: fieldTypeSchema,
  description: z.string().optional(),
  /** As metadata shows them; choices get ids where they have none. */
  options: cells.optional(),
  /** How a computed field gets its value; `constant` is JSON text. */
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
  /** A formula. */
  filter: z.string().optional(),
  sort: z.array(z.strictObject({ field: z.string(), direction: z.enum(['asc', 'desc']).default('asc') })).default([]),
  visibleFields: z.array(z.string()).optional(),
})
const tableSeedSchema = z.strictObject({
  id: z.string().optional(),
  name: z.string(),
  description: z.string().optional(),
  /** The first is the primary field. */
  fields: z.array(fieldSeedSchema).min(1),
  views: z.array(viewSeedSchema).optional(),
  /** Added only when the table is made; cells by field name or id, read with typecast. */
  records: z.array(z.strictObject({ id: z.string().optional(), fields: cells })).default([]),
  nextAutoNumber: z.number().int().min(1).optional(),
})
export const baseSeedSchema = z.strictObject({
  baseId: z.string().regex(/^app[A-Za-z0-9]{14}$/),
  name: z.string().optional(),
  workspaceId: z.string().default('wspSandbox0000000'),
  tables: z.array(tableSeedSchema),
})

export type BaseSeed = z.input<typeof baseSeedSchema>
type TableSeed = z.output<typeof tableSeedSchema>

/**
 * Creates the base, and in it the tables and fields (by name) that are missing. Nothing existing is changed, so that it
 * can be called at every start.
 *
 * @throws ZodError for a description of a wrong form; ApiRefusal for a record that its fields cannot hold.
 */
export function ensureBase(core: SandboxCore, input: BaseSeed): void {
  const seed = baseSeedSchema.parse(input)
  if (core.catalog.base(seed.baseId) === undefined) {
    core.catalog.addBase({ id: seed.baseId, name: seed.name ?? seed.baseId, workspaceId: seed.workspaceId })
  }
  const actor = { user: pageUser, source: 'client', permissionLevel: 'create' } as const
  changeBase(core, seed.baseId, actor, (writer) => {
    const fresh = seed.tables.filter((table) => ensureTable(writer, table))
    for (const table of fresh) {
      const tableId = writer.base().tables.find(({ name }) => name === table.name)?.id ?? ''
      for (const record of table.records) writer.create(tableId, record.fields, true, record.id)
    }
  })
}

/** True when the table was made. */
function ensureTable(writer: RecordWriter, seed: TableSeed): boolean {
  const { catalog, random, changes, baseId } = writer.parts
  const known = writer.base().tables.find(({ name }) => name.toLowerCase() === seed.name.toLowerCase())
  const tableId = known?.id ?? seed.id ?? mintId('tbl', random)
  const ids = seed.fields.map((field) => field.id ?? mintId('fld', random))
  if (known === undefined) {
    catalog.addTable({
      id: tableId,
      baseId,
      name: seed.name,
      description: seed.description,
      primaryFieldId: ids[0] ?? '',
      nextAutoNumber: seed.nextAutoNumber,
    })
  }
  for (const [index, field] of seed.fields.entries()) {
    if (known?.fields.some(({ name }) => name.toLowerCase() === field.name.toLowerCase())) continue
    const id = ids[index] ?? ''
    const { name, type, description, rule } = field
    catalog.addField({
      id,
      tableId,
      name,
      type,
      description,
      rule,
      options: completeOptions(type, field.options, random),
    })
    if (known !== undefined) changes.field(tableId, id, undefined, fieldOf(writer.table(tableId), id))
  }
  if (known !== undefined) return false
  for (const view of seed.views ?? [{ name: 'Grid view', type: 'grid', sort: [] }]) addView(writer, tableId, view)
  changes.table(tableId, undefined, writer.table(tableId))
  return true
}

function addView(writer: RecordWriter, tableId: string, seed: z.output<typeof viewSeedSchema>): void {
  const idOf = (name: string) => fieldOf(writer.table(tableId), name)?.id ?? name
  writer.parts.catalog.addView(tableId, {
    id: seed.id ?? mintId('viw', writer.parts.random),
    name: seed.name,
    type: seed.type,
    filter: seed.filter,
    sort: seed.sort.map(({ field, direction }) => ({ fieldId: idOf(field), direction })),
    visibleFieldIds: seed.visibleFields?.map(idOf),
  })
}
