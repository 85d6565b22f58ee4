/** A person who edits a base in the app, for tests: what the page does, and what only the app can do to a schema. */
import type { JsonValue } from '../json.ts'
import { changeBase } from './change-base.ts'
import type { SandboxCore } from './core.ts'
import { pageActor } from './http/page.ts'
import { refusals } from './http/refusal.ts'
import { deleteField, updateField, updateTable } from './metadata/change-schema.ts'
import { fieldOf, type Table, tableOf } from './metadata/model.ts'
import { setChoices } from './records/choices.ts'
import { presentRecord } from './records/present.ts'
import { RecordReader } from './records/reader.ts'
import type { RecordWriter } from './records/writer.ts'

/** Cells by field name or id; null clears. */
type ColleagueCells = Readonly<Record<string, JsonValue>>

/** Everything takes tables and fields by name or id. Each call is one action, with one transaction number. */
export interface Colleague {
  /** Gives the record's id. */
  createRecord(table: string, cells: ColleagueCells): string
  updateRecord(table: string, id: string, cells: ColleagueCells): void
  deleteRecord(table: string, id: string): void
  /** All records as the API would list them in order of ids, without spending a call. */
  records(table: string): readonly JsonValue[]
  renameTable(table: string, name: string): void
  renameField(table: string, field: string, name: string): void
  deleteField(table: string, field: string): void
  renameChoice(table: string, field: string, choice: string, name: string): void
}

export function colleagueOf(core: SandboxCore, baseId: string): Colleague {
  const act = <T>(table: string, work: (writer: RecordWriter, table: Table) => T): T =>
    changeBase(core, baseId, pageActor, (writer) => {
      const found = tableOf(writer.base(), table)
      if (found === undefined) throw refusals.notFound()
      return work(writer, found)
    })
  return {
    createRecord: (table, cells) => act(table, (writer, { id }) => writer.create(id, cells, true).id),
    updateRecord: (table, record, cells) =>
      act(table, (writer, { id }) => void writer.update(id, record, cells, true, 'merge')),
    deleteRecord: (table, record) => act(table, (writer, { id }) => writer.remove(id, record)),
    records: (name) => {
      const base = core.catalog.base(baseId)
      const table = base === undefined ? undefined : tableOf(base, name)
      if (base === undefined || table === undefined) throw refusals.notFound()
      const reader = new RecordReader(base, core.records, core.users, core.clock.nowMs())
      return core.records
        .all(table.id, 'id')
        .map((record) => presentRecord(table, record, reader, { byFieldId: false }))
    },
    renameTable: (table, name) => act(table, (writer, { id }) => void updateTable(writer, id, { name })),
    renameField: (table, field, name) => act(table, (writer, { id }) => void updateField(writer, id, field, { name })),
    deleteField: (table, field) => act(table, (writer, { id }) => deleteField(writer, id, field)),
    renameChoice: (table, fieldName, choice, name) =>
      act(table, (writer, found) => {
        const field = fieldOf(found, fieldName)
        if (field === undefined) throw refusals.unknownField(fieldName)
        setChoices(
          core.catalog,
          field,
          field.choices.map((each) => (each.name === choice ? { ...each, name } : each)),
        )
        writer.parts.changes.field(found.id, field.id, field, fieldOf(writer.table(found.id), field.id))
      }),
  }
}
