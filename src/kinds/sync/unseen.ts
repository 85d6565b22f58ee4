/**
 * Edits in Airtable that one of our writes overwrote before anybody had seen them: made in the moment between the last
 * news and the write, which Airtable offers no way to guard (there is no If-Match). They are kept as lost values.
 */
import { hashOf, type JsonValue } from '../../json.ts'
import type { PendingRecord } from '../../targets/airtable/ports.ts'
import type { SyncMapping } from './mapping.ts'
import { markOf, readRemote, sameMark } from './reading.ts'
import type { CellMove, KeptMove } from './store/moves.ts'
import type { TableStore } from './store/store.ts'

/** How many of our own writes are looked through for what a payload tells of. */
const ownWritesMax = 20

/** Notes what was passed over in a record, where it was no write of ours. */
export function noteUnseen(record: PendingRecord, store: TableStore, mapping: SyncMapping): void {
  if (Object.keys(record.passed).length === 0) return
  const pair = store.pairs.byRecord(record.recordId)
  if (pair === undefined) return
  const own = store.moves
    .history({ key: pair.key, limit: ownWritesMax })
    .filter(({ verb }) => verb === 'update-remote' || verb === 'create-remote')
  const cells: Record<string, CellMove> = {}
  for (const { field, remote } of mapping.fields) {
    const after = record.cells[remote.id]
    if (after === undefined || !isOurs(after)) continue
    const values = (record.passed[remote.id] ?? []).filter((value) => !isOurs(value) && !wasSeen(value))
    const lost = values.at(-1)
    if (lost === undefined) continue
    const [before, now] = [lost, after].map((value) => markOf(readRemote(field, remote, value)))
    if (before === undefined || now === undefined) continue
    cells[field.name] = {
      fieldId: remote.id,
      before,
      beforeRaw: lost,
      after: now,
      afterRaw: after,
      lost: true,
      reason: 'unseen',
    }

    function isOurs(value: JsonValue): boolean {
      return own.some((move) => writes(move, field.name, (cell) => sameAs(value, cell.afterRaw)))
    }
    function wasSeen(value: JsonValue): boolean {
      return own.some((move) => writes(move, field.name, (cell) => sameAs(value, cell.beforeRaw)))
    }
    function sameAs(a: JsonValue, b: JsonValue): boolean {
      return sameMark(markOf(readRemote(field, remote, a)), markOf(readRemote(field, remote, b)))
    }
  }
  if (Object.keys(cells).length === 0) return
  const content = { cells, writesKey: false, whole: null, typecast: false, erases: false }
  store.moves.note(
    { key: pair.key, rec: record.recordId, verb: 'update-remote', content },
    {
      // Taken in twice after a crash, it is one note.
      id: `unseen-${hashOf([record.recordId, record.atMs, Object.entries(cells).map(([name, { beforeRaw }]) => [name, beforeRaw])]).slice(0, 12)}`,
      atMs: record.atMs,
      note: 'edited in Airtable in the moment in which it was written; the edit was overwritten',
    },
  )
}

function writes(move: KeptMove, field: string, is: (cell: CellMove) => boolean): boolean {
  const cell = move.content.cells[field]
  return cell !== undefined && is(cell)
}
