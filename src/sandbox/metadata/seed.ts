/** Makes sure that a base exists, as the demo and the tests describe it; what is there already is left as it is. */
import { pageUser } from '../access/tokens.ts'
import { changeBase } from '../change-base.ts'
import type { SandboxCore } from '../core.ts'
import { mintId } from '../ids.ts'
import type { RecordWriter } from '../records/writer.ts'
import {
  type BaseSeed,
  baseSeedSchema,
  type CheckedBaseSeed,
  type CheckedTableSeed,
  type CheckedViewSeed,
} from './base-seed.ts'
import { completeOptions } from './field-definition.ts'
import { fieldOf } from './model.ts'

/**
 * Creates the base, and in it the tables and fields (by name) that are missing. Nothing existing is changed, so that it
 * can be called at every start.
 *
 * @throws ZodError for a description of a wrong form; ApiRefusal for a record that its fields cannot hold.
 */
export function ensureBase(core: SandboxCore, input: BaseSeed | CheckedBaseSeed): void {
  ensureCheckedBase(core, baseSeedSchema.parse(input))
}

/** As {@link ensureBase}, for a description that was checked already. */
export function ensureCheckedBase(core: SandboxCore, seed: CheckedBaseSeed): void {
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
function ensureTable(writer: RecordWriter, seed: CheckedTableSeed): boolean {
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
  for (const view of seed.views) addView(writer, tableId, view)
  changes.table(tableId, undefined, writer.table(tableId))
  return true
}

function addView(writer: RecordWriter, tableId: string, seed: CheckedViewSeed): void {
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
