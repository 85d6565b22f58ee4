/**
 * Writes a restore to Airtable, or takes one back: ten records a request. Before each request the records are read, so that
 * what was written already by a run that crashed is not written twice, and what somebody changed since stays.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { Applied, EffectContext } from '../../../engine/kind.ts'
import { OperationalError } from '../../../errors.ts'
import { declarationOf, plainDeclarationSchema } from '../../../targets/airtable/declaration.ts'
import { recordsById, recordsByText } from '../../../targets/airtable/fetch-records.ts'
import { addsChoice } from '../../../targets/airtable/mapping.ts'
import type { AirtableBase, RemoteField, RemoteRecord } from '../../../targets/airtable/ports.ts'
import { syncFolder, writeDurably } from '../../../targets/durable-files.ts'
import { keptMovesPath } from '../asks.ts'
import type { BackupPorts } from '../ports.ts'
import { moveSchema, type RecordMove, standOf } from './moves.ts'

const perRequest = 10
const sampleMax = 20

/** Where the records of an action are. */
export const placeSchema = z.strictObject({
  declaration: plainDeclarationSchema,
  /** The entry of `tables`. */
  table: z.string(),
  tableId: z.string(),
  keyFieldId: z.string(),
})
export type TablePlace = z.output<typeof placeSchema>

/** Keeps what an action is to write; what was kept for it before stays. */
export function keepMoves(ownFolder: string, actionId: string, moves: readonly RecordMove[]): void {
  const path = keptMovesPath(ownFolder, actionId)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeDurably(path, JSON.stringify(moves), 'w')
  syncFolder(dirname(path))
}

/** Undefined where they are not kept (any more). */
export function keptMoves(ownFolder: string, actionId: string): readonly RecordMove[] | undefined {
  const path = keptMovesPath(ownFolder, actionId)
  return existsSync(path) ? z.array(moveSchema).parse(JSON.parse(readFileSync(path, 'utf8'))) : undefined
}

/** Throws AIRTABLE_*; ACTION_STALE where an erasure dropped what was to be written. */
export async function carryOut(
  actionId: string,
  place: TablePlace,
  ports: Pick<BackupPorts, 'airtable' | 'ownFolder'>,
  context: EffectContext,
): Promise<Applied> {
  const { base } = ports.airtable.of(declarationOf(place.declaration))
  const moves = movesStill(ports.ownFolder, actionId)
  const schema = await base.schema({ signal: context.signal })
  const fields = schema.tables.find(({ id }) => id === place.tableId)?.fields
  if (fields === undefined) throw new OperationalError('ACTION_STALE', 'the table is gone from the base')
  const outcome: Outcome = { changed: 0, skipped: [], failed: [] }
  let done = 0
  for (const chunk of chunksOf(moves, fields)) {
    context.signal.throwIfAborted()
    // Somebody who is in them may have been erased a moment ago.
    movesStill(ports.ownFolder, actionId)
    const sending = { base, place, fields, signal: context.signal }
    const found = await base.insisting(() => restoreChunk(chunk, sending), context)
    outcome.changed += found.changed
    outcome.skipped.push(...found.skipped)
    outcome.failed.push(...found.failed)
    done += chunk.length
    context.progress(done, moves.length)
  }
  const { changed, skipped, failed } = outcome
  return {
    changed,
    skipped: skipped.slice(0, sampleMax),
    skippedCount: skipped.length,
    failed,
    wakes: [{ kind: 'sync', name: place.table }],
  }
}

async function restoreChunk(chunk: readonly RecordMove[], sending: Sending): Promise<Outcome> {
  const { base, place, signal } = sending
  const now = await currentOf(chunk, base, place, signal)
  const stands = chunk.map((move) => ({ move, stand: standOf(move, now(move)) }))
  const outcome: Outcome = {
    changed: stands.filter(({ stand }) => stand === 'done').length,
    skipped: stands.flatMap(({ move, stand }) => (stand === 'changed' ? [move.key] : [])),
    failed: [],
  }
  const open = stands.flatMap(({ move, stand }) => (stand === 'open' ? [move] : []))
  await send(open, sending, outcome)
  return outcome
}

/** How the records of moves are now. */
export async function currentOf(
  moves: readonly RecordMove[],
  base: AirtableBase,
  { tableId, keyFieldId }: TablePlace,
  signal: AbortSignal,
): Promise<(move: RecordMove) => RemoteRecord | undefined> {
  const ids = moves.flatMap((move) => (move.is === 'create' ? [] : [move.rec]))
  const keys = moves.flatMap((move) => (move.is === 'create' ? [move.key] : []))
  const byId = new Map((await recordsById(base, tableId, ids, signal)).map((one) => [one.id, one]))
  const byKey = new Map<string, RemoteRecord>()
  const found = await recordsByText(base, { tableId, fieldId: keyFieldId }, keys, signal)
  // Of several with a key the oldest is meant.
  for (const one of [...found].sort((a, b) => b.createdMs - a.createdMs))
    byKey.set(String(one.fields[keyFieldId] ?? ''), one)
  return (move) => (move.is === 'create' ? byKey.get(move.key) : byId.get(move.rec))
}

interface Outcome {
  changed: number
  readonly skipped: string[]
  readonly failed: { key: string; reason: string }[]
}

interface Sending {
  readonly base: AirtableBase
  readonly place: TablePlace
  readonly fields: readonly RemoteField[]
  readonly signal: AbortSignal
}

function movesStill(ownFolder: string, actionId: string): readonly RecordMove[] {
  const moves = keptMoves(ownFolder, actionId)
  if (moves === undefined)
    throw new OperationalError('ACTION_STALE', 'what it was to write is not kept any more', {
      hint: 'An erasure drops it. Ask again with `trueup backup restore`.',
    })
  return moves
}

/** Requests of one sort: what they do, and whether Airtable makes choices that are gone. */
function chunksOf(moves: readonly RecordMove[], fields: readonly RemoteField[]): readonly (readonly RecordMove[])[] {
  const sorts = new Map<string, RecordMove[]>()
  for (const move of moves) {
    const sort = `${move.is} ${needsTypecast(move, fields)}`
    sorts.set(sort, [...(sorts.get(sort) ?? []), move])
  }
  return [...sorts.values()].flatMap((all) =>
    Array.from({ length: Math.ceil(all.length / perRequest) }, (_, index) =>
      all.slice(index * perRequest, (index + 1) * perRequest),
    ),
  )
}

function needsTypecast(move: RecordMove, fields: readonly RemoteField[]): boolean {
  if (move.is === 'delete') return false
  const { after } = move
  return fields.some((field) => after[field.id] !== undefined && addsChoice(field, after[field.id] ?? null))
}

/** Halves a request where Airtable refuses a record, until the refused one stands alone. */
async function send(moves: readonly RecordMove[], sending: Sending, outcome: Outcome): Promise<void> {
  const [first] = moves
  if (first === undefined) return
  try {
    await request(first, moves, sending)
    outcome.changed += moves.length
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    if (error.code !== 'AIRTABLE_RECORD_REFUSED' && error.code !== 'AIRTABLE_NOT_FOUND') throw error
    if (moves.length === 1) {
      outcome.failed.push({ key: first.key, reason: error.message })
      return
    }
    const half = Math.ceil(moves.length / 2)
    await send(moves.slice(0, half), sending, outcome)
    await send(moves.slice(half), sending, outcome)
  }
}

async function request(
  first: RecordMove,
  moves: readonly RecordMove[],
  { base, place: { tableId, keyFieldId }, fields, signal }: Sending,
): Promise<void> {
  const options = { signal, priority: 'write' } as const
  const typecast = needsTypecast(first, fields)
  switch (first.is) {
    case 'create': {
      // By the key, so that what arrives late makes nothing twice.
      const records = moves.flatMap((move) => (move.is === 'create' ? [{ ...move.after, [keyFieldId]: move.key }] : []))
      await base.upsert(tableId, { mergeOn: keyFieldId, records, typecast }, options)
      return
    }
    case 'update': {
      const records = moves.flatMap((move) => (move.is === 'update' ? [{ id: move.rec, fields: move.after }] : []))
      await base.update(tableId, records, { ...options, typecast })
      return
    }
    case 'delete':
      await base.destroy(
        tableId,
        moves.flatMap((move) => (move.is === 'delete' ? [move.rec] : [])),
        options,
      )
  }
}
