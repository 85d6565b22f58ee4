/** The calls of the sandbox's own page: a colleague who looks at a base and edits it. Changes carry the source `client`. */
import { z } from 'zod'
import type { JsonObject, JsonValue } from '../../json.ts'
import { pageUser } from '../access/tokens.ts'
import { changeBase } from '../change-base.ts'
import type { SandboxCore } from '../core.ts'
import { isComputed } from '../metadata/field-types.ts'
import { type Base, type Field, type Table, tableOf } from '../metadata/model.ts'
import { RecordReader } from '../records/reader.ts'
import type { RecordWriter } from '../records/writer.ts'
import type { StoredRecord } from '../store/records.ts'
import type { Actor } from '../webhooks/change.ts'
import { type Answer, jsonAnswer } from './answer.ts'
import { parseQuery } from './query.ts'
import { refusals } from './refusal.ts'
import { jsonBody, type SandboxRequest } from './request.ts'

/** Rows shown at once. */
const rowsMax = 200

const viewSchema = z.object({ base: z.string(), table: z.string(), from: z.coerce.number().int().min(0).default(0) })
const editSchema = z.object({
  base: z.string(),
  table: z.string(),
  record: z.string().optional(),
  fields: z.record(z.string(), z.json()).default({}),
})

/** The person at the page. */
export const pageActor: Actor = { user: pageUser, source: 'client', permissionLevel: 'edit' }

/** @throws ApiRefusal; a write that does not come from the page itself is refused. */
export function pageAnswer(core: SandboxCore, request: SandboxRequest, ownPage: boolean): Answer {
  if (request.method !== 'GET' && !ownPage) throw refusals.notPermitted()
  switch (`${request.method} ${request.path}`) {
    case 'GET /sandbox/page/bases':
      return jsonAnswer(200, { bases: core.catalog.baseIds().flatMap((id) => baseJson(core.catalog.base(id))) })
    case 'GET /sandbox/page/version':
      return jsonAnswer(200, {
        version: core.catalog.transactionNumber(String(parseQuery(request.query).base ?? '')),
      })
    case 'GET /sandbox/page/rows':
      return rowsAnswer(core, request)
    case 'POST /sandbox/page/rows':
      return edit(core, request, (writer, table, { fields }) => void writer.create(table.id, fields, false))
    case 'PATCH /sandbox/page/rows':
      return edit(core, request, (writer, table, { record, fields }) => {
        writer.update(table.id, record ?? '', fields, false, 'merge')
      })
    case 'DELETE /sandbox/page/rows':
      return edit(core, request, (writer, table, { record }) => writer.remove(table.id, record ?? ''))
    default:
      throw refusals.noRoute()
  }
}

function baseJson(base: Base | undefined): JsonObject[] {
  if (base === undefined) return []
  const tables = base.tables.map(({ id, name }): JsonObject => ({ id, name }))
  return [{ id: base.id, name: base.name, tables }]
}

function rowsAnswer(core: SandboxCore, request: SandboxRequest): Answer {
  const query = viewSchema.safeParse(parseQuery(request.query))
  if (!query.success) throw refusals.invalidRequest()
  const { base, table } = demand(core, query.data.base, query.data.table)
  const reader = new RecordReader(base, core.records, core.users, core.clock.nowMs())
  const ids = core.records.ids(table.id, 'position')
  const records = ids
    .slice(query.data.from, query.data.from + rowsMax)
    .flatMap((id) => core.records.get(table.id, id) ?? [])
  return jsonAnswer(200, {
    version: core.catalog.transactionNumber(base.id),
    total: ids.length,
    fields: table.fields.map(fieldJson),
    rows: records.map((record) => rowJson(table, record, reader)),
  })
}

function fieldJson(field: Field): JsonObject {
  return {
    id: field.id,
    name: field.name,
    type: field.type,
    computed: isComputed(field.type),
    choices: field.choices.map(({ name }) => name),
  }
}

/** Text to show, and for editing the plain value. */
function rowJson(table: Table, record: StoredRecord, reader: RecordReader): JsonObject {
  const cells = table.fields.map((field): JsonValue => {
    const value = reader.json(table, record, field)
    return value === undefined ? null : { value, text: reader.text(table, record, field) }
  })
  return { id: record.id, cells }
}

function edit(
  core: SandboxCore,
  request: SandboxRequest,
  work: (writer: RecordWriter, table: Table, input: z.output<typeof editSchema>) => void,
): Answer {
  const input = editSchema.safeParse(jsonBody(request))
  if (!input.success) throw refusals.invalidRequest()
  const { base, table } = demand(core, input.data.base, input.data.table)
  changeBase(core, base.id, pageActor, (writer) => work(writer, table, input.data))
  return jsonAnswer(200, { version: core.catalog.transactionNumber(base.id) })
}

function demand(core: SandboxCore, baseId: string, tableId: string): { base: Base; table: Table } {
  const base = core.catalog.base(baseId)
  const table = base === undefined ? undefined : tableOf(base, tableId)
  if (base === undefined || table === undefined) throw refusals.notFound()
  return { base, table }
}
