/** After a crash or a lost answer: asks the base what became of the moves that were sent. */
import type { EffectContext } from '../../engine/kind.ts'
import type { RemoteRecord } from '../../targets/airtable/ports.ts'
import { fetchByKey, fetchRecords, markGone, takeRecord } from './intake-remote.ts'
import type { Base } from './merge-field.ts'
import type { OpenParts, SyncPorts } from './parts.ts'
import { intakeOf, recordDeleted, settlePair } from './push-outcome.ts'
import { markOf, readRemote, sameMark, sameMeaning } from './reading.ts'
import type { CellMove, KeptMove } from './store/moves.ts'
import { newPair } from './store/pair.ts'

/**
 * What a crash or a lost answer left open is looked up in the base. What is not there is sent again; what is there is
 * done; what somebody has changed since is left to the next comparison, since sending again would undo that edit.
 */
export async function settleSent(
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
