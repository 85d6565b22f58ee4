/**
 * Takes note of what changed in Airtable since the last look, with as few calls as that takes: the payloads of the
 * webhook where there is one, the modification time where there is none, all records where something may have been missed.
 */

import { OperationalError } from '../../errors.ts'
import { canonicalJson, type JsonValue } from '../../json.ts'
import { recordsById, recordsByText } from '../../targets/airtable/fetch-records.ts'
import type { AirtableTarget, PendingRecord, RemoteRecord } from '../../targets/airtable/ports.ts'
import { type Adoption, adopt, identitiesOfRecord } from './adopt.ts'
import type { SyncMapping } from './mapping.ts'
import type { TableStore } from './store/store.ts'
import { noteUnseen } from './unseen.ts'

export interface RemoteIntake {
  readonly target: AirtableTarget
  readonly mapping: SyncMapping
  readonly store: TableStore
  readonly baseId: string
  readonly nowMs: () => number
  readonly signal: AbortSignal
  readonly progress: (done: number, total: number) => void
}

export interface RemoteRequest {
  /** What was asked for within so many milliseconds is new enough. */
  readonly maxAgeMs: number
  /** Compare all records, and why; undefined to ask for changes only. */
  readonly scan: string | undefined
}

export interface RemoteNews {
  /** Why all records were read, where they were. */
  readonly scanned: string | undefined
  /** Why changes are asked for in a costlier way. */
  readonly withoutWebhook: string | undefined
}

/** Up to so many records that a scan missed are asked for by name; for more, the scan is made twice. */
const suspectsByNameMax = 300
const scansMax = 3
/** Airtable's clock and ours, and the granularity of a second. */
const overlapMs = 5000

const scannedAtName = 'remote-scanned-at'
const scannedTableName = 'remote-table'
const modifiedName = 'remote-modified-until'

export async function takeRemote(intake: RemoteIntake, request: RemoteRequest): Promise<RemoteNews> {
  const { target, mapping, store } = intake
  const { feed } = target
  const reading = await feed.poll({ signal: intake.signal, maxAgeMs: request.maxAgeMs })
  const withoutWebhook = reading.is === 'without' ? reading.reason : undefined
  const scanned = request.scan ?? scanReason(intake, withoutWebhook !== undefined)
  if (scanned !== undefined) {
    await scan(intake)
  } else if (withoutWebhook !== undefined) {
    await takeModified(intake, request.maxAgeMs)
  } else {
    await takePending(intake, feed.pending(mapping.tableId))
  }
  if (scanned !== undefined) store.set(scannedTableName, mapping.tableId)
  return { scanned, withoutWebhook }
}

/** When all records were last read, in milliseconds since the epoch. */
export function scannedAt(store: TableStore): number | undefined {
  const text = store.get(scannedAtName)
  return text === undefined ? undefined : Number(text)
}

/** Up to when changes were asked for without a webhook, or all records were read; in milliseconds since the epoch. */
export function modifiedUntil(store: TableStore): number | undefined {
  const text = store.get(modifiedName)
  return text === undefined ? undefined : Number(text)
}

function scanReason({ target, mapping, store }: RemoteIntake, withoutWebhook: boolean): string | undefined {
  if (store.get(scannedTableName) !== mapping.tableId || scannedAt(store) === undefined) return 'it was never read'
  return withoutWebhook ? undefined : target.feed.needsScan(mapping.tableId)
}

/** Reads every record. What is not among them is asked for once more before it counts as deleted. */
async function scan(intake: RemoteIntake): Promise<void> {
  const { target, mapping, store } = intake
  const beganMs = intake.nowMs()
  const before = target.feed.pending(mapping.tableId)
  const seen = await readAll(intake, true)
  const suspects = [...store.pairs.records()].filter((rec) => !seen.has(rec))
  const gone = await goneOf(intake, suspects)
  const atMs = intake.nowMs()
  store.transaction(() => {
    for (const rec of gone) markGone(store, rec, atMs)
    store.set(scannedAtName, String(beganMs))
    store.set(modifiedName, String(beganMs))
  })
  // In this order: settled before it was taken in, a change could be lost by a crash between the two files.
  target.feed.settle(mapping.tableId, before)
  target.feed.scanned(mapping.tableId, beganMs)
}

/** Ids of all records; with `take`, their cells are taken in too. A list that expires under way begins anew. */
async function readAll(intake: RemoteIntake, take: boolean): Promise<ReadonlySet<string>> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await readPages(intake, take)
    } catch (error) {
      const expired = error instanceof OperationalError && error.code === 'AIRTABLE_ITERATOR_EXPIRED'
      if (!expired || tries >= scansMax) throw error
    }
  }
}

async function readPages(intake: RemoteIntake, take: boolean): Promise<ReadonlySet<string>> {
  const { target, mapping, signal } = intake
  const seen = new Set<string>()
  const fields = take ? {} : { fields: [mapping.keyField.id] }
  let offset: string | undefined
  do {
    const query = { ...fields, ...(offset === undefined ? {} : { offset }) }
    const page = await target.base.list(mapping.tableId, query, { signal, priority: 'read' })
    // Older records first, so that of two with one key the older one keeps it.
    const records = [...page.records].sort((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1))
    if (take) takeRecords(intake, records, undefined)
    for (const { id } of records) seen.add(id)
    offset = page.offset
    intake.progress(seen.size, 0)
  } while (offset !== undefined)
  return seen
}

async function goneOf(intake: RemoteIntake, suspects: readonly string[]): Promise<readonly string[]> {
  if (suspects.length === 0) return []
  if (suspects.length > suspectsByNameMax) {
    const again = await readAll(intake, false)
    return suspects.filter((rec) => !again.has(rec))
  }
  const found = new Set((await fetchRecords(intake, suspects)).map(({ id }) => id))
  return suspects.filter((rec) => !found.has(rec))
}

/** The named records as they are now; those that are gone are missing. */
export async function fetchRecords(
  { target, mapping, signal }: Pick<RemoteIntake, 'target' | 'mapping' | 'signal'>,
  ids: readonly string[],
): Promise<readonly RemoteRecord[]> {
  return recordsById(target.base, mapping.tableId, ids, signal)
}

/** Records whose key field holds one of the keys. */
export async function fetchByKey(
  parts: Pick<RemoteIntake, 'target' | 'mapping' | 'signal'>,
  keys: readonly string[],
): Promise<readonly RemoteRecord[]> {
  const { target, mapping, signal } = parts
  return recordsByText(target.base, { tableId: mapping.tableId, fieldId: mapping.keyField.id }, keys, signal)
}

/** Takes in what the webhook told. Records that it did not tell in full are read. */
async function takePending(intake: RemoteIntake, pending: readonly PendingRecord[]): Promise<void> {
  const { store, target, mapping } = intake
  const { pairs } = store
  const unclear: PendingRecord[] = []
  store.transaction(() => {
    for (const one of pending) {
      noteUnseen(one, store, mapping)
      if (one.what === 'destroyed') {
        markGone(store, one.recordId, one.atMs)
        continue
      }
      const pair = pairs.byRecord(one.recordId)
      const known = pair?.cells ?? (one.what === 'created' ? {} : undefined)
      const createdMs = one.createdMs ?? pair?.createdMs ?? undefined
      if (known === undefined || createdMs === undefined || !one.isWhole) {
        unclear.push(one)
        continue
      }
      const fields = merged(known, one.cells)
      // What was told of a moment before the record itself was read may be older than what was read then.
      const mayBeOld = pair?.readMs != null && one.atMs < pair.readMs + overlapMs
      if (mayBeOld && !sameCells(known, fields)) unclear.push(one)
      else takeRecord(intake, { id: one.recordId, createdMs, fields }, one.atMs, 'told')
    }
  })
  if (unclear.length > 0) {
    const atMs = new Map(unclear.map((one) => [one.recordId, one.atMs]))
    const found = await fetchRecords(intake, [...atMs.keys()])
    const there = new Set(found.map(({ id }) => id))
    store.transaction(() => {
      for (const record of found) takeRecord(intake, record, atMs.get(record.id), 'read')
      for (const { recordId, atMs: goneMs } of unclear) if (!there.has(recordId)) markGone(store, recordId, goneMs)
    })
  }
  target.feed.settle(mapping.tableId, pending)
}

/** Where no webhook can be had: records whose modification time is new, bounded and filtered again by their cells. */
async function takeModified(intake: RemoteIntake, maxAgeMs: number): Promise<void> {
  const { target, mapping, store, signal } = intake
  const nowMs = intake.nowMs()
  const until = Number(store.get(modifiedName) ?? '0')
  if (nowMs - until < maxAgeMs) return
  const since = new Date(until - overlapMs).toISOString()
  const after = (moment: string) => `IS_AFTER(${moment},DATETIME_PARSE('${since}'))`
  const formula = `OR(${after('LAST_MODIFIED_TIME()')},${after('CREATED_TIME()')})`
  let offset: string | undefined
  do {
    const query = { formula, ...(offset === undefined ? {} : { offset }) }
    const page = await target.base.list(mapping.tableId, query, { signal, priority: 'poll' })
    takeRecords(intake, page.records, nowMs)
    offset = page.offset
  } while (offset !== undefined)
  store.set(modifiedName, String(nowMs))
}

function takeRecords(intake: RemoteIntake, records: readonly RemoteRecord[], atMs: number | undefined): void {
  intake.store.transaction(() => {
    for (const record of records) takeRecord(intake, record, atMs, 'read')
  })
}

/** Notes a record as it is now. `atMs`: when it changed, where that is known. */
export function takeRecord(
  intake: Pick<RemoteIntake, 'store' | 'mapping' | 'baseId' | 'nowMs'>,
  record: RemoteRecord,
  atMs: number | undefined,
  by: 'told' | 'read',
): void {
  const { pairs } = intake.store
  const readMs = by === 'read' ? intake.nowMs() : undefined
  const known = pairs.byRecord(record.id)
  if (known !== undefined) {
    // What is as it was last seen is an echo of our own write, or no news.
    if (known.remote === 'there' && known.cells !== null && sameCells(known.cells, record.fields)) {
      if (readMs !== undefined && known.readMs !== readMs) pairs.put({ ...known, readMs })
      return
    }
    const changedMs = atMs ?? intake.nowMs()
    pairs.put({
      ...known,
      cells: record.fields,
      createdMs: record.createdMs,
      remote: 'there',
      remoteAtMs: changedMs,
      readMs: readMs ?? known.readMs,
      dirty: true,
      verdict: null,
    })
    pairs.identify(known.key, 'remote', identitiesOfRecord(record, intake.mapping))
    return
  }
  const adoption: Adoption = { pairs, mapping: intake.mapping, baseId: intake.baseId }
  const pair = adopt(record, adoption)
  pairs.put({
    ...pair,
    rec: record.id,
    createdMs: record.createdMs,
    cells: record.fields,
    remote: 'there',
    // Of records that were there before us nobody knows when which cell was written.
    remoteAtMs: atMs ?? null,
    readMs: readMs ?? null,
    dirty: true,
  })
  pairs.identify(pair.key, 'remote', identitiesOfRecord(record, intake.mapping))
}

export function markGone(store: TableStore, rec: string, atMs: number): void {
  const pair = store.pairs.byRecord(rec)
  if (pair === undefined || pair.remote === 'gone') return
  store.pairs.put({ ...pair, remote: 'gone', remoteAtMs: atMs, dirty: true })
  store.pairs.identify(pair.key, 'remote', [])
}

function merged(
  known: Readonly<Record<string, JsonValue>>,
  told: Readonly<Record<string, JsonValue>>,
): Readonly<Record<string, JsonValue>> {
  return Object.fromEntries(Object.entries({ ...known, ...told }).filter(([, cell]) => cell !== null))
}

function sameCells(a: Readonly<Record<string, JsonValue>>, b: Readonly<Record<string, JsonValue>>): boolean {
  return canonicalJson({ ...a }) === canonicalJson({ ...b })
}
