/**
 * Carries out moves towards Airtable: ten records a request, each kept as sent before it is sent, so that after a crash
 * the base can be asked what became of it. One record that Airtable refuses never holds back the nine others.
 */
import PQueue from 'p-queue'
import type { Applied, EffectContext } from '../../engine/kind.ts'
import { OperationalError } from '../../errors.ts'
import type { JsonValue } from '../../json.ts'
import type { RemoteRecord, WrittenCells } from '../../targets/airtable/ports.ts'
import { contentMark } from './compare.ts'
import { fetchByKey, fetchRecords, markGone, takeRecord } from './intake-remote.ts'
import type { MappedField } from './mapping.ts'
import type { Base } from './merge-field.ts'
import { type OpenParts, type SyncPorts, withTable } from './parts.ts'
import { recordsPerRequest } from './push-size.ts'
import { markOf, readRemote, sameMark, sameMeaning } from './reading.ts'
import type { CellMove, KeptMove } from './store/moves.ts'
import { newPair, type Pair } from './store/pair.ts'
import { movesNow, sortOf } from './survey.ts'

export interface PushRequest {
  readonly actionId: string
  /** An undo writes what it was resolved to; all else is compared once more right before it is sent. */
  readonly isUndo: boolean
}

/** Requests under way at once: as many as the pace has permits, whatever each waits for. */
const requestsMax = 5

/** Refusals after which nothing was executed: the request may be sent again as it is. */
const notExecuted: ReadonlySet<string> = new Set([
  'AIRTABLE_TOKEN_MISSING',
  'AIRTABLE_UNAUTHORIZED',
  'AIRTABLE_FORBIDDEN',
  'AIRTABLE_RATE_LIMITED',
  'AIRTABLE_QUOTA_EXHAUSTED',
  'AIRTABLE_REFUSED',
])

export async function push(
  request: PushRequest,
  parts: OpenParts,
  ports: SyncPorts,
  context: EffectContext,
): Promise<Applied> {
  const { moves } = parts.store
  const kept = moves.of(request.actionId)
  if (kept.length === 0) throw new OperationalError('ACTION_STALE', `the moves of action ${request.actionId} are gone`)
  await settleSent(
    kept.filter(({ state }) => state === 'sent'),
    parts,
    ports,
    context,
  )
  const open = moves.of(request.actionId).filter(({ state }) => state === 'planned')
  const queue = new PQueue({ concurrency: requestsMax })
  let done = kept.length - open.length
  const failures: unknown[] = []
  for (const chunk of chunksOf(open)) {
    void queue
      .add(async () => {
        if (failures.length > 0 || context.signal.aborted) return
        await sendChunk(chunk, request, parts, ports, context)
        done += chunk.length
        context.progress(done, kept.length)
      })
      // Kept and thrown below, once what is under way has ended: nothing is swallowed.
      .catch((error: unknown) => failures.push(error))
  }
  await queue.onIdle()
  if (failures.length > 0) throw failures[0]
  context.signal.throwIfAborted()
  return appliedOf(moves.of(request.actionId))
}

/** What an action with these moves has done, for recovery. */
export function pushState(kept: readonly KeptMove[]): 'applied' | 'partly' | 'not-applied' {
  if (kept.length === 0 || kept.every(({ state }) => state === 'planned')) return 'not-applied'
  return kept.some(({ state }) => state === 'planned' || state === 'sent') ? 'partly' : 'applied'
}

function appliedOf(kept: readonly KeptMove[]): Applied {
  const skipped = kept.filter(({ state }) => state === 'void')
  return {
    changed: kept.filter(({ state }) => state === 'done').length,
    skipped: skipped.slice(0, 20).map(({ key }) => key),
    skippedCount: skipped.length,
    // What Airtable refuses is no failure of the run: each is told as a difference of its own, with its remedy.
    failed: [],
  }
}

/** Requests of one sort: verb, and whether Airtable may make choices. */
function chunksOf(moves: readonly KeptMove[]): readonly (readonly KeptMove[])[] {
  const sorts = new Map<string, KeptMove[]>()
  for (const move of moves) {
    const sort = `${move.verb} ${move.content.typecast}`
    const known = sorts.get(sort)
    if (known === undefined) sorts.set(sort, [move])
    else known.push(move)
  }
  return [...sorts.values()].flatMap((all) =>
    Array.from({ length: Math.ceil(all.length / recordsPerRequest) }, (_, index) =>
      all.slice(index * recordsPerRequest, (index + 1) * recordsPerRequest),
    ),
  )
}

async function sendChunk(
  chunk: readonly KeptMove[],
  request: PushRequest,
  parts: OpenParts,
  ports: SyncPorts,
  context: EffectContext,
): Promise<void> {
  const standing = request.isUndo ? chunk : await stillWanted(chunk, parts, ports, context)
  if (standing.length > 0) await send(standing, parts, ports, context)
}

/** Those whose pair, compared as it is now, still asks for the same; the others are void and compared anew later. */
async function stillWanted(
  chunk: readonly KeptMove[],
  parts: OpenParts,
  ports: SyncPorts,
  context: EffectContext,
): Promise<readonly KeptMove[]> {
  const { moves, transaction } = parts.store
  const [first] = chunk
  if (first === undefined) return []
  const keys = chunk.map(({ key }) => key)
  const now = await withTable(parts, ports, async (surveyOf) => movesNow(keys, sortOf(first), surveyOf(context.signal)))
  const wanted = new Map(now.map((move) => [move.key, contentMark(move)]))
  const standing = chunk.filter((move) => wanted.get(move.key) === contentMark(move))
  const atMs = ports.clock.nowMs()
  transaction(() => {
    for (const move of chunk)
      if (!standing.includes(move)) moves.mark(move.id, 'void', { atMs, note: 'it has changed since' })
  })
  return standing
}

/** Sends one request; halves it where Airtable refuses a record, until the refused one stands alone. */
async function send(
  chunk: readonly KeptMove[],
  parts: OpenParts,
  ports: SyncPorts,
  context: EffectContext,
): Promise<void> {
  const { moves, transaction } = parts.store
  const mark = (state: 'sent' | 'planned') => {
    const atMs = ports.clock.nowMs()
    transaction(() => {
      for (const { id } of chunk) moves.mark(id, state, { atMs })
    })
  }
  mark('sent')
  try {
    await request(chunk, parts, ports, context)
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    if (notExecuted.has(error.code)) {
      mark('planned')
      throw error
    }
    if (error.code !== 'AIRTABLE_RECORD_REFUSED' && error.code !== 'AIRTABLE_NOT_FOUND') throw error
    if (chunk.length === 1) return refused(chunk, error, parts, ports, context)
    const half = Math.ceil(chunk.length / 2)
    await send(chunk.slice(0, half), parts, ports, context)
    await send(chunk.slice(half), parts, ports, context)
  }
}

async function request(
  chunk: readonly KeptMove[],
  parts: OpenParts,
  ports: SyncPorts,
  { signal }: EffectContext,
): Promise<void> {
  const { target, mapping } = parts
  const [first] = chunk
  if (first === undefined) return
  switch (first.verb) {
    case 'create-remote': {
      const records = chunk.map((move) => ({ ...cellsOf(move), [mapping.keyField.id]: move.key }))
      const { typecast } = first.content
      const made = await target.base.upsert(
        mapping.tableId,
        { mergeOn: mapping.keyField.id, records, typecast },
        { signal, priority: 'write' },
      )
      return record(chunk, made.records, parts, ports)
    }
    case 'update-remote': {
      const records = chunk.flatMap((move) =>
        move.rec === null
          ? []
          : [
              {
                id: move.rec,
                fields: move.content.writesKey ? { ...cellsOf(move), [mapping.keyField.id]: move.key } : cellsOf(move),
              },
            ],
      )
      const { typecast } = first.content
      return record(
        chunk,
        await target.base.update(mapping.tableId, records, { signal, priority: 'write', typecast }),
        parts,
        ports,
      )
    }
    case 'delete-remote': {
      const ids = chunk.flatMap(({ rec }) => rec ?? [])
      const gone = new Set(await target.base.destroy(mapping.tableId, ids, { signal, priority: 'write' }))
      return recordDeleted(
        chunk.filter(({ rec }) => rec !== null && gone.has(rec)),
        parts,
        ports,
      )
    }
    default:
      throw new OperationalError('ACTION_FAILED', `${first.verb} is no move towards Airtable`)
  }
}

function cellsOf({ content }: KeptMove): WrittenCells {
  const cells: Record<string, JsonValue> = { ...content.whole }
  for (const { fieldId, afterRaw } of Object.values(content.cells)) cells[fieldId] = afterRaw
  return cells
}

/** Notes what Airtable answered: the records as they are now are the new common ground. */
function record(
  chunk: readonly KeptMove[],
  records: readonly RemoteRecord[],
  parts: OpenParts,
  ports: SyncPorts,
): void {
  const { store } = parts
  const atMs = ports.clock.nowMs()
  const byId = new Map(records.map((one) => [one.id, one]))
  store.transaction(() => {
    for (const [index, move] of chunk.entries()) {
      const made = move.verb === 'create-remote' ? records[index] : byId.get(move.rec ?? '')
      if (made === undefined) {
        store.moves.mark(move.id, 'void', { atMs, note: 'Airtable did not answer for it' })
        continue
      }
      store.moves.mark(move.id, 'done', { atMs, rec: made.id })
      settlePair(move, made, parts, atMs)
    }
  })
}

function settlePair(move: KeptMove, made: RemoteRecord, parts: OpenParts, atMs: number): void {
  const { pairs } = parts.store
  const holder = pairs.byRecord(made.id)
  const pair = pairs.get(move.key) ?? newPair(move.key)
  // The record was known under another key: it was given ours by this write.
  if (holder !== undefined && holder.key !== move.key) pairs.drop(holder.key)
  const base: Record<string, Base> = { ...pair.base }
  for (const { field, remote } of parts.mapping.fields) {
    const cell = move.content.cells[field.name]
    if (cell === undefined) continue
    base[field.name] = { local: cell.after, remote: markOf(readRemote(field, remote, made.fields[remote.id])) }
  }
  pairs.put({
    ...pair,
    rec: made.id,
    createdMs: made.createdMs,
    cells: made.fields,
    remote: 'there',
    base,
    readMs: atMs,
    remoteAtMs: hasForeignChange(pair, move, made, parts.mapping.fields) ? atMs : pair.remoteAtMs,
    dirty: true,
    verdict: null,
    bounces: bouncesAfter(pair, move, atMs),
  })
}

/** Whether the answer shows a cell changed that we did not write: somebody else did, just now. */
function hasForeignChange(pair: Pair, move: KeptMove, made: RemoteRecord, fields: readonly MappedField[]): boolean {
  return fields.some(({ field, remote }) => {
    if (move.content.cells[field.name] !== undefined) return false
    const before = markOf(readRemote(field, remote, pair.cells?.[remote.id]))
    return !sameMark(before, markOf(readRemote(field, remote, made.fields[remote.id])))
  })
}

/** Remembers what was overwritten, to notice when it comes back. */
function bouncesAfter(pair: Pair, move: KeptMove, atMs: number): Pair['bounces'] {
  const bounces = { ...pair.bounces }
  for (const [field, { before }] of Object.entries(move.content.cells)) {
    if (before === null) continue
    const value = JSON.stringify(before)
    const known = bounces[field]
    bounces[field] =
      known?.value === value ? { ...known, count: known.count + 1, sinceMs: atMs } : { value, count: 1, sinceMs: atMs }
  }
  return bounces
}

function recordDeleted(chunk: readonly KeptMove[], parts: OpenParts, ports: SyncPorts): void {
  const { store } = parts
  const atMs = ports.clock.nowMs()
  store.transaction(() => {
    for (const move of chunk) {
      store.moves.mark(move.id, 'done', { atMs })
      if (move.rec !== null) markGone(store, move.rec, atMs)
    }
  })
}

/** One record that Airtable would not take: found out what that means before it is called refused. */
async function refused(
  [move]: readonly KeptMove[],
  error: OperationalError,
  parts: OpenParts,
  ports: SyncPorts,
  context: EffectContext,
): Promise<void> {
  if (move === undefined) return
  const { store, target, mapping } = parts
  const asking = { target, mapping, signal: context.signal }
  const atMs = ports.clock.nowMs()
  if (move.verb === 'create-remote') {
    // Several records with this key: a person copied one. The oldest is ours, the others become leads of their own.
    const found = [...(await fetchByKey(asking, [move.key]))].sort((a, b) => a.createdMs - b.createdMs)
    const [oldest, ...copies] = found
    if (oldest !== undefined) {
      store.transaction(() => {
        store.moves.mark(move.id, 'void', { atMs, rec: oldest.id, note: 'it was there already' })
        for (const one of [oldest, ...copies]) takeRecord(intakeOf(parts, ports), one, undefined, 'read')
      })
      return
    }
  } else if (move.rec !== null && (await fetchRecords(asking, [move.rec])).length === 0) {
    const { rec } = move
    store.transaction(() => {
      store.moves.mark(move.id, 'void', { atMs, note: 'the record is gone' })
      markGone(store, rec, atMs)
    })
    return
  }
  store.transaction(() => {
    store.moves.mark(move.id, 'refused', { atMs, note: error.message })
    const pair = store.pairs.get(move.key)
    if (pair === undefined) return
    const refusal = { side: 'remote' as const, fingerprint: contentMark(move), reason: error.message }
    store.pairs.put({ ...pair, refusal, dirty: true })
  })
}

function intakeOf(parts: OpenParts, ports: SyncPorts) {
  return {
    store: parts.store,
    mapping: parts.mapping,
    baseId: parts.spec.airtable.base,
    nowMs: () => ports.clock.nowMs(),
  }
}

/**
 * What a crash or a lost answer left open is looked up in the base. What is not there is sent again; what is there is
 * done; what somebody has changed since is left to the next comparison, since sending again would undo that edit.
 */
async function settleSent(
  sent: readonly KeptMove[],
  parts: OpenParts,
  ports: SyncPorts,
  { signal }: EffectContext,
): Promise<void> {
  if (sent.length === 0) return
  const { store, target, mapping } = parts
  const asking = { target, mapping, signal }
  const creates = sent.filter(({ verb }) => verb === 'create-remote')
  const others = sent.filter(({ verb }) => verb !== 'create-remote')
  const byKey = new Map<string, RemoteRecord>()
  for (const one of await fetchByKey(
    asking,
    creates.map(({ key }) => key),
  )) {
    const key = String(one.fields[mapping.keyField.id] ?? '')
    const known = byKey.get(key)
    if (known === undefined || one.createdMs < known.createdMs) byKey.set(key, one)
  }
  const byId = new Map(
    (
      await fetchRecords(
        asking,
        others.flatMap(({ rec }) => rec ?? []),
      )
    ).map((one) => [one.id, one]),
  )
  const atMs = ports.clock.nowMs()
  store.transaction(() => {
    for (const move of creates) {
      const found = byKey.get(move.key)
      if (found === undefined) store.moves.mark(move.id, 'planned', { atMs })
      else foundMade(move, found, parts, atMs)
    }
    for (const move of others) {
      const found = byId.get(move.rec ?? '')
      if (move.verb === 'delete-remote') {
        if (found === undefined) recordDeleted([move], parts, ports)
        else store.moves.mark(move.id, 'planned', { atMs })
      } else if (found === undefined) {
        store.moves.mark(move.id, 'void', { atMs, note: 'the record is gone' })
        if (move.rec !== null) markGone(store, move.rec, atMs)
      } else {
        settleUpdate(move, found, parts, ports, atMs)
      }
    }
  })
}

/** The record was made by us. What it holds other than we wrote, somebody has written since. */
function foundMade(move: KeptMove, found: RemoteRecord, parts: OpenParts, atMs: number): void {
  const { store, mapping } = parts
  store.moves.mark(move.id, 'done', { atMs, rec: found.id })
  const pair = store.pairs.get(move.key) ?? newPair(move.key)
  const base: Record<string, Base> = { ...pair.base }
  for (const { field, remote } of mapping.fields) {
    const cell = move.content.cells[field.name]
    const now = readRemote(field, remote, found.fields[remote.id])
    if (cell === undefined) {
      base[field.name] = { local: null, remote: null }
      continue
    }
    const asWritten = readRemote(field, remote, cell.afterRaw)
    base[field.name] = {
      local: cell.after,
      remote: sameMeaning(field, remote, asWritten, now) ? markOf(now) : markOf(asWritten),
    }
  }
  store.pairs.put({
    ...pair,
    rec: found.id,
    createdMs: found.createdMs,
    cells: found.fields,
    remote: 'there',
    base,
    readMs: atMs,
    remoteAtMs: atMs,
    dirty: true,
  })
}

function settleUpdate(move: KeptMove, found: RemoteRecord, parts: OpenParts, ports: SyncPorts, atMs: number): void {
  const { store, mapping } = parts
  const cells = mapping.fields.flatMap(({ field, remote }): { is: 'after' | 'before' | 'other' }[] => {
    const cell: CellMove | undefined = move.content.cells[field.name]
    if (cell === undefined) return []
    const now = readRemote(field, remote, found.fields[remote.id])
    if (sameMeaning(field, remote, readRemote(field, remote, cell.afterRaw), now)) return [{ is: 'after' }]
    return [{ is: sameMark(cell.before, markOf(now)) ? 'before' : 'other' }]
  })
  const keyIsThere = !move.content.writesKey || found.fields[mapping.keyField.id] === move.key
  if (keyIsThere && cells.every(({ is }) => is === 'after')) {
    store.moves.mark(move.id, 'done', { atMs })
    settlePair(move, found, parts, atMs)
  } else if (cells.every(({ is }) => is === 'before')) {
    store.moves.mark(move.id, 'planned', { atMs })
  } else {
    store.moves.mark(move.id, 'void', { atMs, note: 'somebody has changed the record since' })
    takeRecord(intakeOf(parts, ports), found, undefined, 'read')
  }
}
