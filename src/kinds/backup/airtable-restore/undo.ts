/** How a restore of Airtable is taken back: all of it, or the records that a person names, and those changed since as they say. */
import { isPlainWritable } from '../../../desired/airtable-types.ts'
import type { Action } from '../../../engine/action.ts'
import type { EffectContext, UndoPlan } from '../../../engine/kind.ts'
import { namedKeys, type UndoConflict, type UndoneRows, type UndoRows } from '../../../engine/undo-rows.ts'
import { hashOf } from '../../../json.ts'
import { declarationOf } from '../../../targets/airtable/declaration.ts'
import type { RemoteField, RemoteRecord } from '../../../targets/airtable/ports.ts'
import { draftOf } from '../orders.ts'
import type { BackupPorts } from '../ports.ts'
import { currentOf, keptMoves, type TablePlace } from './carry-out.ts'
import { overReverseOf, type RecordMove, reverseOf, standOf } from './moves.ts'

/** Shown and kept of an undo, at most. */
const conflictsMax = 200
const namedMax = 20

export interface Reversed {
  readonly moves: readonly RecordMove[]
  /** Records that were changed since. */
  readonly conflicts: readonly UndoConflict[]
  readonly evidence: string
  /** Chosen keys of no record that it wrote. */
  readonly unknownKeys: readonly string[]
  /** Records that are not chosen, and records that are. */
  readonly left: number
  readonly matched: number
}

/** What takes back a restore, by the records as they are now; undefined where what it wrote is not kept any more. */
export async function reversedMoves(
  actionId: string,
  place: TablePlace,
  { airtable, ownFolder }: BackupPorts,
  { signal }: Pick<EffectContext, 'signal'>,
  rows: UndoRows | undefined,
): Promise<Reversed | undefined> {
  const kept = keptMoves(ownFolder, actionId)
  if (kept === undefined) return undefined
  const wanted = rows?.keys == null ? undefined : new Set(rows.keys)
  const chosen = wanted === undefined ? kept : kept.filter(({ key }) => wanted.has(key))
  const { base } = airtable.of(declarationOf(place.declaration))
  const { tables } = await base.schema({ signal })
  const fields = tables.find(({ id }) => id === place.tableId)?.fields ?? []
  const writable = fields.flatMap(({ id, type }) => (isPlainWritable(type) ? [id] : []))
  const now = await currentOf(chosen, base, place, signal)
  const moves: RecordMove[] = []
  const conflicts: UndoConflict[] = []
  for (const move of chosen) {
    const record = now(move)
    const stand = standOf(move, record)
    // Refused, left alone, or taken back already.
    if (stand === 'open') continue
    const asWritten = stand === 'done' ? reverseOf(move, record, place.keyFieldId) : undefined
    const over = asWritten === undefined && takes(rows, move.key) ? overReverseOf(move, record, writable) : undefined
    const reversed = asWritten ?? over
    if (asWritten === undefined) conflicts.push(conflictOf(move, record, over !== undefined, rows, { place, fields }))
    if (reversed !== undefined) moves.push(reversed)
  }
  const touched = new Set(kept.map(({ key }) => key))
  return {
    moves,
    conflicts,
    evidence: hashOf(moves),
    unknownKeys: namedKeys(rows).filter((key) => !touched.has(key)),
    left: kept.length - chosen.length,
    matched: chosen.length,
  }
}

/** Whether a record that was changed since is taken back all the same. */
function takes(rows: UndoRows | undefined, key: string): boolean {
  if (rows === undefined) return false
  return rows.take.includes(key) || (rows.onConflict === 'force' && !rows.keep.includes(key))
}

function conflictOf(
  move: RecordMove,
  record: RemoteRecord | undefined,
  isTaken: boolean,
  rows: UndoRows | undefined,
  { place, fields }: { readonly place: TablePlace; readonly fields: readonly RemoteField[] },
): UndoConflict {
  const { key } = move
  const made = move.is === 'delete' ? {} : move.after
  const before = move.is === 'create' ? {} : move.before
  const cells = Object.keys({ ...before, ...made }).map((id) => ({
    field: fields.find((field) => field.id === id)?.name ?? id,
    before: before[id] ?? null,
    made: made[id] ?? null,
    now: record?.fields[id] ?? null,
  }))
  return {
    table: place.table,
    key,
    is: record === undefined ? 'gone' : 'changed',
    cells: record === undefined ? [] : cells,
    outcome: isTaken ? 'taken' : 'kept',
    isChosen: rows !== undefined && (rows.take.includes(key) || rows.keep.includes(key)),
    by: [],
    isUnbroken: false,
  }
}

export async function planAirtableUndo(
  action: Action,
  place: TablePlace,
  ports: BackupPorts,
  context: EffectContext,
  rows: UndoRows | undefined,
): Promise<UndoPlan> {
  const reversed = await reversedMoves(action.id, place, ports, context, rows)
  if (reversed === undefined) return { is: 'expired' }
  const { moves, conflicts, evidence, unknownKeys, left } = reversed
  if (reversed.matched === 0 && rows !== undefined) return { is: 'untouched', unknownKeys }
  const undone: UndoneRows = {
    conflicts: conflicts.slice(0, conflictsMax),
    conflictCount: conflicts.length,
    unknownKeys,
    left,
  }
  if (moves.length === 0)
    return {
      is: 'not-undoable',
      reason:
        conflicts.length === 0
          ? 'what it did was taken back already'
          : 'every record that it wrote was changed again or removed since',
      rows: undone,
    }
  const staying = conflicts.filter(({ outcome }) => outcome === 'kept').map(({ key }) => key)
  const stays = staying.length === 0 ? '' : `; ${staying.length} were changed since and stay`
  const draft = draftOf(
    action.resource.name,
    { verb: 'undo-restore-airtable', undoes: action.id, place },
    {
      summary: `take back: ${action.summary}${stays}`,
      risk: action.risk,
      precondition: evidence,
      affected: { count: moves.length, sample: moves.slice(0, namedMax).map(({ key }) => key) },
      population: action.population,
      resolves: [],
      reversible: 'from-checkpoint',
      cost: { ...action.cost, tokens: Math.ceil(moves.length / 10) },
      order: 0,
    },
  )
  return { is: 'undo', draft, conflicts: staying.slice(0, namedMax), rows: undone }
}
