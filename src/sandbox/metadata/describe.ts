/** Bases, tables, fields and views as the metadata calls show them [D, R]. */
import type { JsonObject, JsonValue } from '../../json.ts'
import type { Base, Field, Table, View } from './model.ts'

export function describeBase(base: Base, permissionLevel: string): JsonObject {
  return { id: base.id, name: base.name, permissionLevel }
}

export function describeTable(table: Table, withVisibleFields: boolean): JsonObject {
  return {
    id: table.id,
    name: table.name,
    ...(table.description === undefined ? {} : { description: table.description }),
    primaryFieldId: table.primaryFieldId,
    fields: table.fields.map(describeField),
    views: table.views.map((view) => describeView(view, table, withVisibleFields)),
  }
}

export function describeField(field: Field): JsonObject {
  return {
    type: field.type,
    ...(field.options === undefined ? {} : { options: field.options }),
    id: field.id,
    name: field.name,
    ...(field.description === undefined ? {} : { description: field.description }),
  }
}

/** Only grid views tell their visible fields [D]. */
function describeView(view: View, table: Table, withVisibleFields: boolean): JsonObject {
  const shown: JsonValue = [...(view.visibleFieldIds ?? table.fields.map(({ id }) => id))]
  const visible = withVisibleFields && view.type === 'grid' ? { visibleFieldIds: shown } : {}
  return { id: view.id, name: view.name, type: view.type, ...visible }
}
