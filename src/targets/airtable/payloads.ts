/** Pages of webhook payloads, cut down to what is used. A payload of an unknown form becomes an error entry, never nothing. */
import { z } from 'zod'
import type { JsonValue } from '../../json.ts'
import type { FeedPayload, FeedRecord } from './ports.ts'
import { toldCells } from './told-cells.ts'

const jsonSchema: z.ZodType<JsonValue> = z.json()
const cellsSchema = z.object({ cellValuesByFieldId: z.record(z.string(), jsonSchema).default({}) })

const tableChangesSchema = z.object({
  createdRecordsById: z.record(z.string(), cellsSchema.extend({ createdTime: z.string().optional() })).default({}),
  changedRecordsById: z
    .record(z.string(), z.object({ current: cellsSchema, previous: cellsSchema.optional() }))
    .default({}),
  destroyedRecordIds: z.array(z.string()).default([]),
  createdFieldsById: z.record(z.string(), z.unknown()).optional(),
  changedFieldsById: z.record(z.string(), z.unknown()).optional(),
  destroyedFieldIds: z.array(z.string()).optional(),
  changedMetadata: z.unknown().optional(),
})

const changesSchema = z.object({
  timestamp: z.string(),
  baseTransactionNumber: z.int(),
  changedTablesById: z.record(z.string(), tableChangesSchema).default({}),
  createdTablesById: z.record(z.string(), z.unknown()).optional(),
  destroyedTableIds: z.array(z.string()).default([]),
})
const errorSchema = z.object({ error: z.literal(true), code: z.string() })

export const payloadPageSchema = z.object({
  payloads: z.array(jsonSchema.transform(payloadOf)),
  cursor: z.int().min(1),
  mightHaveMore: z.boolean(),
})

/** The code of entries that this program does not understand; like all of them it means that something was missed. */
export const unknownPayload = 'UNKNOWN_PAYLOAD'

function payloadOf(entry: JsonValue): FeedPayload {
  const error = errorSchema.safeParse(entry)
  if (error.success) return { is: 'error', code: /^[A-Z_]{1,60}$/.exec(error.data.code)?.[0] ?? unknownPayload }
  const changes = changesSchema.safeParse(entry)
  const atMs = changes.success ? Date.parse(changes.data.timestamp) : Number.NaN
  if (!changes.success || Number.isNaN(atMs)) return { is: 'error', code: unknownPayload }
  const { changedTablesById, createdTablesById, destroyedTableIds, baseTransactionNumber } = changes.data
  const tables = Object.entries(changedTablesById)
  return {
    is: 'changes',
    atMs,
    transaction: baseTransactionNumber,
    records: tables.flatMap(([tableId, changed]) => recordsOf(tableId, changed)),
    schemaChanged:
      createdTablesById !== undefined ||
      destroyedTableIds.length > 0 ||
      tables.some(([, changed]) => touchesSchema(changed)),
    destroyedTableIds,
  }
}

type TableChanges = z.output<typeof tableChangesSchema>

function touchesSchema(changed: TableChanges): boolean {
  const { createdFieldsById, changedFieldsById, destroyedFieldIds, changedMetadata } = changed
  return [createdFieldsById, changedFieldsById, destroyedFieldIds, changedMetadata].some((part) => part !== undefined)
}

function recordsOf(tableId: string, changed: TableChanges): FeedRecord[] {
  const created = Object.entries(changed.createdRecordsById).map(([recordId, { createdTime, cellValuesByFieldId }]) => {
    const createdMs = createdTime === undefined ? Number.NaN : Date.parse(createdTime)
    const { cells, untold } = toldCells(cellValuesByFieldId)
    return {
      tableId,
      recordId,
      what: 'created' as const,
      createdMs: Number.isNaN(createdMs) ? undefined : createdMs,
      cells,
      previous: {},
      isWhole: untold.length === 0,
      untold,
    }
  })
  const edited = Object.entries(changed.changedRecordsById).map(([recordId, { current, previous }]) => {
    const { cells, untold } = toldCells(current.cellValuesByFieldId)
    return {
      tableId,
      recordId,
      what: 'changed' as const,
      cells,
      previous: toldCells(previous?.cellValuesByFieldId ?? {}).cells,
      isWhole: untold.length === 0,
      untold,
    }
  })
  const destroyed = changed.destroyedRecordIds.map((recordId) => ({
    tableId,
    recordId,
    what: 'destroyed' as const,
    cells: {},
    previous: {},
    isWhole: true,
    untold: [],
  }))
  return [...created, ...edited, ...destroyed]
}
