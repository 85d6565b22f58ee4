/**
 * Takes back what a sync action did, on the side where it did it, and leaves the two sides apart afterwards: the values
 * that were taken back do not come again by themselves, only when somebody changes the lead on either side.
 */
import { z } from 'zod'
import type { Action, ActionDraft } from '../../engine/action.ts'
import type { Applied, Checkpoint, EffectContext, UndoPlan } from '../../engine/kind.ts'
import { namedKeys, rowsOf, type UndoConflict, type UndoneRows, type UndoRows } from '../../engine/undo-rows.ts'
import type { JsonValue } from '../../json.ts'
import type { RemoteRecord } from '../../targets/airtable/ports.ts'
import { nothingToUndo } from '../undone-set.ts'
import { heldMark } from './compare.ts'
import { fetchRecords } from './intake-remote.ts'
import type { Base } from './merge-field.ts'
import { type OpenParts, type SyncPorts, withTable } from './parts.ts'
import { syncInputSchema, undoVerbs } from './plan.ts'
import { push } from './push.ts'
import { recordsPerRequest } from './push-size.ts'
import { markOf, readLocal, readRemote, sameMark, sameMeaning } from './reading.ts'
import type { CellMove, KeptMove, Move, MoveVerb } from './store/moves.ts'
import { newPair } from './store/pair.ts'
import { fingerprintOf } from './survey.ts'

export const undoInputSchema = z.object({ table: z.string(), undoes: z.string(), from: syncInputSchema.shape.sort })

/** What would be taken back, and which records somebody has changed since. */
interface Reversal {
  readonly moves: readonly Omit<Move, 'seq'>[]
  readonly conflicts: readonly UndoConflict[]
  readonly unknownKeys: readonly string[]
  /** Records that are not chosen. */
  readonly left: number
  readonly matched: number
}

export async function planUndoOf(
  action: Action,
  parts: OpenParts,
  ports: SyncPorts,
  context: EffectContext,
  rows: UndoRows | undefined,
): Promise<UndoPlan> {
  const input = syncInputSchema.safeParse(action.input)
  if (!input.success)
    return { is: 'not-undoable', reason: 'an undo of the sync is not undone; change the leads instead' }
  const kept = parts.store.moves.of(action.id)
  if (kept.length === 0) return { is: 'expired' }
  if (input.data.sort.startsWith('pull')) return planUndoOfPull(action, ports, rows)
  const { moves, conflicts, unknownKeys, left, matched } = await reversalOf(kept, rows, parts, context)
  if (matched === 0 && rows !== undefined) return { is: 'untouched', unknownKeys }
  const undone: UndoneRows = { conflicts: conflicts.slice(0, 200), conflictCount: conflicts.length, unknownKeys, left }
  if (moves.length === 0) {
    const reason = 'every record that it wrote was changed again or removed since'
    return { is: 'not-undoable', reason, rows: undone }
  }
  const staying = conflicts.filter(({ outcome }) => outcome === 'kept').map(({ key }) => key)
  const draft = draftOf(action, 'push', moves.length, fingerprintOf(moves), staying.length)
  return { is: 'undo', draft, conflicts: staying.slice(0, 20), rows: undone }
}

async function planUndoOfPull(action: Action, ports: SyncPorts, rows: UndoRows | undefined): Promise<UndoPlan> {
  if (ports.changeSets.summary(action.id) === undefined) return { is: 'expired' }
  const reversed = await ports.changeSets.reverse(action.id, undefined, ports.databases, rows)
  const nothing = nothingToUndo(reversed)
  if (nothing !== undefined) return nothing
  const draft = draftOf(action, 'pull', reversed.count, reversed.fingerprint, reversed.conflictCount)
  return { is: 'undo', draft, conflicts: reversed.conflicts, rows: reversed.rows }
}

function draftOf(
  action: Action,
  side: 'push' | 'pull',
  count: number,
  evidence: string,
  conflicts: number,
): ActionDraft {
  const { table, sort } = syncInputSchema.parse(action.input)
  const left = conflicts > 0 ? `; ${conflicts} were changed since and stay` : ''
  return {
    verb: undoVerbs[side],
    input: { table, undoes: action.id, from: sort },
    summary: `take back: ${action.summary}${left}`,
    risk: action.risk,
    findings:
      conflicts > 0
        ? [{ code: 'changed-since', count: conflicts, message: 'Records changed since are left alone' }]
        : [],
    precondition: evidence,
    affected: { count: Math.min(action.affected.count, count), sample: action.affected.sample },
    population: action.population,
    preview: action.preview.map((cell) => ({ ...cell, before: cell.after, after: cell.before })),
    reversible: 'from-checkpoint',
    recovery: action.recovery,
    cost: { bucket: action.cost.bucket, tokens: side === 'push' ? Math.ceil(count / recordsPerRequest) : 1 },
    resolves: [],
    order: 0,
  }
}

/** What takes back the done moves of a push, by the records as they are now. */
async function reversalOf(
  kept: readonly KeptMove[],
  rows: UndoRows | undefined,
  parts: OpenParts,
  { signal }: EffectContext,
): Promise<Reversal> {
  const { target, mapping } = parts
  const all = kept.filter(({ state }) => state === 'done')
  const wanted = rows?.keys == null ? undefined : new Set(rows.keys)
  const done = wanted === undefined ? all : all.filter(({ key }) => wanted.has(key))
  const ids = done.flatMap(({ rec, verb }) => (rec === null || verb === 'delete-remote' ? [] : [rec]))
  const now = new Map((await fetchRecords({ target, mapping, signal }, ids)).map((one) => [one.id, one]))
  const moves: Omit<Move, 'seq'>[] = []
  const conflicts: UndoConflict[] = []
  for (const move of done) {
    const record = move.rec === null ? undefined : now.get(move.rec)
    if (isAsBefore(move, record, parts)) continue
    const asWritten = reverse(move, record, false, parts)
    const isTaken = asWritten === undefined && takes(rows, move.key)
    const reversed = isTaken ? reverse(move, record, true, parts) : asWritten
    if (asWritten === undefined) conflicts.push(conflictOf(move, record, reversed !== undefined, rows, parts))
    if (reversed !== undefined) moves.push(reversed)
  }
  const touched = new Set(all.map(({ key }) => key))
  return {
    moves,
    conflicts,
    unknownKeys: namedKeys(rows).filter((key) => !touched.has(key)),
    left: all.length - done.length,
    matched: done.length,
  }
}

/** Whether a record that was changed since is taken back all the same. */
function takes(rows: UndoRows | undefined, key: string): boolean {
  if (rows === undefined) return false
  return rows.take.includes(key) || (rows.onConflict === 'force' && !rows.keep.includes(key))
}

function conflictOf(
  { key, content }: KeptMove,
  record: RemoteRecord | undefined,
  isTaken: boolean,
  rows: UndoRows | undefined,
  { mapping, name: table }: OpenParts,
): UndoConflict {
  const cells = mapping.fields.flatMap(({ field, remote }) => {
    const cell = content.cells[field.name]
    if (cell === undefined || record === undefined) return []
    const now = record.fields[remote.id] ?? null
    return [{ field: field.name, before: cell.beforeRaw, made: cell.afterRaw, now }]
  })
  return {
    table,
    key,
    is: record === undefined ? 'gone' : 'changed',
    cells,
    outcome: isTaken ? 'taken' : 'kept',
    isChosen: rows !== undefined && (rows.take.includes(key) || rows.keep.includes(key)),
    by: [],
    isUnbroken: false,
  }
}

/** Whether an update was taken back already. */
function isAsBefore({ verb, content }: KeptMove, record: RemoteRecord | undefined, { mapping }: OpenParts): boolean {
  if (verb !== 'update-remote' || record === undefined) return false
  return mapping.fields.every(({ field, remote }) => {
    const cell = content.cells[field.name]
    return cell === undefined || sameMark(markOf(readRemote(field, remote, record.fields[remote.id])), cell.before)
  })
}

/** What a field of the record holds in Airtable now. */
function markNow(name: string, record: RemoteRecord, { mapping }: OpenParts): CellMove['before'] {
  const found = mapping.fields.find(({ field }) => field.name === name)
  return found === undefined ? null : markOf(readRemote(found.field, found.remote, record.fields[found.remote.id]))
}

/** @param force also where the record is not any more what the move made of it; else that gives undefined */
function reverse(
  move: KeptMove,
  record: RemoteRecord | undefined,
  force: boolean,
  parts: OpenParts,
): Omit<Move, 'seq'> | undefined {
  const { key, rec } = move
  if (move.content.erases) return undefined
  if (move.verb === 'delete-remote') {
    return {
      key,
      rec: null,
      verb: 'create-remote',
      content: { ...move.content, whole: writable(move, parts), writesKey: true },
    }
  }
  if (record === undefined || (!force && !isAsWritten(move, record, parts))) return undefined
  if (move.verb === 'create-remote') {
    return { key, rec, verb: 'delete-remote', content: { ...move.content, cells: {}, whole: { ...record.fields } } }
  }
  const cells = Object.fromEntries(
    Object.entries(move.content.cells).map(([field, cell]): [string, CellMove] => [
      field,
      {
        ...cell,
        before: force ? markNow(field, record, parts) : cell.after,
        beforeRaw: record.fields[cell.fieldId] ?? null,
        after: cell.before,
        afterRaw: cell.beforeRaw,
        lost: false,
        reason: 'undone',
      },
    ]),
  )
  return {
    key,
    rec,
    verb: 'update-remote',
    content: { cells, writesKey: false, whole: null, typecast: false, erases: false },
  }
}

function isAsWritten(move: KeptMove, record: RemoteRecord, { mapping, store }: OpenParts): boolean {
  const base = store.pairs.get(move.key)?.base
  return mapping.fields.every(({ field, remote }) => {
    const cell = move.content.cells[field.name]
    if (cell === undefined) return move.verb !== 'create-remote' || isEmptyNow(record, remote.id)
    const now = readRemote(field, remote, record.fields[remote.id])
    const agreed = base?.[field.name]
    // Airtable may have put what we wrote into a form of its own; then that is what the sides agreed on for it.
    return (
      sameMeaning(field, remote, readRemote(field, remote, cell.afterRaw), now) ||
      (agreed !== undefined && sameMark(agreed.local, cell.after) && sameMark(agreed.remote, markOf(now)))
    )
  })
}

function isEmptyNow(record: RemoteRecord, fieldId: string): boolean {
  const cell = record.fields[fieldId]
  return cell === undefined || cell === null || cell === '' || cell === false
}

/** The cells of a deleted record that can be written again: those that are mirrored. */
function writable(move: KeptMove, { mapping }: OpenParts): Record<string, JsonValue> {
  const whole = move.content.whole ?? {}
  return Object.fromEntries(
    mapping.fields.flatMap(({ field, remote }) => {
      const cell = whole[remote.id]
      return field.direction === 'pull' || cell === undefined ? [] : [[remote.id, cell]]
    }),
  )
}

export async function checkpointUndo(
  action: Action,
  parts: OpenParts,
  ports: SyncPorts,
  context: EffectContext,
): Promise<Checkpoint> {
  const { undoes, from } = undoInputSchema.parse(action.input)
  if (from.startsWith('pull')) {
    const reversed = await ports.changeSets.reverse(undoes, action.id, ports.databases, rowsOf(action))
    return { evidence: reversed.fingerprint, images: reversed.count }
  }
  const { store } = parts
  const kept = store.moves.of(action.id)
  if (kept.some(({ state }) => state !== 'planned')) return { evidence: action.precondition, images: kept.length }
  const { moves } = await reversalOf(store.moves.of(undoes), rowsOf(action), parts, context)
  store.moves.keep(
    action.id,
    moves.map((move, seq) => ({ ...move, seq })),
    ports.clock.nowMs(),
  )
  return { evidence: fingerprintOf(moves), images: moves.length }
}

export async function applyUndo(
  action: Action,
  parts: OpenParts,
  ports: SyncPorts,
  context: EffectContext,
): Promise<Applied> {
  const { undoes, from } = undoInputSchema.parse(action.input)
  const original = parts.store.moves.of(undoes).filter(({ state }) => state === 'done')
  const isPull = from.startsWith('pull')
  const applied = isPull
    ? await ports.changeSets.apply(action.id, ports.databases, context)
    : await push({ actionId: action.id, isUndo: true }, parts, ports, context)
  const keys = rowsOf(action)?.keys
  const touched = isPull
    ? new Set(original.flatMap(({ key }) => (keys == null || keys.includes(key) ? [key] : [])))
    : new Set(
        parts.store.moves
          .of(action.id)
          .filter(({ state }) => state === 'done')
          .map(({ key }) => key),
      )
  await leaveApart(
    original.filter(({ key }) => touched.has(key)),
    parts,
    ports,
    context,
  )
  return { changed: applied.changed, skipped: applied.skipped, skippedCount: applied.skippedCount, failed: [] }
}

/** What was taken back stays as it is on both sides until somebody changes it. */
async function leaveApart(
  original: readonly KeptMove[],
  parts: OpenParts,
  ports: SyncPorts,
  { signal }: EffectContext,
): Promise<void> {
  const { store, mapping } = parts
  await withTable(parts, ports, async (surveyOf, table) => {
    const rows = table.rowsOf(original.map(({ key }) => key))
    const context = surveyOf(signal)
    store.transaction(() => {
      for (const move of original) {
        const row = rows.get(move.key)
        const pair = store.pairs.get(move.key) ?? newPair(move.key)
        const base: Record<string, Base> = { ...pair.base }
        for (const { field, remote } of mapping.fields) {
          if (move.content.cells[field.name] === undefined || row === undefined) continue
          base[field.name] = {
            local: markOf(readLocal(field, row.cells[field.name] ?? null)),
            remote: markOf(readRemote(field, remote, pair.cells?.[remote.id])),
          }
        }
        const local = row === undefined ? ('gone' as const) : ('there' as const)
        const next = afterUndo(move.verb, { ...pair, base, local, dirty: true })
        const isWhole = move.verb.startsWith('create') || move.verb.startsWith('delete')
        store.pairs.put({ ...next, held: isWhole ? heldMark(next, row, context) : pair.held })
      }
    })
  })
}

/** A record whose making was taken back has never been there, for the sake of what comes next. */
function afterUndo(verb: MoveVerb, pair: ReturnType<typeof newPair>): ReturnType<typeof newPair> {
  return verb === 'create-remote' ? { ...pair, rec: null, remote: 'never', cells: null } : pair
}
