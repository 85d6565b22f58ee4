/** Appends the payloads of one action to every webhook of its base, in the transaction of the action. */
import type { JsonObject, JsonValue } from '../../json.ts'
import type { SandboxCore } from '../core.ts'
import { bindFormula } from '../formula/bind.ts'
import { keeps } from '../formula/evaluate.ts'
import { type Base, fieldOfFormula, type Table } from '../metadata/model.ts'
import { isoText } from '../records/cells/date-cells.ts'
import { RecordReader } from '../records/reader.ts'
import type { StoredRecord } from '../store/records.ts'
import type { StoredWebhook } from '../store/webhooks.ts'
import type { Actor, ChangeCollector } from './change.ts'
import { payloadBody } from './payload.ts'
import { type Specification, specificationSchema, watchedFieldIds } from './specification.ts'

/** Tells every live webhook of the base what an action did. */
export function publish(core: SandboxCore, base: Base, actor: Actor, changes: ChangeCollector): void {
  if (changes.tables.size === 0) return
  const nowMs = core.clock.nowMs()
  const transaction = core.catalog.nextTransaction(base.id)
  const reader = new RecordReader(base, core.records, core.users, nowMs)
  const head = {
    timestamp: isoText(nowMs),
    baseTransactionNumber: transaction,
    payloadFormat: 'v0',
    actionMetadata: actionMetadata(actor),
  }
  for (const hook of core.webhooks.ofBase(base.id)) {
    if (!hook.enabled || hook.expiresMs <= nowMs) continue
    const specification = specificationSchema.parse(JSON.parse(hook.specification))
    if (losesWatchedField(specification, changes)) {
      core.webhooks.append(hook.id, nowMs, JSON.stringify(errorPayload('INVALID_HOOK')))
      core.webhooks.disable(hook.id)
      continue
    }
    const inView = viewOf(specification, base, reader)
    // What was computed anew comes in a payload of its own with the same transaction number [D names this as a cause].
    for (const share of ['written', 'computed'] as const) {
      const body = payloadBody(specification, { base, changes, reader, actor, share, inView })
      if (body !== undefined) append(core, hook, nowMs, { ...head, ...body })
    }
  }
}

/** The entry that stands in a list of payloads for a hook that no longer works [D]. */
export function errorPayload(code: 'INVALID_FILTERS' | 'INVALID_HOOK' | 'INTERNAL_ERROR'): JsonObject {
  return { error: true, code }
}

function append(core: SandboxCore, hook: StoredWebhook, nowMs: number, payload: JsonObject): void {
  const pieces = core.faults.takes('split-payloads') ? split(payload) : [payload]
  const copies = core.faults.takes('duplicate-payloads') ? [...pieces, ...pieces] : pieces
  for (const piece of copies) core.webhooks.append(hook.id, nowMs, JSON.stringify(piece))
}

/** One payload for each record, all with the timestamp and number of the whole. */
function split(payload: JsonObject): JsonObject[] {
  const { changedTablesById, ...rest } = payload
  const pieces: JsonObject[] = []
  for (const [tableId, changes] of entries(changedTablesById)) {
    for (const [part, value] of entries(changes)) {
      const items = Array.isArray(value)
        ? value.map((item: JsonValue): JsonValue => [item])
        : entries(value).map(([id, item]): JsonValue => ({ [id]: item }))
      for (const item of items) pieces.push({ ...rest, changedTablesById: { [tableId]: { [part]: item } } })
    }
  }
  return pieces.length === 0 ? [payload] : pieces
}

function entries(value: JsonValue | undefined): [string, JsonValue][] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
}

function actionMetadata({ source, user, permissionLevel }: Actor): JsonObject {
  return {
    source,
    sourceMetadata: { user: { id: user.id, email: user.email, name: user.name, permissionLevel } },
  }
}

function losesWatchedField(specification: Specification, changes: ChangeCollector): boolean {
  const watched = watchedFieldIds(specification)
  return [...changes.tables.values()].some((table) =>
    watched.some((id) => table.fields.has(id) && table.fields.get(id)?.after === undefined),
  )
}

function viewOf(specification: Specification, base: Base, reader: RecordReader) {
  const scope = specification.options.filters.recordChangeScope
  const found = base.tables
    .flatMap((table) => table.views.map((view) => ({ table, view })))
    .find(({ view }) => view.id === scope)
  const filter = found?.view.filter
  if (found === undefined || filter === undefined) return undefined
  const { tree } = bindFormula(filter, (reference) => fieldOfFormula(found.table, reference)?.id)
  return (table: Table, record: StoredRecord) => keeps(tree, reader.scope(table, record))
}
