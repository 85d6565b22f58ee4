/**
 * Carries out moves towards Airtable: ten records a request, each kept as sent before it is sent, so that after a crash
 * the base can be asked what became of it. One record that Airtable refuses never holds back the nine others.
 */
import PQueue from 'p-queue'
import type { Applied, EffectContext } from '../../engine/kind.ts'
import { OperationalError } from '../../errors.ts'
import type { JsonValue } from '../../json.ts'
import type { WrittenCells } from '../../targets/airtable/ports.ts'
import { contentMark } from './comparison.ts'
import { type OpenParts, type SyncPorts, withTable } from './parts.ts'
import { record, recordDeleted, refused } from './push-outcome.ts'
import { settleSent } from './push-recovery.ts'
import { recordsPerRequest } from './push-size.ts'
import type { KeptMove } from './store/moves.ts'
import { movesNow, sortOf } from './survey.ts'

export interface PushRequest {
  readonly actionId: string
  /** An undo writes what it was resolved to; all else is compared once more right before it is sent. */
  readonly isUndo: boolean
}

/** Requests under way at once: as many as the pace has permits, whatever each waits for. */
const requestsMax = 5

/** Refusals after which nothing was executed, and that no pause ends: what they concern is compared once more when it is tried again. */
const notExecuted: ReadonlySet<string> = new Set([
  'AIRTABLE_TOKEN_MISSING',
  'AIRTABLE_UNAUTHORIZED',
  'AIRTABLE_FORBIDDEN',
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
  if (moves.of(request.actionId).length === 0)
    throw new OperationalError('ACTION_STALE', `the moves of action ${request.actionId} are gone`)
  await parts.target.base.insisting(() => sendWhatIsLeft(request, parts, ports, context), context)
  return appliedOf(moves.of(request.actionId))
}

/** Asks first what became of what was sent before. Throws the first failure, once what is under way has ended. */
async function sendWhatIsLeft(
  request: PushRequest,
  parts: OpenParts,
  ports: SyncPorts,
  context: EffectContext,
): Promise<void> {
  const { moves } = parts.store
  const kept = moves.of(request.actionId)
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
}

/**
 * What an action with these moves has done, for recovery. Only where each was done the action is told as a whole; where
 * some were void or refused, going on with it sends nothing and counts what was done.
 */
export function pushState(kept: readonly Pick<KeptMove, 'state'>[]): 'applied' | 'partly' | 'not-applied' {
  if (kept.every(({ state }) => state === 'planned')) return 'not-applied'
  return kept.every(({ state }) => state === 'done') ? 'applied' : 'partly'
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
