/**
 * Carries out moves towards SQLite as one change set: kept before it is made, guarded row by row, made in marked
 * transactions. Afterwards what was taken over is the new common ground.
 */
import type { Applied, EffectContext } from '../../engine/kind.ts'
import type { Change, ChangeSetOutcome, ChangeTarget } from '../../targets/sqlite/ports.ts'
import type { TableAccess } from '../../targets/sqlite/table-access.ts'
import { isoDate, isoDateTime } from '../../values/calendar.ts'
import type { Cell } from '../../values/field-type.ts'
import { contentMark } from './comparison.ts'
import type { LocalRow, LocalTable } from './local-table.ts'
import type { Base } from './merge-field.ts'
import { type OpenParts, type SyncPorts, withTable } from './parts.ts'
import { type Mark, markOf, readLocal, readRemote, sameMark, writeLocal } from './reading.ts'
import type { KeptMove, Move } from './store/moves.ts'

export function changeTargetOf(parts: OpenParts, table: LocalTable): ChangeTarget {
  return { path: parts.path, table: table.name, keyColumn: table.keyColumn }
}

/** The exact changes of the moves on the rows as they are. */
export function changesOf(
  moves: readonly Omit<Move, 'seq'>[],
  parts: OpenParts,
  table: LocalTable,
  access: TableAccess,
  atMs: number,
): readonly Change[] {
  const rows = table.rowsOf(moves.map(({ key }) => key))
  const ordered = [...moves].sort((a, b) => (rows.get(a.key)?.rowId ?? 0) - (rows.get(b.key)?.rowId ?? 0))
  return ordered.flatMap((move): readonly Change[] => {
    const row = rows.get(move.key)
    if (move.verb === 'create-local') return row === undefined ? [insertOf(move, parts, table)] : []
    if (row === undefined) return []
    if (move.verb === 'delete-local') {
      const whole = access.row(row.rowId, row.key)
      return whole === undefined ? [] : [{ is: 'delete', rowId: row.rowId, key: row.key, row: whole }]
    }
    return cellChanges(move, row, parts, table, atMs)
  })
}

function insertOf(move: Omit<Move, 'seq'>, parts: OpenParts, table: LocalTable): Change {
  const row: Record<string, Cell> = { [table.keyColumn]: move.key }
  for (const { field } of parts.mapping.fields) {
    const cell = move.content.cells[field.name]
    const column = table.columns.get(field.name)
    if (cell !== undefined && column !== undefined) row[column] = writeLocal(field, plainOf(cell.after))
  }
  return { is: 'insert', rowId: 0, key: move.key, row }
}

function cellChanges(
  move: Omit<Move, 'seq'>,
  row: LocalRow,
  parts: OpenParts,
  table: LocalTable,
  atMs: number,
): readonly Change[] {
  const { rowId, key } = row
  const changes = parts.mapping.fields.flatMap(({ field }): Change[] => {
    const cell = move.content.cells[field.name]
    const column = table.columns.get(field.name)
    if (cell === undefined || column === undefined) return []
    const before = row.cells[field.name] ?? null
    return [{ is: 'cell', rowId, key, column, before, after: writeLocal(field, plainOf(cell.after)) }]
  })
  const stamps = table.stamps.map(({ column, type }): Change => {
    const after = type === 'date' ? isoDate(atMs) : isoDateTime(atMs)
    return { is: 'cell', rowId, key, column, before: row.stamps[column] ?? null, after, follows: true }
  })
  return changes.length === 0 ? [] : [...changes, ...stamps]
}

function plainOf(mark: Mark): string | number | null {
  return mark !== null && typeof mark === 'object' ? null : mark
}

/** Makes the kept changes, then settles what was taken over. Safe to call again after a crash at any point. */
export async function pull(
  actionId: string,
  parts: OpenParts,
  ports: SyncPorts,
  context: EffectContext,
): Promise<Applied> {
  const outcome = await ports.changeSets.apply(actionId, ports.databases, context)
  const moves = parts.store.moves.of(actionId)
  await withTable(parts, ports, async (_, table) => settle(moves, outcome, parts, table, ports.clock.nowMs()))
  // A row that the table's constraints refuse is told as a difference of its own, with its remedy.
  return { changed: outcome.changed, skipped: outcome.skipped, skippedCount: outcome.skippedCount, failed: [] }
}

function settle(
  moves: readonly KeptMove[],
  outcome: ChangeSetOutcome,
  parts: OpenParts,
  table: LocalTable,
  atMs: number,
): void {
  const { store } = parts
  const reasons = new Map(outcome.failed.map(({ key, reason }) => [key, reason]))
  const rows = table.rowsOf(moves.map(({ key }) => key))
  store.transaction(() => {
    for (const move of moves) {
      if (move.state === 'done' || move.state === 'refused') continue
      const row = rows.get(move.key)
      const reason = reasons.get(move.key)
      const pair = store.pairs.get(move.key)
      if (reason !== undefined) {
        store.moves.mark(move.id, 'refused', { atMs, note: reason })
        const refusal = { side: 'local' as const, fingerprint: contentMark(move), reason: wordsOf(reason, move) }
        if (pair !== undefined) store.pairs.put({ ...pair, refusal, dirty: true })
      } else if (isMade(move, row, parts)) {
        store.moves.mark(move.id, 'done', { atMs })
        if (pair !== undefined && row !== undefined) {
          const base: Record<string, Base> = { ...pair.base }
          for (const { field, remote } of parts.mapping.fields) {
            const cell = move.content.cells[field.name]
            if (cell === undefined) continue
            const seen = readRemote(field, remote, pair.cells?.[remote.id])
            // Taken over is what the move says, not what Airtable has come to hold since.
            if (sameMark(markOf(seen), cell.after)) base[field.name] = { local: cell.after, remote: cell.after }
          }
          store.pairs.put({ ...pair, base, local: 'there', rowId: row.rowId, dirty: true, verdict: null })
        }
      } else {
        store.moves.mark(move.id, 'void', { atMs, note: 'it has changed since' })
      }
    }
  })
}

/** SQLite names the constraint; a person needs to know the record. */
function wordsOf(reason: string, move: KeptMove): string {
  return `the table refuses record ${move.rec} of Airtable: ${reason}`
}

function isMade(move: KeptMove, row: LocalRow | undefined, parts: OpenParts): boolean {
  if (move.verb === 'delete-local') return row === undefined
  if (row === undefined) return false
  return parts.mapping.fields.every(({ field }) => {
    const cell = move.content.cells[field.name]
    return cell === undefined || sameMark(markOf(readLocal(field, row.cells[field.name] ?? null)), cell.after)
  })
}
