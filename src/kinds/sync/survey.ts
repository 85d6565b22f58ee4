/**
 * Compares every pair that may differ, keeps what turns out to be settled, and gives what is left: what would be moved,
 * in groups that each become one action, what a person has to choose, and what only a person can mend.
 */
import { setImmediate } from 'node:timers/promises'
import { hashOf, type JsonValue } from '../../json.ts'
import { identitiesOfRecord } from './adopt.ts'
import { comparePair } from './compare.ts'
import { type Comparison, contentMark, type Problem } from './comparison.ts'
import type { CompareContext } from './field-view.ts'
import { identitiesOf } from './identity.ts'
import type { LocalRow, LocalTable } from './local-table.ts'
import { emptyReading, readLocal } from './reading.ts'
import type { Move } from './store/moves.ts'
import type { Pair } from './store/pair.ts'
import type { TableStore } from './store/store.ts'

/** Moves that are carried out as one action. */
export interface Group {
  readonly sort: GroupSort
  /** Of the moves in order: which records, what is written, and over what. The evidence of the action. */
  readonly fingerprint: string
  readonly keys: readonly string[]
  /** Those with a cell to write. */
  readonly fields: readonly string[]
  readonly previews: readonly {
    readonly key: string
    readonly field: string
    readonly before: JsonValue
    readonly after: JsonValue
  }[]
  /** Cells whose losing change is overruled by a policy. */
  readonly lost: number
}

export const groupSorts = [
  'push-new',
  'push-fill',
  'push-changes',
  'push-deletions',
  'push-erasures',
  'pull-new',
  'pull-fill',
  'pull-changes',
  'pull-deletions',
] as const
/**
 * `new` and `fill` write only where nothing was; `changes` overwrite; `deletions` remove. What overwrites or removes is one
 * action however much it is, so that the blast radius sees all of it.
 */
export type GroupSort = (typeof groupSorts)[number]

export interface Survey {
  readonly groups: readonly Group[]
  readonly problems: readonly Problem[]
  readonly problemCounts: Readonly<Partial<Record<Problem['code'], number>>>
  readonly openConflicts: number
}

export interface SurveyParts extends CompareContext {
  readonly store: TableStore
  readonly table: LocalTable
  readonly signal: AbortSignal
}

const chunkPairs = 400
const problemsMax = 200
const previewsMax = 20

/** Compares all dirty pairs. */
export async function survey(parts: SurveyParts): Promise<Survey> {
  const { store, spec } = parts
  const collected = new Map<GroupSort, Omit<Move, 'seq'>[]>()
  const problems: Problem[] = []
  const counts: Partial<Record<Problem['code'], number>> = {}
  // A record is met with its row whichever of the two is compared first: by then all rows are known by their people.
  if (store.pairs.hasUnmet())
    await inChunks(parts, (pairs) =>
      identifyRows(
        pairs.filter(({ rec, base }) => rec === null && base === null),
        parts,
      ),
    )
  await inChunks(parts, (pairs) => {
    const comparisons = store.transaction(() => comparePairs(pairs, parts))
    for (const { moves, problems: found } of comparisons) {
      for (const move of moves) {
        const sort = sortOf(move)
        const known = collected.get(sort)
        if (known === undefined) collected.set(sort, [move])
        else known.push(move)
      }
      for (const problem of found) {
        counts[problem.code] = (counts[problem.code] ?? 0) + 1
        if (problems.length < problemsMax) problems.push(problem)
      }
    }
  })
  const groups = groupSorts.flatMap((sort) =>
    groupsOf(sort, collected.get(sort) ?? [], spec.push.batch, spec.pull.batch),
  )
  return { groups, problems, problemCounts: counts, openConflicts: store.conflicts.openCount() }
}

/** Goes through all dirty pairs in the order of their keys. */
async function inChunks({ store, signal }: SurveyParts, work: (pairs: readonly Pair[]) => void): Promise<void> {
  let after = ''
  for (;;) {
    const pairs = store.pairs.dirty(after, chunkPairs)
    const last = pairs.at(-1)
    if (last === undefined) break
    after = last.key
    work(pairs)
    // Comparing must not hold up the API.
    await setImmediate()
    signal.throwIfAborted()
  }
}

function identifyRows(pairs: readonly Pair[], parts: SurveyParts): void {
  const { store, table } = parts
  if (pairs.length === 0) return
  const rows = table.rowsOf(pairs.map(({ key }) => key))
  store.transaction(() => {
    for (const [key, row] of rows) store.pairs.identify(key, 'local', identitiesOfRow(row, parts))
  })
}

/** Compares the named pairs as they are now and gives their moves of one sort: what an action would do at this moment. */
export function movesNow(keys: readonly string[], sort: GroupSort, parts: SurveyParts): readonly Omit<Move, 'seq'>[] {
  const pairs = keys.flatMap((key) => parts.store.pairs.get(key) ?? [])
  return parts.store
    .transaction(() => comparePairs(pairs, parts))
    .flatMap(({ moves }) => moves.filter((move) => sortOf(move) === sort))
}

/** Compares pairs with their rows, stores what is settled, and gives what is not. */
function comparePairs(pairs: readonly Pair[], parts: SurveyParts): readonly Comparison[] {
  const { store, table, nowMs } = parts
  const rows = table.rowsOf(pairs.map(({ key }) => key))
  return pairs.flatMap(({ key }) => {
    // As it is by now: the comparison of another one may have joined the two.
    const known = store.pairs.get(key)
    if (known === undefined) return []
    const row = rows.get(known.key)
    if (row !== undefined) store.pairs.identify(known.key, 'local', identitiesOfRow(row, parts))
    const pair = joined(known, row, parts)
    if (pair === undefined) return []
    const comparison = comparePair(pair, row, parts)
    if (comparison.forget) {
      store.conflicts.found(pair.key, [], nowMs)
      store.pairs.drop(pair.key)
      return []
    }
    store.pairs.put(comparison.pair)
    if (comparison.moves.some(({ content }) => content.erases)) {
      store.moves.forget(pair.key)
      store.conflicts.forget(pair.key)
    }
    store.conflicts.found(pair.key, comparison.conflicts, nowMs)
    return [comparison]
  })
}

function identitiesOfRow(row: LocalRow, { mapping }: SurveyParts): readonly string[] {
  return identitiesOf(mapping.fields, ({ field }) => {
    const cell = row.cells[field.name]
    return cell === undefined ? emptyReading : readLocal(field, cell)
  })
}

/**
 * A row without a record, and a record without a row, that mean the same person were made on both sides at about the same
 * time: they become one pair. Undefined where this pair was given up in favour of the other.
 */
function joined(known: Pair, row: LocalRow | undefined, parts: SurveyParts): Pair | undefined {
  const { pairs } = parts.store
  const pair = known.twinOf !== null && !isStillTwin(known, parts) ? { ...known, twinOf: null } : known
  if (row !== undefined && pair.rec === null && pair.base === null) {
    for (const hash of identitiesOfRow(row, parts)) {
      for (const key of pairs.identified(hash, 'remote')) {
        const other = pairs.get(key)
        if (other === undefined || key === pair.key || other.rec === null || other.remote !== 'there') continue
        if (other.local !== 'never') continue
        pairs.drop(key)
        const { rec, createdMs, cells, remoteAtMs, readMs } = other
        return { ...pair, rec, createdMs, cells, remoteAtMs, readMs, remote: 'there', dirty: true }
      }
    }
  }
  if (row === undefined && pair.local === 'never' && pair.base === null && pair.rec !== null) {
    for (const hash of identitiesOfPair(pair, parts)) {
      for (const key of pairs.identified(hash, 'local')) {
        const other = pairs.get(key)
        if (other === undefined || key === pair.key || other.local !== 'there') continue
        if (other.rec === null) {
          pairs.drop(pair.key)
          const { rec, createdMs, cells, remoteAtMs, readMs } = pair
          pairs.put({ ...other, rec, createdMs, cells, remoteAtMs, readMs, remote: 'there', dirty: true })
          return undefined
        }
        if (other.remote === 'there') return { ...pair, twinOf: other.key }
      }
    }
  }
  return pair
}

/** Whether the record still repeats the lead of another one that is there. */
function isStillTwin(pair: Pair, parts: SurveyParts): boolean {
  const other = pair.twinOf === null ? undefined : parts.store.pairs.get(pair.twinOf)
  if (other === undefined || other.remote !== 'there') return false
  return identitiesOfPair(pair, parts).some((hash) =>
    (['local', 'remote'] as const).some((side) => parts.store.pairs.identified(hash, side).includes(other.key)),
  )
}

function identitiesOfPair(pair: Pair, { mapping }: SurveyParts): readonly string[] {
  return identitiesOfRecord({ fields: pair.cells ?? {} }, mapping)
}

/** What a move does to what is there. */
export function sortOf({ verb, content }: Pick<Move, 'verb' | 'content'>): GroupSort {
  switch (verb) {
    case 'create-remote':
      return 'push-new'
    case 'create-local':
      return 'pull-new'
    case 'delete-remote':
      return content.erases ? 'push-erasures' : 'push-deletions'
    case 'delete-local':
      return 'pull-deletions'
    default: {
      const overwrites = Object.values(content.cells).some(({ before }) => before !== null)
      const direction = verb === 'update-remote' ? 'push' : 'pull'
      return overwrites ? `${direction}-changes` : `${direction}-fill`
    }
  }
}

function groupsOf(
  sort: GroupSort,
  moves: readonly Omit<Move, 'seq'>[],
  pushBatch: number,
  pullBatch: number,
): readonly Group[] {
  const isAdditive = sort.endsWith('-new') || sort.endsWith('-fill')
  const size = !isAdditive ? moves.length : sort.startsWith('push') ? pushBatch : pullBatch
  const groups: Group[] = []
  for (let from = 0; from < moves.length; from += Math.max(1, size)) {
    groups.push(groupOf(sort, moves.slice(from, from + size)))
  }
  return groups
}

function groupOf(sort: GroupSort, moves: readonly Omit<Move, 'seq'>[]): Group {
  const previews = moves
    .flatMap(({ key, content }) =>
      Object.entries(content.cells).map(([field, { beforeRaw, after, afterRaw }]) => ({
        key,
        field,
        before: beforeRaw,
        after: typeof after === 'object' ? afterRaw : after,
      })),
    )
    .slice(0, previewsMax)
  return {
    sort,
    fingerprint: fingerprintOf(moves),
    keys: moves.map(({ key }) => key),
    fields: [...new Set(moves.flatMap(({ content }) => Object.keys(content.cells)))],
    previews,
    lost: moves.reduce((sum, { content }) => sum + Object.values(content.cells).filter(({ lost }) => lost).length, 0),
  }
}

/** Equal moves on equal ground have one fingerprint. */
export function fingerprintOf(moves: readonly Omit<Move, 'seq'>[]): string {
  return hashOf(
    moves.map((move) => [
      move.key,
      move.rec,
      contentMark(move),
      Object.entries(move.content.cells).map(([field, { beforeRaw }]) => [field, beforeRaw]),
      move.content.writesKey,
    ]),
  )
}
