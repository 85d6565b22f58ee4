/** The record calls. */
import { z } from 'zod'
import type { JsonObject, JsonValue } from '../../json.ts'
import { demandLevel } from '../access/tokens.ts'
import { changeBase } from '../change-base.ts'
import { isId } from '../ids.ts'
import { fieldOf, type Table } from '../metadata/model.ts'
import {
  batchMax,
  isBatch,
  isUpsert,
  parseCreate,
  parseDelete,
  parseGet,
  parseList,
  parseOne,
  parseUpdate,
  parseUpsert,
} from '../records/body.ts'
import { listRecords } from '../records/list.ts'
import { presentRecord } from '../records/present.ts'
import { RecordReader } from '../records/reader.ts'
import { upsert } from '../records/upsert.ts'
import type { WriteMode } from '../records/writer.ts'
import type { StoredRecord } from '../store/records.ts'
import { actorOf, type CallContext } from './call-context.ts'
import { parseQuery } from './query.ts'
import { refusals } from './refusal.ts'
import { jsonBody, objectBody } from './request.ts'

export function listCall(context: CallContext, table: Table): JsonObject {
  const { core, base, request, route } = context
  const fromQuery = parseQuery(request.query)
  // With POST, timeZone and userLocale stay in the query; other keys of the body are ignored, not refused [M].
  const parameters = route.listByPost === true ? { ...fromQuery, ...objectBody(request) } : fromQuery
  const query = parseList(parameters)
  const reader = new RecordReader(base, core.records, core.users, core.clock.nowMs(), query.timeZone)
  return listRecords({ table, records: core.records, reader, iterators: core.iterators }, query)
}

export function getCall(context: CallContext, table: Table): JsonObject {
  const { core, base, request, route } = context
  const query = parseGet(parseQuery(request.query))
  const record = core.records.get(table.id, demandRecordId(route.item))
  if (record === undefined) throw refusals.recordNotFound()
  const reader = new RecordReader(base, core.records, core.users, core.clock.nowMs(), query.timeZone)
  return presentRecord(table, record, reader, {
    byFieldId: query.returnFieldsByFieldId,
    asText: query.cellFormat === 'string',
  })
}

export function createCall(context: CallContext, table: Table): JsonValue {
  const { core, base, profile, request } = context
  demandLevel(profile, 'edit', `to create records in table ${table.name} (${table.id})`)
  const body = jsonBody(request)
  if (!isBatch(body)) {
    const { fields, typecast, returnFieldsByFieldId } = parseOne(body)
    const record = changeBase(core, base.id, actorOf(context), (writer) => writer.create(table.id, fields, typecast))
    return present(context, table.id, [record], returnFieldsByFieldId)[0] ?? {}
  }
  const { records, typecast, returnFieldsByFieldId } = parseCreate(body)
  const created = changeBase(core, base.id, actorOf(context), (writer) =>
    records.map(({ fields }) => writer.create(table.id, fields, typecast)),
  )
  return { records: present(context, table.id, created, returnFieldsByFieldId) }
}

export function updateCall(context: CallContext, table: Table): JsonValue {
  const { core, base, profile, request, route } = context
  const mode: WriteMode = request.method === 'PUT' ? 'replace' : 'merge'
  const body = jsonBody(request)
  demandLevel(profile, 'edit', `to write cell values in field ${firstField(table, body)}`)
  const actor = actorOf(context)
  if (route.item !== undefined) {
    const id = demandRecordId(route.item)
    const { fields, typecast, returnFieldsByFieldId } = parseOne(body)
    if (core.records.get(table.id, id) === undefined) throw refusals.recordNotFound()
    const record = changeBase(core, base.id, actor, (writer) => writer.update(table.id, id, fields, typecast, mode))
    return present(context, table.id, [record], returnFieldsByFieldId)[0] ?? {}
  }
  if (isUpsert(body)) return upsertCall(context, table, body, mode)
  const { records, typecast, returnFieldsByFieldId } = parseUpdate(body)
  const updated = changeBase(core, base.id, actor, (writer) =>
    records.map(({ id, fields }) => writer.update(table.id, id, fields, typecast, mode)),
  )
  return { records: present(context, table.id, updated, returnFieldsByFieldId) }
}

function upsertCall(context: CallContext, table: Table, body: JsonValue, mode: WriteMode): JsonValue {
  const { records, performUpsert, typecast, returnFieldsByFieldId } = parseUpsert(body)
  const outcome = changeBase(context.core, context.base.id, actorOf(context), (writer) =>
    upsert(writer, table.id, records, performUpsert.fieldsToMergeOn, typecast, mode),
  )
  return {
    records: present(context, table.id, outcome.records, returnFieldsByFieldId),
    updatedRecords: [...outcome.updatedIds],
    createdRecords: [...outcome.createdIds],
  }
}

export function deleteCall(context: CallContext, table: Table): JsonObject {
  const { core, base, profile, request, route } = context
  demandLevel(profile, 'edit', `to delete records in table ${table.name} (${table.id})`)
  const ids = route.item === undefined ? parseDelete(parseQuery(request.query)) : [demandRecordId(route.item)]
  if (ids.length > batchMax) throw refusals.invalidRecords()
  changeBase(core, base.id, actorOf(context), (writer) => {
    for (const id of ids) writer.remove(table.id, id)
  })
  const deleted = ids.map((id): JsonObject => ({ deleted: true, id }))
  return route.item === undefined ? { records: deleted } : (deleted[0] ?? {})
}

const writtenSchema = z.union([
  z.object({ fields: z.record(z.string(), z.json()) }).transform(({ fields }) => [fields]),
  z
    .object({ records: z.array(z.object({ fields: z.record(z.string(), z.json()) })) })
    .transform(({ records }) => records.map(({ fields }) => fields)),
])

/** Name and id of the first field that a body writes, as the refusal names one [D]. */
function firstField(table: Table, body: JsonValue): string {
  const written = writtenSchema.safeParse(body)
  const names = written.success ? written.data.flatMap((fields) => Object.keys(fields)) : []
  const field = names.map((name) => fieldOf(table, name)).find((found) => found !== undefined) ?? table.fields[0]
  return field === undefined ? '' : `${field.name} (${field.id})`
}

/** A malformed record id is a route that does not exist [?]. */
function demandRecordId(id: string | undefined): string {
  if (id === undefined || !isId('rec', id)) throw refusals.notFound()
  return id
}

/** Read again after the action: a later record of the batch can have changed a choice or a link of an earlier one. */
function present(
  context: CallContext,
  tableId: string,
  records: readonly StoredRecord[],
  byFieldId: boolean,
): JsonObject[] {
  const { core } = context
  const base = core.catalog.base(context.base.id) ?? context.base
  const table = base.tables.find(({ id }) => id === tableId)
  if (table === undefined) return []
  const reader = new RecordReader(base, core.records, core.users, core.clock.nowMs())
  return records.map((record) =>
    presentRecord(table, core.records.get(tableId, record.id) ?? record, reader, { byFieldId }),
  )
}
