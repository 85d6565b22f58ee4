/** What a comparison of a pair comes to: moves, conflicts, problems, and how the pair stands. Pure. */
import { hashOf, type JsonValue } from '../../json.ts'
import type { CompareContext, FieldView } from './field-view.ts'
import { needsTypecast } from './mapping.ts'
import type { FieldDecision } from './merge-field.ts'
import { type Mark, markOf, type Plain, writeRemote } from './reading.ts'
import type { ConflictDraft } from './store/conflicts.ts'
import type { CellMove, Move, MoveVerb } from './store/moves.ts'
import type { Pair, PairStatus } from './store/pair.ts'

/** Something that only a person can mend. */
export interface Problem {
  readonly code:
    | 'unfit-local'
    | 'unfit-remote'
    | 'unknown-choice'
    | 'refused'
    | 'twin'
    | 'incomplete'
    | 'bounce'
    | 'key-type'
  readonly key: string
  /** Empty where the record as a whole is meant. */
  readonly field: string
  readonly message: string
}

export interface Comparison {
  /** The pair with what is settled now; its `dirty` says whether anything is left to do. */
  readonly pair: Pair
  readonly moves: readonly Omit<Move, 'seq'>[]
  readonly conflicts: readonly ConflictDraft[]
  readonly problems: readonly Problem[]
  /** Neither side has the lead any more. */
  readonly forget: boolean
}

export function cellMove(
  view: FieldView,
  decision: { readonly value: Plain; readonly lost: boolean; readonly reason: string },
  to: 'local' | 'remote',
  afterRaw: JsonValue = decision.value,
): CellMove {
  const before = markOf(view[to])
  return {
    fieldId: view.mapped.remote.id,
    before,
    beforeRaw: jsonOf(before),
    after: decision.value,
    afterRaw,
    lost: decision.lost,
    reason: decision.reason,
  }
}

export function addPush(
  push: Record<string, CellMove>,
  view: FieldView,
  decision: Extract<FieldDecision, { is: 'push' | 'pull' }>,
  pair: Pair,
  problems: Problem[],
): void {
  const { field, remote } = view.mapped
  const written = writeRemote(field, remote, decision.value)
  if (written.is === 'unknown-choice') {
    const message = `${JSON.stringify(written.choice)} is no choice of ${remote.name} in Airtable; there are ${written.closest.join(', ')}`
    problems.push({ code: 'unknown-choice', key: pair.key, field: field.name, message })
    return
  }
  push[field.name] = {
    ...cellMove(view, decision, 'remote', written.cell),
    beforeRaw: pair.cells?.[remote.id] ?? null,
  }
}

export function moveOf(
  pair: Pair,
  verb: MoveVerb,
  cells: Readonly<Record<string, CellMove>>,
  writesKey: boolean,
  { mapping }: CompareContext,
): readonly Omit<Move, 'seq'>[] {
  if (Object.keys(cells).length === 0 && !writesKey) return []
  const written = Object.fromEntries(Object.values(cells).map(({ fieldId, afterRaw }) => [fieldId, afterRaw]))
  const isRemote = verb === 'update-remote' || verb === 'create-remote'
  return [
    {
      key: pair.key,
      rec: pair.rec,
      verb,
      content: {
        cells: { ...cells },
        writesKey,
        whole: null,
        typecast: isRemote && needsTypecast(mapping, written),
        erases: false,
      },
    },
  ]
}

/** Leaves out what a side has refused before, and says how the pair stands. */
export function finish(
  pair: Pair,
  moves: readonly Omit<Move, 'seq'>[],
  conflicts: readonly ConflictDraft[],
  problems: readonly Problem[],
): Comparison {
  const { refusal } = pair
  const wanted = moves.filter(
    (move) => refusal === null || sideOf(move.verb) !== refusal.side || refusal.fingerprint !== contentMark(move),
  )
  const refused = wanted.length < moves.length && refusal !== null
  const all: readonly Problem[] = refused
    ? [...problems, { code: 'refused', key: pair.key, field: '', message: refusal.reason }]
    : problems
  const isBlocked = all.some(({ code }) => code !== 'incomplete')
  const status: PairStatus =
    conflicts.length > 0 ? 'conflict' : isBlocked ? 'blocked' : wanted.length > 0 ? 'pending' : 'synced'
  return {
    pair: {
      ...pair,
      status,
      detail: all[0]?.message ?? null,
      dirty: wanted.length > 0 || conflicts.length > 0 || all.length > 0,
      // Another content than the refused one: the refusal is past.
      refusal: refused ? refusal : wanted.length > 0 ? null : refusal,
    },
    moves: wanted,
    conflicts,
    problems: all,
    forget: false,
  }
}

export function sideOf(verb: MoveVerb): 'local' | 'remote' {
  return verb.endsWith('-remote') ? 'remote' : 'local'
}

/** Fingerprint of what a move writes, regardless of what it overwrites. */
export function contentMark(move: Pick<Move, 'verb' | 'content'>): string {
  const cells = Object.fromEntries(Object.entries(move.content.cells).map(([field, { afterRaw }]) => [field, afterRaw]))
  return hashOf({ verb: move.verb, cells })
}

export function resting(pair: Pair, status: PairStatus, detail: string): Comparison {
  return {
    pair: { ...pair, status, detail, dirty: false },
    moves: [],
    conflicts: [],
    problems: [],
    forget: false,
  }
}

export function unfitProblem(pair: Pair, view: FieldView, decision: Extract<FieldDecision, { is: 'unfit' }>): Problem {
  const { field, remote } = view.mapped
  const where = decision.side === 'local' ? `${field.name} here` : `${remote.name} in Airtable`
  return {
    code: decision.side === 'local' ? 'unfit-local' : 'unfit-remote',
    key: pair.key,
    field: field.name,
    message: `${where} ${decision.reason}`,
  }
}

export function jsonOf(mark: Mark): JsonValue {
  return mark !== null && typeof mark === 'object' ? { unfit: mark.unfit } : mark
}
