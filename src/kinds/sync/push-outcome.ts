/** What becomes of moves towards Airtable once it has answered: pairs, moves and what was overwritten are noted together. */
import type { EffectContext } from '../../engine/kind.ts'
import type { OperationalError } from '../../errors.ts'
import type { RemoteRecord } from '../../targets/airtable/ports.ts'
import { contentMark } from './comparison.ts'
import { fetchByKey, fetchRecords, markGone, takeRecord } from './intake-remote.ts'
import type { MappedField } from './mapping.ts'
import type { Base } from './merge-field.ts'
import type { OpenParts, SyncPorts } from './parts.ts'
import { markOf, readRemote, sameMark } from './reading.ts'
import type { KeptMove } from './store/moves.ts'
import { newPair, type Pair } from './store/pair.ts'

/** Notes what Airtable answered: the records as they are now are the new common ground. */
export function record(
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

export function settlePair(move: KeptMove, made: RemoteRecord, parts: OpenParts, atMs: number): void {
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

export function recordDeleted(chunk: readonly KeptMove[], parts: OpenParts, ports: SyncPorts): void {
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
export async function refused(
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

export function intakeOf(parts: OpenParts, ports: SyncPorts) {
  return {
    store: parts.store,
    mapping: parts.mapping,
    baseId: parts.spec.airtable.base,
    nowMs: () => ports.clock.nowMs(),
  }
}
